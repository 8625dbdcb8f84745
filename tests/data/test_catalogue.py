from __future__ import annotations

import pickle

import numpy as np
import pytest

from seedbed.data import writer
from seedbed.data.catalogue import open_component
from seedbed.data.recipes import Component, Files, Grammar
from seedbed.errors import StoreError

TEXTS = [f"number {i}" for i in range(500)]


@pytest.fixture
def stored(build, jsonl, monkeypatch):
    """A component in many row groups and files: what is read one way must be what is read the other."""
    monkeypatch.setattr(writer, "GROUP_ROWS", 37)
    monkeypatch.setattr(writer, "FILE_BYTES", 1_000)
    return build(Component("c", Files(jsonl("a.jsonl", TEXTS)), language="en"))[0]


def test_ways_to_read_texts_agree(stored):
    texts = list(stored.iter_texts())
    assert sorted(texts) == sorted(TEXTS)
    assert stored.texts([3, 499, 3, 0]) == [texts[3], texts[499], texts[3], texts[0]]
    for start, stop in (
        (0, 1),
        (36, 38),
        (37, 37),
        (40, 41),
        (490, None),
        (490, 9_999),
        (0, 500),
        (499, 500),
        (500, 500),
    ):
        assert list(stored.iter_texts(start, stop)) == texts[start:stop]


def test_columns_and_table_agree(stored):
    table = stored.table()
    assert table["id"].to_pylist() == stored.id.tolist()
    assert table["priority"].to_pylist() == stored.priority.tolist()
    assert table["bytes"].to_pylist() == stored.bytes.tolist()
    assert (stored.id.dtype, stored.priority.dtype, stored.bytes.dtype) == (np.uint64, np.uint64, np.int64)
    assert {*table["source"].to_pylist()} == {"c"}
    assert {*table["language"].to_pylist()} == {"en"}


def test_file_and_row_say_where_a_text_lies(stored):
    import pyarrow.parquet as pq

    files = {}
    for row in (0, 100, 499):
        known = stored.labels([row])[0]
        name = f"documents-{known['file']:05d}.parquet"
        files.setdefault(name, pq.read_table(stored.folder / name)["text"].to_pylist())
        assert files[name][known["row"]] == stored.texts([row])[0]
    assert len(files) > 1


def test_gold_syntax_by_row(build):
    grammar, _ = build(Component("g", Grammar("english", documents=50)))
    syntax = grammar.syntax(10, 20)
    assert len(syntax) == 10
    for text, row in zip(grammar.iter_texts(10, 20), syntax.to_pylist(), strict=True):
        assert len(text.split()) == len(row["heads"]) == len(row["relations"])


def test_rows_of_nothing(stored):
    assert (stored.texts([]), stored.labels([]), len(stored.syntax(500, 500)), len(stored.syntax(3, 3))) == (
        [],
        [],
        0,
        0,
    )


def test_labels_in_the_order_asked(stored):
    rows = [499, 3, 3, 40]
    assert [label["id"] for label in stored.labels(rows)] == stored.id[rows].tolist()


def test_another_process_opens_it_anew(stored):
    stored.texts([1])
    there = pickle.loads(pickle.dumps(stored))
    assert there == stored
    assert there.texts([1]) == stored.texts([1])


def test_documents_without_syntax_have_none(stored):
    assert stored.syntax(0, 40)["heads"].null_count == 40


def test_what_is_no_component_is_refused(tmp_path, stored):
    with pytest.raises(StoreError, match="holds no whole component"):
        open_component(tmp_path / "nowhere")
    whole = (stored.folder / "catalogue.parquet").read_bytes()
    (tmp_path / "catalogue.parquet").write_bytes(whole[:-200])
    with pytest.raises(StoreError, match="build it again"):
        open_component(tmp_path)
