from __future__ import annotations

import numpy as np
import pytest

from seedbed.data import orders as order
from seedbed.data.permutations import uniform
from seedbed.errors import RecipeError, SourceError

from .ordered import documents


def test_easy_first_is_the_reverse_of_hard_first_but_for_ties():
    some = documents(50)
    difficulty = some.difficulty["mtld"]
    easy, hard = (each("mtld").permutation(some, 0) for each in (order.easy_first, order.hard_first))
    assert (np.diff(difficulty[easy]) >= 0).all()
    assert difficulty[hard].tolist() == difficulty[easy][::-1].tolist()
    for found in (easy, hard):
        same = np.diff(difficulty[found]) == 0
        assert (np.diff(some.priority[found].astype(float))[same] > 0).all()
    # No draw is left, so seeds change nothing.
    assert order.easy_first("mtld").permutation(some, 7, 3).tolist() == easy.tolist()


def test_buckets_hold_the_same_documents_in_both_labellings():
    some = documents(30)
    plain, mixed = (each("mtld", 3).permutation(some, 4) for each in (order.bucketed, order.bucketed_random))
    blocks = {frozenset(plain[start : start + 10].tolist()) for start in (0, 10, 20)}
    assert blocks == {frozenset(mixed[start : start + 10].tolist()) for start in (0, 10, 20)}
    easy = order.easy_first("mtld").permutation(some, 4)
    assert set(plain[:10]) == set(easy[:10])
    turns = [tuple(order.bucketed_random("mtld", 3).permutation(some, seed)[[0, 10, 20]] // 1) for seed in range(12)]
    bucket = {int(each): number // 10 for number, each in enumerate(easy)}
    assert len({tuple(bucket[int(each)] for each in turn) for turn in turns}) > 2


def test_stages_follow_one_another_and_must_be_those_of_the_mixture():
    some = documents(20)
    found = order.staged("text", "code").permutation(some, 0)
    assert some.component[found].tolist() == sorted(some.component.tolist(), reverse=True)
    with pytest.raises(SourceError, match="differ in code, prose"):
        order.staged("text", "prose").permutation(some, 0)
    with pytest.raises(RecipeError, match="stands there twice"):
        order.staged("text", "text")


def test_cycles_go_from_easy_to_hard_each_through_its_share():
    some = documents(40)
    found = order.cycled("mtld", 4).permutation(some, 2).reshape(4, 10)
    drawn = uniform(40, 2).reshape(4, 10)
    for cycle, share in zip(found, drawn, strict=True):
        assert set(cycle) == set(share)
        assert (np.diff(some.difficulty["mtld"][cycle]) >= 0).all()


def test_components_are_interleaved_in_their_proportions():
    some = documents(60)
    share = some.component.mean()
    begun = np.cumsum(some.component[order.interleaved().permutation(some, 0)])
    assert np.abs(begun - share * np.arange(1, 61)).max() <= 1


def test_pacing_begins_with_the_easiest_and_seeds_draw_otherwise():
    some = documents(1_000)
    rank = np.empty(1_000)
    rank[order.easy_first("mtld").permutation(some, 0)] = np.arange(1_000) / 1_000
    paced = [order.paced("mtld", start=0.1).permutation(some, seed) for seed in (0, 1)]
    assert all(rank[each[:10]].max() < 0.15 for each in paced)
    assert paced[0].tolist() != paced[1].tolist()
    assert rank[order.growing_random("mtld", start=0.1).permutation(some, 0)[:50]].mean() > 0.3


def test_documents_without_a_score_are_refused_or_placed():
    some = documents(10)
    some.difficulty["mtld"][3] = np.nan
    with pytest.raises(SourceError, match="1 of 10 documents have no score of mtld"):
        order.easy_first("mtld").permutation(some, 0)
    assert order.easy_first("mtld", unscored="hard").permutation(some, 0)[-1] == 3
    assert order.hard_first("mtld", unscored="hard").permutation(some, 0)[0] == 3
    assert order.easy_first("mtld", unscored="hard").name == "easy-first-mtld-unscored-hard"
