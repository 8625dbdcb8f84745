from __future__ import annotations

from itertools import pairwise

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data import writer
from seedbed.data.catalogue import open_component
from seedbed.data.spill import TABLE_SCHEMA
from seedbed.data.writer import ComponentWriter, expand_labels, heldout_documents


def table(texts: list[str], first: int = 0) -> pa.Table:
    return pa.table(
        [
            pa.array(range(first, first + len(texts)), pa.uint64()),
            pa.array(range(first, first + len(texts)), pa.uint64()),
            pa.array([len(text.split()) for text in texts], pa.int32()),
            pa.array([text.encode() for text in texts], pa.large_binary()),
            pa.array([b"{}"] * len(texts), pa.large_binary()).dictionary_encode(),
        ],
        schema=TABLE_SCHEMA,
    )


@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=60), cuts=st.lists(st.integers(0, 60), max_size=5))
def test_how_rows_come_changes_no_byte(tmp_path_factory, sizes, cuts):
    texts = ["x" * size for size in sizes]
    files = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "GROUP_BYTES", 50)
        patch.setattr(writer, "GROUP_ROWS", 7)
        patch.setattr(writer, "FILE_BYTES", 200)
        for edges in ([0, len(texts)], [0, *sorted(min(cut, len(texts)) for cut in cuts), len(texts)]):
            out = tmp_path_factory.mktemp("out")
            made = ComponentWriter(out, "c", "en")
            for start, stop in pairwise(edges):
                made.add(table(texts[start:stop], start))
            receipt = made.close(0.1, 0, {})
            files.append({path.name: path.read_bytes() for path in out.iterdir()})
            assert list(open_component(out).iter_texts()) == texts
            assert receipt.total_bytes == sum(sizes)
    assert files[0] == files[1]


def test_row_groups_and_files_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "GROUP_BYTES", 100)
    monkeypatch.setattr(writer, "GROUP_ROWS", 8)
    monkeypatch.setattr(writer, "FILE_BYTES", 300)
    made = ComponentWriter(tmp_path, "c", "en")
    made.add(table(["x" * 30] * 40 + ["y"] * 20))
    made.close(0, 0, {})
    files = [pq.ParquetFile(path) for path in sorted(tmp_path.glob("documents-*.parquet"))]
    groups = [file.metadata.row_group(i).num_rows for file in files for i in range(file.metadata.num_row_groups)]
    assert groups == [4] * 10 + [8, 8, 4]
    assert [file.metadata.num_rows for file in files] == [12, 12, 12, 24]


def test_labels_become_columns_and_the_rest_is_kept():
    labels = [
        {"task": "copy", "embedding_depth": 1, "heads": [1, -1], "relations": ["det", "root"], "url": "u"},
        {"lang": "de", "task": 7, "heads": [1, "x"]},
        {"language": "fr", "lang": "de", "source": "book"},
        {},
    ]
    encoded = pa.chunked_array(
        [pa.array([orjson.dumps(each) for each in labels], pa.large_binary()).dictionary_encode()]
    )
    columns, rest = expand_labels(encoded, "c", "und")
    assert columns["language"].to_pylist() == ["und", "de", "fr", "und"]
    assert columns["source"].to_pylist() == ["c", "c", "book", "c"]
    assert columns["task"].to_pylist() == ["copy", None, None, None]
    assert columns["embedding_depth"].to_pylist() == [1, None, None, None]
    assert rest["heads"].to_pylist() == [[1, -1], None, None, None]
    assert rest["relations"].to_pylist() == [["det", "root"], None, None, None]
    kept = [orjson.loads(each) if each else None for each in rest["metadata"].to_pylist()]
    assert kept == [{"url": "u"}, {"heads": [1, "x"], "task": 7}, {"lang": "de"}, None]


@pytest.mark.parametrize(
    ("documents", "share", "held"),
    [(1_000, 0.02, 20), (1_000, 0, 0), (60, 0.001, 1), (49, 0.02, 0), (49, 0.1, 4), (0, 0.5, 0)],
)
def test_how_many_are_held_out(documents, share, held):
    assert heldout_documents(documents, share) == held


def test_a_build_that_was_abandoned_is_no_component(tmp_path):
    from seedbed.errors import StoreError

    made = ComponentWriter(tmp_path, "c", "en")
    made.add(table(["x" * 100] * 5))
    made.abandon()
    with pytest.raises(StoreError):
        open_component(tmp_path)
