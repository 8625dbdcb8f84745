from __future__ import annotations

import copy

import pytest
from datatrove.data import Document

from seedbed.data.transforms.base import RECORD, draw_key
from seedbed.data.transforms.dashes import DashStyler
from seedbed.data.transforms.digits import DigitGrouper
from seedbed.data.transforms.letters import LetterCaser, LetterSubstituter
from seedbed.data.transforms.words import WordOrderer
from seedbed.errors import RecipeError

DOCUMENT = Document(
    text="Il 3 maggio -- 1234567 anni fa",
    id="7",
    metadata={"heads": [2, 2, -1, 2, 5, 2, 5], "relations": list("abcdefg"), "answer_start": 15, "answer_end": 22},
)
BLOCKS = [
    DashStyler("spaced en dash", keep=True),
    DigitGrouper("single"),
    LetterCaser("upper", keep=True),
    LetterSubstituter(("abcdefghijklmnopqrstuvwxyz",), key=1),
    WordOrderer("reversed"),
    WordOrderer("shuffled", keep=True),
]


def test_blocks_one_after_another_are_undone_in_the_opposite_order():
    before = copy.deepcopy(DOCUMENT)
    document = DOCUMENT
    for block in BLOCKS:
        document = block.transformed(document)
    assert [entry["name"] for entry in document.metadata[RECORD]] == [block.name for block in BLOCKS]
    assert before == DOCUMENT  # a transform gives a new document
    assert len(document.metadata["heads"]) == 7
    with pytest.raises(RecipeError, match="document 7 was last changed by word order, not by dash style; undo that"):
        BLOCKS[0].undo(document)
    for block in reversed(BLOCKS):
        document = block.undo(document)
    assert document == DOCUMENT
    with pytest.raises(RecipeError, match="last changed by no transform, not by dash style"):
        BLOCKS[0].undo(document)


def test_what_is_changed_and_what_is_not_is_counted():
    block = DigitGrouper("right to left")
    assert [d.text for d in block.run(Document(text=text, id="") for text in ("1234", "123", "x"))] == [
        "1,234",
        "123",
        "x",
    ]
    assert {label: counter.total for label, counter in block.stats.stats.items()} == {
        "numbers": 2,
        "regrouped": 1,
        "changed": 1,
        "unchanged": 2,
    }


def test_keys_are_of_the_text_and_of_every_part():
    keys = {draw_key("a", "x", 1), draw_key("b", "x", 1), draw_key("a", "y", 1), draw_key("a", "x", 2)}
    keys |= {draw_key("a", "x", "1"), draw_key("a", "x1"), draw_key("\ud800", "x", 1)}
    assert len(keys) == 7
    assert draw_key("a", "x", 1) == 0x1CA355EC739D69F4  # the same on every machine
