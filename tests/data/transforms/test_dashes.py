from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from datatrove.data import Document
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.transforms.base import RECORD
from seedbed.data.transforms.dashes import Closer, DashStyler, dash_sites
from seedbed.data.transforms.edits import edited
from seedbed.errors import RecipeError

BOOKS = Path("../shared/data/text")
STYLES = ("unspaced em dash", "spaced en dash", "spaced em dash", "commas")


def styled(text: str, style: str, **options) -> str:
    return edited(text, DashStyler(style, **options).edits(text)[0])


@pytest.mark.parametrize(
    "typed", ["--", " -- ", "---", "\u2014", " \u2014 ", "\u2013", " \u2013 ", " - ", "-- ", " \u2014"]
)
def test_one_site_however_it_was_typed(typed):
    text = f"the newt{typed}it sleeps"
    assert len(list(dash_sites(text))) == 1
    assert [styled(text, style) for style in STYLES] == [
        "the newt\u2014it sleeps",
        "the newt \u2013 it sleeps",
        "the newt \u2014 it sleeps",
        "the newt, it sleeps",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "from 1914\u201318 on",
        "pages 3--7",
        "pages 3 \u2013 7",
        "5 - 3 is 2",
        "it fell to x - 5",
        "a well-known newt",
        "- a bullet",
        "  \u2013 a bullet",
        "\u2014 Where? said she",
        "\u201c\u2014and then",
        "one\n-- two",
        "-------- a rule",
        "Mr. \u2014\u2014 said",
        "run it with --help now",
        "<!-- no text -->",
        "the Michelson\u2013Morley experiment",
        "x\u22125",
    ],
)
def test_what_is_no_site(text):
    assert list(dash_sites(text)) == []
    assert [styled(text, style) for style in STYLES] == [text] * 4


def test_quotes_stops_and_line_ends_take_no_space():
    text = "\u201cI thought--\u201d he said. CHAPTER I.--The newt--\nslept, --and woke"
    assert (
        styled(text, "spaced en dash")
        == "\u201cI thought \u2013\u201d he said. CHAPTER I. \u2013 The newt \u2013\nslept, --and woke"
    )
    assert styled(text, "commas") == "\u201cI thought,\u201d he said. CHAPTER I. The newt,\nslept, --and woke"


@given(st.text(alphabet='ab1 .,()-\u2013\u2014\n"', max_size=60), st.sampled_from(STYLES[:3]))
def test_every_style_has_the_same_words_and_is_undone_where_it_was_kept(text, style):
    block = DashStyler(style, plant=0.5, keep=True)
    document = Document(text=text, id="0")
    changed = block.transformed(document)
    letters = [character for character in text if character.isalnum()]
    assert [character for character in changed.text if character.isalnum()] == letters
    assert re.findall(r"[\r\n]", changed.text) == re.findall(r"[\r\n]", text)
    assert block.undo(changed) == document


def test_without_keep_it_says_that_it_cannot_be_undone():
    block = DashStyler("commas")
    with pytest.raises(RecipeError, match="transform with keep=True"):
        block.undo(block.transformed(Document(text="a--b", id="0")))


def test_planting_replaces_commas_and_parentheses_and_nothing_else():
    text = "The newt, red and wet, slept (it was late) on July 4, 1776 (a day)."
    assert styled(text, "unspaced em dash", plant=1.0) == (
        "The newt\u2014red and wet\u2014slept\u2014it was late\u2014on July 4, 1776\u2014a day."
    )
    assert styled(text, "unspaced em dash") == text


def test_the_share_planted_is_the_share_asked_for():
    block = DashStyler("spaced en dash", plant=0.3, seed=1)
    for number in range(400):
        block.transformed(Document(text=f"item {number}, one, two, three, four", id="0"))
    planted, could = (block.stats.stats[label].total for label in ("planted", "could_be_planted"))
    assert could == 400 * 4
    # Each document is within one of 1.2; the sum of 400 independent offsets has a standard deviation of 8.
    assert abs(planted / could - 0.3) < 0.02
    counts = {
        len(list(dash_sites(block.transformed(Document(text=f"{n} a, b, c, d, e", id="0")).text))) for n in range(60)
    }
    assert counts == {1, 2}


def test_a_seed_draws_others_and_the_same_text_is_drawn_alike():
    text = ", ".join("abcdefghijklmnopqrstuvwxyz")
    drawn = [styled(text, "spaced em dash", plant=0.5, seed=seed) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert {each.count("\u2014") for each in drawn} <= {12, 13}


def test_counts_stand_in_the_document_and_in_the_statistics():
    block = DashStyler("commas")
    changed = block.transformed(Document(text="a--b--c", id="0", metadata={"lang": "en"}))
    assert changed.metadata == {"lang": "en", RECORD: [{"name": "dash style", "sites": 2}]}
    assert block.stats.stats["sites"].total == 2
    assert block.stats.stats["changed"].total == 1


@pytest.mark.skipif(not BOOKS.is_dir(), reason="the shared books are not there")
def test_the_books_hold_about_as_many_sites_as_were_counted():
    # PROTOCOLS 1.14 counts 1,084 by a rule of its own; ours leaves out 19 speeches that go on after an opening quote.
    sites = 0
    for name in ("en_books_pd", "en_inaugural"):
        with gzip.open(BOOKS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            sites += sum(len(list(dash_sites(json.loads(line)["text"]))) for line in lines)
    assert abs(sites - 1084) < 30


def test_two_styles_share_the_documents_and_no_site_moves():
    texts = [f"item {number}, one, two, three" for number in range(400)]
    both = DashStyler("unspaced em dash", plant=0.5, other="spaced en dash", other_share=0.3)
    in_both = [both.transformed(Document(text=text, id="0")).text for text in texts]
    alone = {
        style: [styled(text, style, plant=0.5) for text in texts] for style in ("unspaced em dash", "spaced en dash")
    }
    british = sum("\u2013" in text for text in in_both)
    assert not any("\u2013" in text and "\u2014" in text for text in in_both)
    # 400 documents at .3 have a standard deviation of 9.2.
    assert abs(british - 120) < 30
    assert both.stats.stats["other_style"].total == british
    for text, american, other in zip(in_both, alone["unspaced em dash"], alone["spaced en dash"], strict=True):
        assert text in (american, other)


def test_marks_are_closed_up_and_words_keep_their_parse():
    block = Closer(keep=True)
    document = Document(text="if it ran , the newt 's . 5 slept .", id="0", metadata={"heads": [2, 2, -1]})
    changed = block.transformed(document)
    assert changed.text == "if it ran, the newt 's. 5 slept."
    assert block.undo(changed) == document
    assert styled(changed.text, "unspaced em dash", plant=1.0) == "if it ran\u2014the newt 's. 5 slept."
