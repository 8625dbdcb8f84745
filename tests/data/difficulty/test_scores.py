from __future__ import annotations

import numpy as np
import pytest

from seedbed.data.difficulty.recipes import Difficulty
from seedbed.data.difficulty.scores import component_scores, open_scores, rank_correlation, receipt_of, write_scores
from seedbed.data.difficulty.texts import mtld, tokens_of
from seedbed.data.recipes import Component, Files, Grammar
from seedbed.errors import SourceError, StoreError

TEXTS = [" ".join(["newt"] * (i % 7 + 1)) + f" {i}" for i in range(200)]


@pytest.fixture
def stored(build, jsonl):
    return build(Component("small", Files(jsonl("small.jsonl", TEXTS)), heldout_share=0.1))[0]


def test_scores_are_aligned_with_the_catalogue(stored):
    texts = list(stored.iter_texts())
    assert component_scores(Difficulty("words"), stored).tolist() == [len(text.split()) for text in texts]
    assert component_scores(Difficulty("bytes"), stored).tolist() == [len(text) for text in texts]
    assert component_scores(Difficulty("mtld"), stored).tolist() == [mtld(tokens_of(text)) for text in texts]


def test_embedding_depth_comes_from_the_catalogue(build, stored):
    grammar, _ = build(Component("rc", Grammar("english", task="copy", subject="relative clause", documents=50)))
    assert set(component_scores(Difficulty("embedding_depth"), grammar)) == {1.0}
    assert np.isnan(component_scores(Difficulty("embedding_depth"), stored)).all()


def test_each_half_is_scored_by_a_model_of_the_other(build, jsonl):
    letters = [chr(ord("a") + i % 26) * 30 for i in range(26)]
    stored, _ = build(Component("letters", Files(jsonl("letters.jsonl", letters)), heldout_share=0))
    scores = component_scores(Difficulty("surprisal", n=2), stored)
    # Every letter is in one document alone, so the model of the other half has never seen it.
    assert scores.min() > 7.5
    doubled, _ = build(Component("twice", Files(jsonl("twice.jsonl", letters * 2)), heldout_share=0))
    known = component_scores(Difficulty("surprisal", n=2), doubled)
    rows = [set(text) for text in doubled.iter_texts()]
    for number in range(len(rows)):
        other = [rows[row] for row in range(1 - number % 2, len(rows), 2)]
        assert (known[number] < 4) == (rows[number] in other)


def test_a_model_of_the_held_out_documents_gives_those_no_score(stored, build, jsonl):
    scores = component_scores(Difficulty("surprisal", trained_on="held-out"), stored)
    assert np.isnan(scores).sum() == stored.documents - stored.heldout_start == 20
    assert np.isnan(scores[stored.heldout_start :]).all()
    bare, _ = build(Component("bare", Files(jsonl("bare.jsonl", TEXTS)), heldout_share=0))
    with pytest.raises(SourceError, match="holds no documents out"):
        component_scores(Difficulty("surprisal", trained_on="held-out"), bare)


def test_a_column_comes_back_as_it_was_written(stored, tmp_path):
    recipe = Difficulty("compression", window_bytes=64)
    scores = np.arange(stored.documents) * 0.5
    scores[3] = np.nan
    write_scores(recipe, scores, stored.bytes, tmp_path)
    np.testing.assert_array_equal(open_scores(tmp_path), scores)
    (tmp_path / "scores.npy").write_bytes(b"")
    with pytest.raises(StoreError, match="remove it and run again"):
        open_scores(tmp_path)


def test_the_receipt_says_how_much_is_length():
    recipe, sizes = Difficulty("words"), np.array([5, 6, 7, 8])
    receipt = receipt_of(recipe, np.array([1.0, 2.0, 3.0, 4.0]), sizes)
    assert (receipt.with_bytes, receipt.values, receipt.scored) == (pytest.approx(1.0), 4, 4)
    assert (receipt.minimum, receipt.median, receipt.maximum) == (1.0, 2.5, 4.0)
    assert receipt_of(recipe, np.array([4.0, 3.0, np.nan, 1.0]), sizes).with_bytes == pytest.approx(-1.0)
    assert receipt_of(recipe, np.full(4, 2.0), sizes).with_bytes == 0.0


def test_rank_correlation_shares_ranks_among_ties():
    from scipy.stats import spearmanr

    generator = np.random.default_rng(0)
    a, b = generator.integers(0, 5, 60).astype(float), generator.integers(0, 9, 60).astype(float)
    assert rank_correlation(a, b) == pytest.approx(spearmanr(a, b).statistic)
