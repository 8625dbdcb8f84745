import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.training.slices import Labels, bucket_labels, commonest, joined_labels, slices_of


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 3), st.integers(0, 1)), min_size=1, max_size=30))
def test_cells_are_the_combinations_that_occur_and_every_way_sums_to_all(rows):
    columns = np.array(rows).T
    ways = {
        "": Labels(("x", "y", "z"), columns[0]),
        "kind/": Labels(("a", "b", "c", "d"), columns[1]),
        "half/": Labels(("first", "second"), columns[2]),
    }
    slices = slices_of(ways)
    assert slices.cells == len(set(rows))
    counts = np.bincount(slices.cell, minlength=slices.cells)
    sums = dict(zip(slices.names, slices.sums(counts).tolist(), strict=True))
    for prefix, labels in ways.items():
        mine = [name for name in sums if (name.startswith(prefix) if prefix else "/" not in name)]
        assert sum(sums[name] for name in mine) == len(rows)
        for number, name in enumerate(labels.names):
            assert sums[f"{prefix}{name}"] == int((labels.of_document == number).sum())
    assert sums.get("kind/none", 0) == int((columns[1] < 0).sum())


def test_buckets_are_named_by_their_place():
    labels = bucket_labels(np.array([5.0, 1.0, np.nan, 9.0]))
    assert [labels.names[number] for number in labels.of_document] == ["3-of-5", "1-of-5", "unscored", "5-of-5"]


def test_labels_of_parts_are_joined_by_name():
    one = Labels(("a", "b"), np.array([1, 0, -1]))
    two = Labels(("b", "c"), np.array([0, 1]))
    joined = joined_labels([(one, 3), (None, 1), (two, 2)])
    assert joined.names == ("a", "b", "c")
    assert joined.of_document.tolist() == [1, 0, -1, -1, 1, 2]


def test_an_order_of_magnitude_of_ways_does_not_run_out_of_numbers():
    generator = np.random.default_rng(0)
    names = tuple(str(number) for number in range(1000))
    ways = {f"{way}/": Labels(names, generator.integers(0, 1000, 50)) for way in range(12)}  # 1000 ** 12 > 2 ** 64
    assert slices_of(ways).cells == pytest.approx(50, abs=1)


def test_rare_labels_are_called_others_where_there_are_too_many():
    labels = Labels(("a", "b", "c", "d"), np.array([3, 3, 0, 1, 1, -1, 2]))
    found = commonest(labels, 3)
    assert [found.names[number] if number >= 0 else None for number in found.of_document] == [
        "d", "d", "others", "b", "b", None, "others",
    ]  # fmt: skip
    assert commonest(labels, 4) is labels
