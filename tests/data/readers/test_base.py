from __future__ import annotations

import bz2
import gzip
import lzma
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.readers.base import DamageError, cut, decoded, near_column, numbered_lines
from seedbed.data.readers.text import TextReader
from seedbed.errors import SourceError

WHOLE = "".join(f"line {i}: grüße\n" for i in range(5_000)).encode()


@given(st.lists(st.text(max_size=80).map(lambda text: text.encode()), max_size=30), st.integers(4, 60))
def test_cutting_loses_nothing_and_keeps_the_limit(lines, limit):
    parts = list(cut(lines, limit))
    assert b"".join(parts) == b"".join(lines)
    assert all(0 < len(part) <= limit for part in parts)
    for part in parts:
        part.decode("utf-8")


def test_lines_stay_whole_where_they_fit():
    assert list(cut([b"aaaa\n", b"bbbb\n", b"cccc\n"], 10)) == [b"aaaa\nbbbb\n", b"cccc\n"]
    assert list(cut([b"a\n", b"bbbbbbbbbbbb\n", b"c\n"], 10)) == [b"a\n", b"bbbbbbbbbb", b"bb\nc\n"]


def packed(path: Path) -> Path:
    match path.suffix:
        case ".gz":
            path.write_bytes(gzip.compress(WHOLE))
        case ".bz2":
            path.write_bytes(bz2.compress(WHOLE))
        case ".xz":
            path.write_bytes(lzma.compress(WHOLE))
        case ".zst":
            with pa.CompressedOutputStream(str(path), "zstd") as file:
                file.write(WHOLE)
        case _:
            path.write_bytes(WHOLE)
    return path


@pytest.mark.parametrize("suffix", ["txt", "gz", "bz2", "xz", "zst"])
def test_compressed_files_are_read_through(tmp_path, suffix):
    lines = list(numbered_lines(packed(tmp_path / f"a.{suffix}")))
    assert b"".join(line for _, _, line in lines) == WHOLE
    assert lines[1] == (2, len("line 0: grüße\n".encode()), "line 1: grüße\n".encode())


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
def test_a_truncated_file_is_named(tmp_path, suffix):
    path = packed(tmp_path / f"a.{suffix}")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DamageError, match=rf"^a\.{suffix} is a (truncated|damaged)"):
        list(numbered_lines(path))


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
def test_what_is_not_compressed_at_all_is_named(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(WHOLE)
    with pytest.raises(DamageError, match=rf"^a\.{suffix} (is a|cannot be read)"):
        list(numbered_lines(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"a\.txt is not there"):
        list(numbered_lines(tmp_path / "a.txt"))


def test_a_byte_order_mark_is_no_text(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\ntwo\n")
    assert list(numbered_lines(tmp_path / "a.txt")) == [(1, 3, b"one\n"), (2, 7, b"two\n")]


def test_a_wrong_byte_is_named_with_its_offset(tmp_path):
    with pytest.raises(DamageError, match="a is not UTF-8: byte 0xff at offset 1,003"):
        decoded(Path("a"), b"abc\xff", 1_000)


def test_columns_near_and_far():
    assert near_column("txet", ["text", "id"]) == "did you mean 'text'?"
    assert near_column("zzz", ["text", "id"]) == "it has 'id', 'text'"


def test_tasks_share_the_files_among_them(tmp_path):
    for i in range(7):
        (tmp_path / f"{i}.txt").write_text(f"text {i}")
    reader = TextReader([str(tmp_path / f"{i}.txt") for i in range(7)])
    shared = [[document.text for document in reader.run(None, rank, 3)] for rank in range(3)]
    assert sorted(chain(*shared)) == [f"text {i}" for i in range(7)]
    assert [len(texts) for texts in shared] == [3, 2, 2]


def test_documents_of_steps_before_are_passed_on(tmp_path):
    (tmp_path / "a.txt").write_text("second")
    before = TextReader([str(tmp_path / "b.txt")])
    (tmp_path / "b.txt").write_text("first")
    after = TextReader([str(tmp_path / "a.txt")])
    assert [document.text for document in after.run(before.run())] == ["first", "second"]
