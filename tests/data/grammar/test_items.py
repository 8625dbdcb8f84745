from __future__ import annotations

import pytest

from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.hashing import sentence_is_held_out
from seedbed.data.grammar.items import ITEM_SETS, QuestionItem, parse_item, question_items
from seedbed.data.recipes import Grammar
from seedbed.errors import SourceError, UnknownNameError
from seedbed.workbench import Workbench

COUNT = 90
PLURAL = {"do": True, "don't": True, "does": False, "doesn't": False}
NEGATIVE = {"do": False, "don't": True, "does": False, "doesn't": True}


@pytest.fixture(scope="module")
def items():
    return {name: question_items(name, COUNT, seed=3) for name in ITEM_SETS}


@pytest.mark.parametrize("name", ITEM_SETS)
def test_items_are_distinct_held_out_and_what_the_parser_says(items, name):
    share = load_grammar("english", Workbench()).held_out.share
    assert len(items[name]) == len({item.declarative for item in items[name]}) == COUNT
    for item in items[name]:
        assert sentence_is_held_out(item.declarative.split(), share)
        assert parse_item(item.declarative, item.question) == item
        assert item.auxiliaries == tuple(word for word in item.declarative.split() if word in PLURAL)


@pytest.mark.parametrize("name", ITEM_SETS)
def test_a_shorter_list_is_a_prefix_and_a_seed_counts(items, name):
    assert question_items(name, 50, seed=3) == items[name][:50]
    assert question_items(name, 50, seed=4) != items[name][:50]


@pytest.mark.parametrize(
    ("name", "subject", "object_", "auxiliaries", "main"),
    [
        ("object-rc", ("none",), ("o", "si", "st"), 2, 0),
        ("ood-easy", ("o", "si", "st"), ("none",), 2, 1),
        ("ood-hard", ("o", "si", "st"), ("none",), 2, 1),
        ("ood-three", ("o", "si", "st"), ("o", "si", "st"), 3, 1),
    ],
)
def test_what_a_set_is_made_of_and_that_prefixes_are_balanced(items, name, subject, object_, auxiliaries, main):
    for i, item in enumerate(items[name]):
        assert item.subject_rc == subject[i % len(subject)]
        assert item.object_rc == object_[i // len(subject) % len(object_)]
        assert len(item.auxiliaries) == len({*item.auxiliaries}) == auxiliaries
        assert item.main == main


def test_hard_items_are_mccoys(items):
    for item in items["ood-hard"]:
        first, second = item.auxiliaries
        assert PLURAL[first] == PLURAL[second]
        assert NEGATIVE[first] != NEGATIVE[second]
    assert any(PLURAL[item.auxiliaries[0]] != PLURAL[item.auxiliaries[1]] for item in items["ood-easy"])


def test_in_distribution_questions_are_ambiguous(items):
    assert all(item.main == 0 and item.subject_rc == "none" for item in items["in-distribution"])
    assert {item.object_rc for item in items["in-distribution"]} == {"none", "o", "si", "st"}


def declaratives_of(documents: int, **how) -> set[str]:
    reader = Grammar("english", documents=documents, **how).steps(Workbench())[0]
    return {document.text.partition(" quest ")[0].partition(" decl ")[0] for document in reader.run()}


def test_no_item_is_in_any_training_corpus(items):
    """Every declarative of every training document, of each task, against every item."""
    sentences = {item.declarative for each in items.values() for item in each}
    for how in ({}, {"task": "copy", "subject": "relative clause"}, {"task": "question", "unambiguous": True}):
        assert not sentences & declaratives_of(8_000, **how)
    # The check can fail: the other split's documents do hold such sentences.
    other = declaratives_of(3_000, task="question", object="intransitive", split="held-out", held_out="share")
    assert {item.declarative for item in question_items("in-distribution", 2_000, seed=3)} & other


def test_a_sentence_parsed_by_hand():
    declarative = "my raven that the quails do admire doesn't sleep ."
    question = "doesn't my raven that the quails do admire sleep ?"
    assert parse_item(declarative, question) == QuestionItem(declarative, question, ("do", "doesn't"), 1, "o", "none")


@pytest.mark.parametrize(
    ("declarative", "question", "message"),
    [
        ("the newt sleeps .", "does the newt sleep ?", "has no declarative 'the newt sleeps .'"),
        ("the newt does sleep", "does the newt sleep ?", "has no declarative"),
        (
            "my raven that the quails do admire doesn't sleep .",
            "do my raven that the quails admire doesn't sleep ?",
            "is not the question of",
        ),
    ],
)
def test_what_is_no_pair_is_refused(declarative, question, message):
    with pytest.raises(SourceError, match=message):
        parse_item(declarative, question)


def test_an_unknown_set():
    with pytest.raises(UnknownNameError, match="did you mean 'ood-hard'"):
        question_items("ood-hrad", 3, seed=0)
