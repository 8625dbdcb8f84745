from __future__ import annotations

import string

import pytest
from datatrove.data import Document
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.transforms.edits import edited
from seedbed.data.transforms.letters import LetterCaser, LetterCipherer, LetterSubstituter
from seedbed.data.transforms.recipes import CYRILLIC, GREEK, LATIN
from seedbed.errors import RecipeError

ALPHABETS = (LATIN, GREEK, CYRILLIC)


def cased(text: str, style: str) -> str:
    return edited(text, LetterCaser(style).edits(text)[0])


def test_the_three_cases():
    text = "The newt's straße, ΟΔΟΣ 3x"
    assert cased(text, "lower") == "the newt's straße, οδοσ 3x"
    assert cased(text, "upper") == "THE NEWT'S STRASSE, ΟΔΟΣ 3X"
    assert cased("the newT's xYLO-phone", "title") == "The Newt's Xylo-Phone"


@pytest.mark.parametrize("style", ["lower", "upper", "title"])
@given(text=st.text(max_size=40))
def test_case_is_idempotent_and_comes_back_where_it_was_kept(style, text):
    once = cased(text, style)
    # Some letters that become two (as title case of a ligature) have parts that go on; they settle at the second time.
    assert cased(cased(once, style), style) == cased(once, style)
    block = LetterCaser(style, keep=True)
    document = Document(text=text, id="0")
    assert block.undo(block.transformed(document)) == document


def test_lost_case_is_said_to_be_lost():
    block = LetterCaser("lower")
    changed = block.transformed(Document(text="The Newt", id="0"))
    assert (block.stats.stats["letters"].total, block.stats.stats["recased"].total) == (7, 2)
    with pytest.raises(RecipeError, match=r"letter case cannot be undone .* keep=True"):
        block.undo(changed)


@given(st.text(max_size=60), st.integers(0, 5))
def test_substitution_and_cipher_come_back_by_rule(text, key):
    for block in (LetterSubstituter(ALPHABETS, key=key), LetterCipherer(ALPHABETS, key=key)):
        document = Document(text=text, id="0")
        changed = block.transformed(document)
        assert len(changed.text) == len(text)
        assert block.undo(changed) == document


def test_substitution_is_one_to_one_in_each_alphabet_and_keeps_case():
    block = LetterSubstituter(ALPHABETS, key=3)
    for alphabet in ALPHABETS:
        new = edited(alphabet, block.edits(alphabet)[0])
        assert new != alphabet
        assert sorted(new) == sorted(alphabet)
        assert edited(alphabet.upper(), block.edits(alphabet.upper())[0]) == new.upper()
    assert edited("é 3!", block.edits("é 3!")[0]) == "é 3!"
    other = LetterSubstituter(ALPHABETS, key=4)
    assert edited(LATIN, other.edits(LATIN)[0]) != edited(LATIN, block.edits(LATIN)[0])


def test_a_cipher_puts_every_letter_for_every_other():
    block = LetterCipherer((LATIN,))
    text = "a" * 26_000
    new = edited(text, block.edits(text)[0])
    counts = [new.count(letter) for letter in string.ascii_lowercase]
    # Chi square with 25 degrees of freedom: 52.6 is the 99.9th percentile. The text is fixed, and so is the draw.
    assert sum((count - 1000) ** 2 / 1000 for count in counts) < 52.6
    pairs = {new[place : place + 2] for place in range(0, len(new), 2)}
    assert len(pairs) == 26 * 26


def test_equal_texts_are_ciphered_alike_and_others_apart():
    block = LetterCipherer((LATIN,))
    first, again, other = (block.transformed(Document(text=text, id="0")).text for text in ("newts", "newts", "newts "))
    assert first == again
    assert first != other.rstrip()
