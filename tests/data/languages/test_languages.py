"""The five grammars of scenes: sentences read by hand, and checkers that know the languages but not the grammars."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from seedbed.data.grammar.documents import Block, Request, Sampler
from seedbed.data.grammar.file import load_grammar
from seedbed.workbench import Workbench
from tests.data.languages import german, japanese, mandarin, russian
from tests.data.languages.trees import Tree, malformed, tree_of
from tests.data.languages.verified import NAMES, SENTENCES

ROOT = Path(__file__).parents[3]
DOCUMENTS = 1_500
CHECKERS: dict[str, Callable[[Tree], list[str]]] = {
    "scenes": malformed,
    "german": german.faults,
    "russian": russian.faults,
    "japanese": japanese.faults,
    "mandarin": mandarin.faults,
}


@cache
def block(name: str) -> Block:
    return Sampler(load_grammar(name, Workbench(ROOT)), Request()).documents(0, DOCUMENTS)


@cache
def trees(name: str) -> list[Tree]:
    drawn = block(name)
    return [
        tree_of(text, labels["heads"], labels["relations"])
        for text, labels in zip(drawn.texts, drawn.labels, strict=True)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_sentences_are_those_that_were_read_by_hand(name: str):
    verified = [meaning.split("\n")[NAMES.index(name)] for meaning in SENTENCES.strip().split("\n\n")]
    assert len(verified) == 25
    assert block(name).texts[:25] == verified


@pytest.mark.parametrize("name", NAMES)
def test_no_sentence_has_a_fault(name: str):
    assert [(str(tree), CHECKERS[name](tree)) for tree in trees(name) if CHECKERS[name](tree)] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_construction_is_there_in_every_language(name: str):
    wanted = {"question", "relative clause", "complement clause", "possessor"}
    labels = block(name).labels
    assert wanted <= {mark for each in labels for mark in each["constructions"]}
    assert {each["embedding_depth"] for each in labels} >= {0, 1, 2}
    assert {each["item"] for each in labels} == {each["item"] for each in block("scenes").labels}
    assert [each["constructions"] for each in labels] == [each["constructions"] for each in block("scenes").labels]


def test_english_says_a_before_consonants_only_and_agrees():
    for tree in trees("scenes"):
        for word, following in pairwise(tree.words):
            assert word != "a" or following[0] not in "aeiou", str(tree)
        for place, relation in enumerate(tree.relations):
            auxiliary = tree.child(tree.heads[place], "aux", "cop") if relation == "nsubj" else None
            determiner = tree.child(place, "det")
            if auxiliary is not None and determiner is not None and tree.words[auxiliary] in ("does", "is", "was"):
                assert tree.words[determiner] not in ("some", "these"), str(tree)
            if auxiliary is not None and determiner is not None and tree.words[auxiliary] in ("do", "are", "were"):
                assert tree.words[determiner] not in ("a", "this"), str(tree)


def test_nobody_eats_a_person_and_no_animal_writes():
    people = {"boy", "girl", "child", "man", "woman", "teacher", "doctor", "nurse", "mother", "singer", "farmer"}
    animals = {"dog", "dogs", "cat", "cats", "bird", "birds", "bear", "bears", "mouse", "mice", "cow", "cows"}
    for tree in trees("scenes"):
        for place, word in enumerate(tree.words):
            objects = {tree.words[child] for child in tree.children(place, "obj")}
            subjects = {tree.words[child] for child in tree.children(place, "nsubj")}
            if word in ("eat", "eats", "ate", "cut", "cuts", "read", "reads", "write", "writes", "wrote"):
                assert not objects & (people | animals), str(tree)
            if word in ("read", "reads", "write", "writes", "wrote", "say", "says", "said", "love", "loved", "gave"):
                assert not subjects & animals, str(tree)


def test_russian_orders_are_free_with_the_weights_of_the_file():
    orders = {"subject verb object": 0, "object verb subject": 0, "subject object verb": 0}
    for tree in trees("russian"):
        subject, object_ = tree.child(tree.root, "nsubj"), tree.child(tree.root, "obj")
        if subject is None or object_ is None or tree.words[-1] == "?" or tree.child(tree.root, "iobj") is not None:
            continue
        placed = sorted([(subject, "subject"), (tree.root, "verb"), (object_, "object")])
        orders[" ".join(name for _, name in placed)] += 1
    shares = {order: count / sum(orders.values()) for order, count in orders.items()}
    assert shares["subject verb object"] == pytest.approx(6 / 9, abs=0.06)
    assert shares["object verb subject"] == pytest.approx(2 / 9, abs=0.06)
    assert shares["subject object verb"] == pytest.approx(1 / 9, abs=0.06)


SPOILT = {  # word -> one that is wrong in its place, wherever that is
    "german": {"die": "dem", "den": "das", "schlafen": "schläft", "war": "waren", "im": "in", "dass": "das"},
    "russian": {"была": "был", "эта": "этот", "читает": "читают", "которую": "которая", "новую": "новая"},
    "japanese": {"は": "が", "を": "に", "と": "か"},
    "mandarin": {"个": "本", "位": "只", "这些": "这", "吗": "了"},
}


@pytest.mark.parametrize("name", SPOILT)
def test_the_checkers_find_spoilt_words(name: str):
    """One word put for another, the tree left as it is."""
    for word, other in SPOILT[name].items():
        spoilt = [
            Tree(tuple(other if place == at else each for place, each in enumerate(tree.words)), *rest(tree))
            for tree in trees(name)
            for at in [tree.words.index(word) if word in tree.words else -1]
            if at >= 0
        ]
        assert len(spoilt) > 3, word
        assert [str(tree) for tree in spoilt if not CHECKERS[name](tree)] == [], word


def rest(tree: Tree) -> tuple[tuple[int, ...], tuple[str, ...]]:
    return tree.heads, tree.relations


@pytest.mark.parametrize("name", ["german", "japanese", "russian", "mandarin"])
def test_the_checkers_find_words_out_of_order(name: str):
    """The verb of a relative clause moved to the front of the sentence is wrong in all, however free their order."""
    moved = []
    for tree in trees(name):
        clauses = [head for head, relation in tree.clauses() if relation in ("acl", "acl:relcl")]
        if clauses and clauses[0] > 0:
            head = clauses[0]
            order = [head, *(place for place in range(len(tree.words)) if place != head)]
            new = {old: place for place, old in enumerate(order)}
            moved.append(
                Tree(
                    tuple(tree.words[old] for old in order),
                    tuple(-1 if tree.heads[old] < 0 else new[tree.heads[old]] for old in order),
                    tuple(tree.relations[old] for old in order),
                )
            )
    assert len(moved) > 50
    assert [str(tree) for tree in moved if not CHECKERS[name](tree)] == []
