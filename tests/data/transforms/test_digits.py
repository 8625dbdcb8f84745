from __future__ import annotations

import pytest
from datatrove.data import Document
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.transforms.base import RECORD
from seedbed.data.transforms.digits import DigitGrouper
from seedbed.data.transforms.edits import edited

STYLES = ("right to left", "left to right", "single", "none")


def grouped(text: str, style: str, **options) -> str:
    return edited(text, DigitGrouper(style, **options).edits(text)[0])


def test_the_four_groupings():
    assert [grouped("1234567", style) for style in STYLES] == ["1,234,567", "123,456,7", "1 2 3 4 5 6 7", "1234567"]


def test_what_is_grouped_is_regrouped_and_what_is_no_whole_number_stays():
    text = "1,234,567 or 1234 beside 3.14159, x1234, a_12345, 123 and 12,34"
    assert grouped(text, "right to left") == text.replace("or 1234", "or 1,234")
    assert grouped(text, "none") == text.replace("1,234,567", "1234567")
    assert grouped("2024-01-31", "right to left") == "2,024-01-31"
    assert grouped("1234567", "right to left", separator="\u202f") == "1\u202f234\u202f567"


@pytest.mark.parametrize("style", STYLES)
@given(text=st.text(alphabet="0123459 ,.a", max_size=40))
def test_every_text_comes_back(style, text):
    block = DigitGrouper(style)
    document = Document(text=text, id="0")
    changed = block.transformed(document)
    assert [c for c in changed.text if c.isdigit()] == [c for c in text if c.isdigit()]
    assert block.undo(changed) == document


@pytest.mark.parametrize("style", STYLES)
@given(number=st.integers(0, 10**30))
def test_plain_numbers_come_back_by_rule_alone(style, number):
    block = DigitGrouper(style)
    changed = block.transformed(Document(text=f"it is {number} .", id="0"))
    assert "undo" not in changed.metadata[RECORD][0]
    assert block.undo(changed).text == f"it is {number} ."


def test_an_answer_stays_marked():
    document = Document(text="7 + 1995 = 2002", id="0", metadata={"answer_start": 11, "answer_end": 15})
    changed = DigitGrouper("single").transformed(document)
    assert changed.text == "7 + 1 9 9 5 = 2 0 0 2"
    assert changed.text[changed.metadata["answer_start"] : changed.metadata["answer_end"]] == "2 0 0 2"
