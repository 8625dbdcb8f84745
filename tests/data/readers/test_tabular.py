from __future__ import annotations

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seedbed.data.readers.base import SKIPPED
from seedbed.data.readers.tabular import JsonlReader, ParquetReader
from seedbed.errors import SourceError


def documents(reader):
    found = list(reader.run())
    return found, {
        label.removeprefix(SKIPPED): int(metric.total)
        for label, metric in reader.stats.stats.items()
        if label.startswith(SKIPPED)
    }


@pytest.fixture
def lines(tmp_path):
    def reader(content: bytes, **how):
        (tmp_path / "a.jsonl").write_bytes(content)
        return JsonlReader([str(tmp_path / "a.jsonl")], **how)

    return reader


@pytest.fixture
def rows(tmp_path):
    def reader(columns, **how):
        pq.write_table(pa.table(columns), tmp_path / "a.parquet", row_group_size=2)
        return ParquetReader([str(tmp_path / "a.parquet")], **how)

    return reader


def test_lines_with_their_other_columns(lines):
    found, _ = documents(lines(b'{"text": "one", "lang": "de", "metadata": {"year": 1900}}\n\n{"text": "two"}'))
    assert [(document.text, document.metadata) for document in found] == [
        ("one", {"lang": "de", "year": 1900}),
        ("two", {}),
    ]


@pytest.mark.parametrize(
    ("content", "message", "kind"),
    [
        (b'{"text": "one"}\n{"text": "tw\n', r"a\.jsonl, line 2: malformed JSON", "malformed JSON"),
        (b'{"text": "one"}\n["two"]\n', r"a\.jsonl, line 2: no JSON object", "malformed JSON"),
        (b'{"text": "one"}\n{"text": "\xff"}\n', r"a\.jsonl is not UTF-8: byte 0xff at offset 26", "not UTF-8"),
        (b'{"text": "one"}\n{"txt": "two"}\n', r"line 2 has no column 'text'; did you mean 'txt'\?", "no text column"),
        (b'{"text": "one"}\n{"text": 2}\n', r"line 2: column 'text' holds a int, no text", "no text"),
    ],
)
def test_a_damaged_line_is_named_or_left_out_alone(lines, content, message, kind):
    with pytest.raises(SourceError, match=message):
        documents(lines(content))
    found, counts = documents(lines(content + b'{"text": "three"}\n', errors="skip"))
    assert [document.text for document in found] == ["one", "three"]
    assert counts == {kind: 1}


def test_a_truncated_gzip_is_named(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(b'{"text": "number %d"}\n' % i for i in range(9_999)))[:-30])
    with pytest.raises(SourceError, match=r"a\.jsonl\.gz is a truncated \.gz file"):
        documents(JsonlReader([str(path)]))
    found, counts = documents(JsonlReader([str(path)], errors="skip"))
    assert 0 < len(found) < 9_999
    assert counts == {"truncated": 1}


def test_empty_texts_are_counted(lines):
    found, counts = documents(lines(b'{"text": ""}\n{"text": null}\n{"text": "x"}\n'))
    assert [document.text for document in found] == ["x"]
    assert counts == {"empty": 2}


@pytest.mark.parametrize(("wanted", "texts"), [("de", ["eins"]), (("de", "fr"), ["eins", "un"])])
def test_records_by_what_a_column_holds(lines, wanted, texts):
    content = b'{"text": "eins", "lang": "de"}\n{"text": "one", "lang": "en"}\n{"text": "un", "lang": "fr"}\n'
    assert [document.text for document in documents(lines(content, where={"lang": wanted}))[0]] == texts
    with pytest.raises(SourceError, match=r"a\.jsonl has no column 'lan' for where=; did you mean 'lang'\?"):
        documents(lines(content, where={"lan": "de"}))


def test_long_texts_are_cut(lines):
    found, _ = documents(lines(b'{"text": "%s", "id": 7}\n' % (rb"a line\n" * 30), document_bytes=70))
    assert [document.text for document in found] == ["a line\n" * 10] * 3
    assert all(document.metadata == {"id": 7} for document in found)


def test_rows_of_parquet(rows):
    found, _ = documents(rows({"text": ["a", "b", "c"], "n": [1, 2, 3]}))
    assert [(document.text, document.metadata) for document in found] == [
        ("a", {"n": 1}),
        ("b", {"n": 2}),
        ("c", {"n": 3}),
    ]


def test_damaged_parquet_is_named(rows, tmp_path):
    with pytest.raises(SourceError, match=r"a\.parquet, row 1 has no column 'text'; did you mean 'txt'"):
        documents(rows({"txt": ["a"]}))
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing of the kind")
    with pytest.raises(SourceError, match=r"a\.parquet is no whole Parquet file"):
        documents(ParquetReader([str(tmp_path / "a.parquet")]))
    with pytest.raises(SourceError, match=r"b\.parquet is not there"):
        documents(ParquetReader([str(tmp_path / "b.parquet")], errors="skip"))


def test_bytes_overwritten_inside_parquet_are_named(tmp_path):
    path = tmp_path / "a.parquet"
    texts = [f"some text that does not compress so well {i * 7919 % 10007}" for i in range(5_000)]
    pq.write_table(pa.table({"text": texts}), path, compression="zstd", use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[200:4_000] = b"\x00" * 3_800
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.parquet is a damaged Parquet file"):
        documents(ParquetReader([str(path)]))
