from __future__ import annotations

import pytest
from datatrove.data import Document
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.filters.overlap import OverlapFilter, runs_of, words_of


def test_words_are_compared_without_case_and_punctuation():
    assert words_of("The dog’s “bark”, they don't_mind: 3.5!") == [
        "the",
        "dog's",
        "bark",
        "they",
        "don't",
        "mind",
        "3",
        "5",
    ]


@pytest.mark.parametrize(
    ("text", "n", "runs"),
    [
        ("a b c d", 3, {"a b c", "b c d"}),
        ("a b c d", 4, {"a b c d"}),
        ("a b c d", 8, {"a b c d"}),
        ("a b c", 8, set()),  # fewer than 4 words are in too many texts
        ("a b", 2, {"a b"}),
        ("", 1, set()),
    ],
)
def test_runs_of_a_text(text, n, runs):
    assert runs_of([text], n) == runs


def test_a_document_with_a_run_is_dropped_and_says_which():
    step = OverlapFilter(runs_of(["The cat has never slept."], 8))
    dirty = Document("They say: the Cat has never slept! Who knows.", "0")
    assert step.filter(dirty) == (False, "5 words")
    assert dirty.metadata["overlap"] == "the cat has never slept"
    assert step.filter(Document("the cat has never, ever slept", "1")) is True


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=9), st.integers(1, 5))
def test_a_document_is_dropped_exactly_if_it_shares_a_run(document, item, n):
    runs = {tuple(item[at : at + n]) for at in range(len(item) - n + 1)}
    if len(item) < n and len(item) >= min(n, 4):
        runs = {tuple(item)}
    sizes = {len(run) for run in runs}
    shares = any(tuple(document[at : at + size]) in runs for size in sizes for at in range(len(document) - size + 1))
    kept = OverlapFilter(runs_of([" ".join(item)], n)).filter(Document(" ".join(document), "0"))
    assert (kept is True) == (not shares)


def test_equal_test_material_is_one_identity():
    one, other = OverlapFilter(["a b", "c"]), OverlapFilter(["c", "a b", "c"])
    assert one.runs_sha256 == other.runs_sha256 != OverlapFilter(["c"]).runs_sha256
