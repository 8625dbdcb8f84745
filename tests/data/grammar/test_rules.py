from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from seedbed.data.grammar.items import QuestionItem, parse_item, question_items
from seedbed.data.grammar.rules import rule_scores, rule_table

SHARED = Path(__file__).parents[4] / "shared" / "data" / "question_formation" / "en"
HAND = QuestionItem(
    "my raven that the quails do admire doesn't sleep .",
    "doesn't my raven that the quails do admire sleep ?",
    ("do", "doesn't"),
    1,
    "o",
    "none",
)


def test_every_rule_on_a_sentence_known_by_hand():
    found = {name: dict(rule(HAND)) for name, rule in rule_table().items()}
    assert found == {
        "main": {"doesn't": 1.0},
        "first": {"do": 1.0},
        "last": {"doesn't": 1.0},
        "first not after relativizer": {"do": 1.0},
        "right number": {"does": 0.5, "doesn't": 0.5},
        "any": {"does": 0.25, "do": 0.25, "doesn't": 0.25, "don't": 0.25},
    }
    assert rule_scores([HAND]) == {
        "main": 1.0,
        "first": 0.0,
        "last": 1.0,
        "first not after relativizer": 0.0,
        "right number": 0.5,
        "any": 0.25,
    }


def test_no_items_have_no_score():
    with pytest.raises(ValueError, match="no items"):
        rule_scores([])


@pytest.mark.parametrize(
    ("name", "first", "last", "not_after"),
    [
        ("in-distribution", 1, None, 1),
        ("object-rc", 1, 0, 1),
        ("ood-easy", 0, 1, 2 / 3),
        ("ood-hard", 0, 1, 2 / 3),
        ("ood-three", 0, 0, 2 / 3),
    ],
)
def test_the_table_on_our_own_sets(name, first, last, not_after):
    scores = rule_scores(question_items(name, 90, seed=0))
    assert (scores["main"], scores["right number"], scores["any"]) == (1, 0.5, 0.25)
    assert scores["first"] == first
    assert scores["last"] == (pytest.approx(0.735, abs=0.15) if last is None else last)
    assert scores["first not after relativizer"] == pytest.approx(not_after)


def shared_items(name: str) -> list[QuestionItem]:
    path = SHARED / f"question.{name}.tsv.gz"
    if not path.exists():
        pytest.skip("McCoy's question-formation files are not on this machine")
    rows = [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    return [parse_item(source.removesuffix(" quest"), target) for source, target in rows if source.endswith(" quest")]


def test_the_table_on_mccoys_test_set():
    """PROTOCOLS 7, row 1: the scores of 1.1, and that the file's beginning is not like the whole."""
    items = shared_items("gen")
    assert len(items) == 10_000
    scores = rule_scores(items)
    assert scores["first not after relativizer"] == pytest.approx(0.667, abs=0.001)
    assert (scores["main"], scores["first"], scores["last"]) == (1, 0, 1)
    assert (scores["right number"], scores["any"]) == (0.5, 0.25)
    assert rule_scores(items[:1_000])["first not after relativizer"] == pytest.approx(0.813)
    kinds = [item.subject_rc for item in items]
    shares = [kinds.count(kind) / len(kinds) for kind in ("o", "si", "st")]
    assert shares == pytest.approx([0.333, 0.320, 0.346], abs=0.001)


def test_the_table_on_mccoys_in_distribution_questions():
    items = shared_items("test")
    assert len(items) == 4_034
    assert all(item.subject_rc == "none" for item in items)
    assert rule_scores(items)["last"] == pytest.approx(0.735, abs=0.0005)
    with_clause = [item for item in items if item.object_rc != "none"]
    assert len(with_clause) / len(items) == pytest.approx(0.36, abs=0.005)
    assert rule_scores(with_clause)["last"] == pytest.approx(0.255, abs=0.0005)
