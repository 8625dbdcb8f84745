from __future__ import annotations

import pytest
from datatrove.data import Document

from seedbed.data.annotators.parse import parse_of
from seedbed.errors import SourceError

TWO_TREES = "a/DET/2/det cat/NOUN/3/nsubj:pass slept/VERB/0/root dogs/NOUN/5/nsubj bark/VERB/0/root"


def test_relations_without_subtypes_children_and_roots(parse):
    found = parse(TWO_TREES)
    assert found.plain_relations == ["det", "nsubj", "root", "nsubj", "root"]
    assert found.children == [[], [0], [1], [], [3]]
    assert found.roots == [2, 2, 2, 4, 4]


def test_paths_and_what_they_dominate(parse):
    found = parse(TWO_TREES)
    assert found.path(0) == [0, 1, 2]
    assert [found.dominates(2, word) for word in range(5)] == [True, True, True, False, False]
    assert (found.child(2, "nsubj"), found.child(2, "obj"), found.child(4, "obj", "nsubj")) == (1, None, 3)


def document(text, **metadata):
    return Document(text, "7", metadata=metadata)


def test_words_are_cut_by_their_places_or_by_white_space():
    tree = {"heads": [1, -1], "relations": ["aux", "root"]}
    placed = parse_of(document("Don't", **tree, word_starts=[0, 2], word_ends=[2, 5]), needs_morphology=False)
    spaced = parse_of(document("Do it", **tree), needs_morphology=False)
    assert (placed.words, spaced.words) == (["do", "n't"], ["do", "it"])
    assert spaced.upos == ["", ""]


@pytest.mark.parametrize(
    ("metadata", "fault"),
    [
        ({}, r"document 7 has no heads or relations or upos or lemmas or features to annotate; .* Parsed\(\.\.\.\)"),
        ({"heads": [-1], "relations": ["root"]}, "has no upos or lemmas or features"),
        ({"heads": [1, -1], "relations": ["a", "root"], "upos": ["X"] * 2, "lemmas": ["x"] * 2, "features": [""] * 2},
         "has 1 words and heads for 2; annotate before steps that change the text"),
    ],
)  # fmt: skip
def test_what_is_missing_or_of_another_text(metadata, fault):
    with pytest.raises(SourceError, match=fault):
        parse_of(document("one", **metadata))
