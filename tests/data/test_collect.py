from __future__ import annotations

import pickle

import numpy as np
import pytest
from datatrove.data import Document
from loguru import logger

from seedbed.data.collect import Collector, labels_json, task_file
from seedbed.data.readers.base import SKIPPED
from seedbed.data.spill import RANGES, Spill
from seedbed.errors import SourceError, UnknownNameError


@pytest.fixture
def collect(tmp_path):
    def run(documents):
        collector = Collector("c", str(tmp_path))
        try:
            collector.run(documents, 0, 1)
        finally:
            logger.enable("datatrove")
        return collector, Spill([task_file(tmp_path, 0)]).table(range(RANGES)).to_pylist()

    return run


def test_documents_land_in_the_spill(collect):
    collector, rows = collect([Document("two words", "1", metadata={"b": 1, "a": [2]}), Document("", "2")])
    assert [(row["text"], row["words"], row["labels"]) for row in rows] == [(b"two words", 2, b'{"a":[2],"b":1}')]
    assert collector.stats.stats[SKIPPED + "empty"].total == 1


def test_labels_know_no_order_and_no_place():
    assert labels_json({"b": 1, "a": (2, 3), "file_path": "/x/y"}) == b'{"a":[2,3],"b":1}'
    assert labels_json({"n": np.int64(3)}) == b'{"n":3}'


@pytest.mark.parametrize("value", [object(), {1: 2}, 2**70])
def test_labels_without_json_form_are_refused(value):
    with pytest.raises(SourceError, match=r"has no JSON form .*make it numbers, strings or lists"):
        labels_json({"x": value})


def test_a_lone_surrogate_is_refused(collect):
    with pytest.raises(SourceError, match="document 7 holds a lone surrogate at character 2"):
        collect([Document("ab\ud800", "7")])


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("two\nlines"), "component 'c': ValueError: two lines"),
        (UnknownNameError("grammar", "x", ["y"]), "component 'c': UnknownNameError: no grammar is called 'x'"),
        (FileNotFoundError("gone"), "component 'c': FileNotFoundError: gone"),
        (SourceError("as it is"), "^as it is$"),
    ],
)
def test_errors_of_steps_become_one_line_that_survives_a_pickle(collect, error, message):
    def documents():
        yield Document("one", "1")
        raise error

    with pytest.raises(SourceError, match=message) as caught:
        collect(documents())
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_full_disk_and_a_keypress_pass_as_they_are(collect):
    for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):

        def documents(error=error):
            yield Document("one", "1")
            raise error

        with pytest.raises(type(error)) as caught:
            collect(documents())
        assert caught.value is error
