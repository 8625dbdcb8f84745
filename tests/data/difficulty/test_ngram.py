from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.data.difficulty.ngram import NgramModel


def test_unigrams_by_hand():
    # a a b: N = 3, T = 2, so p(a) = (2 + 2/256) / 5.
    model = NgramModel(["aab"], n=1)
    assert model.surprisal(["a"])[0] == pytest.approx(-np.log2((2 + 2 / 256) / 5))
    assert model.surprisal(["z"])[0] == pytest.approx(-np.log2((2 / 256) / 5))


def test_bigrams_by_hand():
    # After a: a and b once each. p(b | a) = (1 + 2 p(b)) / 4, p(b) = (1 + 2/256) / 5.
    model = NgramModel(["aab"], n=2)
    unigram = {"a": (2 + 2 / 256) / 5, "b": (1 + 2 / 256) / 5, "z": (2 / 256) / 5}
    start = (1 + unigram["a"]) / 2  # a text has begun once, with a
    assert model.surprisal(["ab"])[0] == pytest.approx(-np.log2([start, (1 + 2 * unigram["b"]) / 4]).mean())
    # z was never seen, so what follows it is predicted without it.
    beginning = (0 + unigram["z"]) / 2
    assert model.surprisal(["za"])[0] == pytest.approx(-np.log2([beginning, unigram["a"]]).mean())


def test_words_and_the_unknown_word():
    model = NgramModel(["the newt", "the zebra"], n=1, unit="words")
    assert model.vocabulary == 4
    # N = 4, T = 3, one of four in the vocabulary.
    assert model.surprisal(["the"])[0] == pytest.approx(-np.log2((2 + 3 / 4) / 7))
    assert model.surprisal(["unicorn quail"])[0] == pytest.approx(-np.log2((3 / 4) / 7))


texts = st.lists(st.text("abc ", max_size=12), min_size=1, max_size=6)


@settings(max_examples=40, deadline=None)
@given(texts, st.integers(1, 4), st.sampled_from(["bytes", "words"]), st.integers(0, 2**32))
def test_probabilities_sum_to_one_after_any_beginning(given_texts, n, unit, seed):
    model = NgramModel(given_texts, n=n, unit=unit)
    begin = model.vocabulary
    before = np.random.default_rng(seed).integers(0, model.vocabulary, 3)
    if unit == "bytes":
        before = before % 3 + ord("a")
    rows = [np.concatenate([[begin], before, [token]]) for token in range(model.vocabulary)]
    p = model.probability(np.concatenate(rows))[4::5]
    assert p.sum() == pytest.approx(1.0)
    assert p.min() > 0


@settings(max_examples=20, deadline=None)
@given(texts, texts)
def test_a_text_has_the_same_score_whatever_stands_beside_it(training, asked):
    model = NgramModel(training, n=3)
    alone = [model.surprisal([text])[0] for text in asked]
    np.testing.assert_array_equal(model.surprisal(asked), alone)


def test_a_text_without_tokens_has_no_score():
    assert np.isnan(NgramModel(["ab"], n=2).surprisal(["", "a"])).tolist() == [True, False]
    assert NgramModel([], n=3).surprisal(["ab"])[0] == pytest.approx(8.0)


def test_what_was_seen_costs_less():
    model = NgramModel(["the newt does sleep . quest does the newt sleep ?"] * 5, n=5)
    plain, reversed_ = model.surprisal(["does the newt sleep ?", "? peels twen eht seod"])
    assert plain < 2
    assert reversed_ > 5
