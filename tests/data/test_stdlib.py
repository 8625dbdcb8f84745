from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from seedbed.data.recipes import Component, PythonStdlib
from seedbed.data.stdlib import stdlib_files
from seedbed.errors import SourceError


def test_the_library_without_its_tests():
    names = {path.name for path in stdlib_files()}
    assert {"argparse.py", "tokenize.py", "textwrap.py"} <= names
    parts = {part for path in stdlib_files() for part in path.parts}
    assert not parts & {"site-packages", "test", "idlelib", "__pycache__"}
    assert not any(name.startswith("_sysconfigdata") for name in names)


def test_a_python_without_sources_is_refused(tmp_path: Path):
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "test_x.py").write_text("x = 1\n")
    with pytest.raises(SourceError, match="without the source of its standard library"):
        stdlib_files(tmp_path)


def test_documents_are_pieces_of_real_files(build, workbench):
    stored, receipt = build(Component("code", PythonStdlib(document_bytes=1_000), distinct=True))
    assert receipt.total_bytes > 1_000_000
    assert stored.bytes.max() <= 1_000
    source = Path(textwrap.__file__).read_text()
    found = [text for text in stored.iter_texts() if text in source and len(text) > 500]
    assert len(found) > 10
