from __future__ import annotations

from seedbed.data.readers.base import SKIPPED
from seedbed.data.readers.code import CodeReader


def test_binary_files_are_left_out_and_counted_and_suffixes_noted(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.py").write_bytes(b"\x00\x01\x02")
    (tmp_path / "C.RS").write_text("fn main() {}\n")
    reader = CodeReader([str(tmp_path / name) for name in ("a.py", "b.py", "C.RS")])
    assert [(d.text, d.metadata) for d in reader.run()] == [
        ("x = 1\n", {"suffix": ".py"}),
        ("fn main() {}\n", {"suffix": ".rs"}),
    ]
    assert reader.stats.stats[SKIPPED + "binary"].total == 1
