from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data import spill
from seedbed.data.spill import RANGES, Spill, SpillWriter, key_of, nth_key, occurrences, order_of, runs


def rows(table):
    return [(row["text"], row["words"], row["labels"]) for row in table.to_pylist()]


@pytest.mark.parametrize(("piece", "known"), [(2**16, 8_192), (10, 8_192), (10, 3), (1, 0)])
def test_what_goes_in_comes_out_by_range(tmp_path, monkeypatch, piece, known):
    monkeypatch.setattr(spill, "PIECE_DOCUMENTS", piece)
    monkeypatch.setattr(spill, "KNOWN_LABELS", known)
    given_ = [(f"text {i % 40}".encode(), i, f'{{"n":{i % 6}}}'.encode()) for i in range(200)]
    for task in range(2):
        with SpillWriter(tmp_path / f"task-{task}.arrow") as writer:
            for text, words, labels in given_[task::2]:
                writer.add(text, words, labels)
    there = Spill(tmp_path.glob("*.json"))
    assert sorted(rows(there.table(range(RANGES)))) == sorted(given_)
    for number in range(RANGES):
        wanted = sorted(row for row in given_ if key_of(row[0])[0] >> 56 == number)
        assert sorted(rows(there.table([number]))) == wanted
        assert (there.total_bytes(number) > 0) == bool(wanted)
        assert there.has_equal_keys([number]) == bool(wanted)


def test_nothing_goes_through_too(tmp_path):
    with SpillWriter(tmp_path / "task-0.arrow"):
        pass
    there = Spill(tmp_path.glob("*.json"))
    assert len(there.table(range(RANGES))) == 0
    assert not there.has_equal_keys(range(RANGES))


def test_documents_with_keys_of_their_own(tmp_path):
    with SpillWriter(tmp_path / "task-0.arrow") as writer:
        for i in range(50):
            writer.add(b"text", i, b"{}")
    table = Spill(tmp_path.glob("task-*.json")).table(range(RANGES))
    keys = np.arange(50, dtype=np.uint64) << np.uint64(58)
    moved = table.set_column(0, "priority", pa.array(keys))
    with SpillWriter(tmp_path / "further.arrow") as writer:
        writer.add_table(moved)
    there = Spill(tmp_path.glob("further.json"))
    assert rows(there.table(range(RANGES))) == [row for _, row in sorted(zip(keys.tolist(), rows(moved), strict=True))]
    assert len(there.table([0])) == sum(int(key) >> 56 == 0 for key in keys)


def test_known_keys():
    """A change here changes every document's id: raise CATALOGUE_VERSION with it."""
    assert key_of(b"the newt does sleep .") == (985329107373719973, 16735789142794323540)


@given(st.integers(0, 2**64 - 1))
def test_further_occurrences_have_keys_of_their_own(key):
    first = np.full(20, key, dtype=np.uint64)
    keys = nth_key(first, np.arange(20))
    assert keys[0] == key
    assert len(set(keys.tolist())) == 20


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=20), st.randoms(use_true_random=False)
)
def test_the_order_of_rows_depends_on_text_and_labels_alone(documents, random):
    def table(of):
        keys = [key_of(text.encode()) for text, _ in of]
        labels = pa.array([label.encode() for _, label in of], pa.large_binary()).dictionary_encode()
        return pa.table(
            {
                "priority": pa.array([key for key, _ in keys], pa.uint64()),
                "id": pa.array([key for _, key in keys], pa.uint64()),
                "text": [text for text, _ in of],
                "labels": labels,
            }
        )

    shuffled = list(documents)
    random.shuffle(shuffled)
    tables = [table(of) for of in (documents, shuffled)]
    ordered = [each.take(pa.array(order_of(each), pa.int64())) for each in tables]
    assert ordered[0].to_pylist() == ordered[1].to_pylist()
    numbers = occurrences(ordered[0]).tolist()
    texts = ordered[0]["text"].to_pylist()
    assert numbers == [texts[:i].count(text) for i, text in enumerate(texts)]


def test_runs_of_numbers():
    assert list(runs(np.array([1, 2, 3, 7, 9, 10]))) == [(1, 4), (7, 8), (9, 11)]
    assert list(runs(np.array([], dtype=np.int64))) == []
