from __future__ import annotations

import gzip

import pytest

from seedbed.data.readers.base import SKIPPED
from seedbed.data.readers.text import StdlibReader, TextReader
from seedbed.errors import SourceError


@pytest.fixture
def read(tmp_path):
    def texts(*contents: bytes, **how):
        names = []
        for i, content in enumerate(contents):
            path = tmp_path / f"{i}.txt"
            path.write_bytes(content)
            names.append(str(path))
        reader = TextReader(names, **how)
        found = [document.text for document in reader.run()]
        return found, {label: int(metric.total) for label, metric in reader.stats.stats.items()}

    return texts


def test_a_file_is_a_document_byte_for_byte(read):
    assert read("grüße\r\nund mehr\n\n".encode(), b"two")[0] == ["grüße\r\nund mehr\n\n", "two"]


def test_a_long_file_is_cut_at_line_borders(read):
    lines = [f"line number {i}\n" for i in range(100)]
    found, _ = read("".join(lines).encode(), document_bytes=100)
    assert "".join(found) == "".join(lines)
    assert all(len(text) <= 100 and text.endswith("\n") for text in found)


def test_a_file_that_is_not_utf8_is_named_with_the_offset(read):
    with pytest.raises(SourceError, match=r'^0\.txt is not UTF-8: byte 0xe4 at offset 11; .*errors="skip"'):
        read(b"first line\n\xe4\n")


@pytest.mark.parametrize("document_bytes", [None, 64])
def test_a_file_that_is_not_utf8_is_left_out_whole_and_counted(read, document_bytes):
    found, counts = read(b"good one\n" * 100 + b"\xff", b"other\n", errors="skip", document_bytes=document_bytes)
    assert found == ["other\n"]
    assert counts[SKIPPED + "not UTF-8"] == 1


def test_a_truncated_gzip_is_refused_or_left_out(tmp_path):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"some text\n" * 10_000)[:-20])
    with pytest.raises(SourceError, match=r"a\.txt\.gz is a truncated \.gz file"):
        list(TextReader([str(path)]).run())
    reader = TextReader([str(path)], errors="skip")
    assert list(reader.run()) == []
    assert reader.stats.stats[SKIPPED + "truncated"].total == 1


def test_blank_texts_are_left_out_and_counted(read):
    found, counts = read(b" \n\n", b"", b"text")
    assert found == ["text"]
    assert counts[SKIPPED + "blank"] == 2


def test_the_standard_library_is_cut_too():
    documents = StdlibReader(500).run(None, 0, 50)
    assert all(0 < len(document.text.encode()) <= 500 for document in documents)
