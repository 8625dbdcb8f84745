import numpy as np
import pytest

from seedbed.data.orders import easy_first, shuffled
from seedbed.errors import SourceError
from seedbed.training.batches import TrainingData
from seedbed.training.columns import difficulty_columns, document_columns, priorities
from seedbed.training.recipes import Model, Training
from seedbed.training.slices import Labels

from .conftest import InOrder


def recipe():
    return Training(Model(1, 8, 2, context=4), steps=10, batch_size=2, learning_rate=0.1)


in_order = InOrder()


def test_losses_are_cut_by_source_bucket_and_label(make_part):
    labels = {"construction": Labels(("rc", "plain"), np.array([0, 1, -1]))}
    one = make_part([[1], [2], [3]], source="one", labels=labels, difficulty={"words": np.array([1.0, 2.0, 2.0])})
    two = make_part([[4]], source="two")
    slices = TrainingData([one, two], in_order, recipe(), 0).slices
    assert slices.names == (
        "one", "two",
        *(f"difficulty/words/{number}-of-5" for number in range(1, 6)), "difficulty/words/unscored",
        "construction/rc", "construction/plain", "construction/none",
    )  # fmt: skip
    of_documents = [{slices.names[way[cell]] for way in slices.slice_of_cell} for cell in slices.cell]
    assert of_documents == [
        {"one", "difficulty/words/1-of-5", "construction/rc"},
        {"one", "difficulty/words/4-of-5", "construction/plain"},
        {"one", "difficulty/words/4-of-5", "construction/none"},
        {"two", "difficulty/words/unscored", "construction/none"},
    ]
    assert slices.cells == 4


def test_columns_follow_the_rows_of_every_part(make_part):
    priority = np.array([5, 6, 7], dtype=np.uint64)
    one = make_part([[1], [2, 2], [3]], rows=[2, 1, 1], priority=priority, difficulty={"words": np.array([1.0, 2, 3])})
    two = make_part([[4, 4]], source="two", difficulty={"mtld": np.array([9.0])})
    begin, length, sizes = document_columns([one, two])
    assert begin.tolist() == [5, 2, 2, 0]
    assert length.tolist() == [2, 3, 3, 3]
    assert sizes.tolist() == [3, 6, 6, 6]
    assert priorities([one, two]).tolist() == [7, 6, 6, 0]
    columns = difficulty_columns([one, two], shuffled())
    assert columns["words"].tolist() == pytest.approx([3.0, 2.0, 2.0, np.nan], nan_ok=True)
    assert columns["mtld"].tolist() == pytest.approx([np.nan] * 3 + [9.0], nan_ok=True)
    with pytest.raises(SourceError, match="easy-first-bytes needs bytes"):
        difficulty_columns([one, two], easy_first("bytes"))


def test_labels_that_say_nothing_cut_nothing(make_part):
    labels = {"construction": Labels(("same",), np.array([0, 0]))}
    slices = TrainingData([make_part([[1], [2]], labels=labels)], in_order, recipe(), 0).slices
    assert slices.names == ("one",)
