from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.data import orders as order
from seedbed.data.difficulty.recipes import Difficulty
from seedbed.data.permutations import Documents, rank_shares, uniform
from seedbed.data.recipes import Component, PythonStdlib
from seedbed.errors import RecipeError

from .ordered import documents

CODE = Component("code", PythonStdlib())
ALL = [
    order.shuffled(),
    order.easy_first("mtld"),
    order.hard_first("mtld"),
    order.bucketed("mtld", 3),
    order.bucketed("mtld", 3, hard_first=True),
    order.bucketed_random("mtld", 3),
    order.interleaved(),
    order.cycled("mtld", 2),
    order.staged(CODE, "text"),
    order.paced("mtld"),
    order.paced("mtld", "step", start=0.3, full_at=0.5),
    order.growing_random("mtld"),
    order.warm_up(order.easy_first("mtld"), 0.25),
    order.within(order.easy_first("mtld"), "shuffled", units="lines"),
]


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 40), st.integers(0, 2**40), st.integers(0, 3))
def test_every_order_reads_every_document_once(each, n, seed, epoch):
    found = each.permutation(documents(n), seed, epoch)
    assert found.dtype == np.int64
    assert sorted(found.tolist()) == list(range(n))
    assert each.permutation(documents(n), seed, epoch).tolist() == found.tolist()


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_a_part_of_an_epoch_holds_the_same_documents_in_every_order(each):
    some = documents(40)
    taken = each.permutation(some, seed=5, epoch=2, take=13)
    assert sorted(taken.tolist()) == sorted(uniform(40, 5, 2)[:13].tolist())
    assert sorted(order.shuffled().permutation(some, 6, 2, take=13)) != sorted(taken)


def test_names_are_readable_and_unique():
    names = [each.name for each in ALL]
    assert len(set(names)) == len(names)
    assert names == [
        "shuffled",
        "easy-first-mtld",
        "hard-first-mtld",
        "buckets-3-mtld",
        "hard-buckets-3-mtld",
        "random-buckets-3-mtld",
        "interleaved",
        "cycles-2-mtld",
        "staged-code-text",
        "paced-root-mtld",
        "paced-step-from-0.3-full-at-0.5-mtld",
        "random-growing-root-mtld",
        "warm-up-25%-easy-first-mtld",
        "easy-first-mtld-lines-shuffled",
    ]


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_what_is_asked_for_is_what_comes(each):
    n = 2_000
    generator = np.random.default_rng(1)
    some = Documents(
        generator.integers(0, 2, n), ("code", "text"), np.arange(n, dtype=np.uint64), {"mtld": generator.random(n)}
    )
    asked = each.requested_rank(np.arange(n) / n)
    if asked is None:
        assert each.name.startswith(("random-buckets", "interleaved", "staged"))
        return
    found = rank_shares(some.difficulty["mtld"])[each.permutation(some, 1)]
    if each.name.startswith("paced"):  # without replacement, hard documents wait and are read later
        assert found[: n // 10].mean() == pytest.approx(asked[: n // 10].mean(), abs=0.05)
        assert found.mean() == pytest.approx(0.5)
    else:
        tenths = np.abs(found.reshape(10, -1).mean(1) - asked.reshape(10, -1).mean(1))
        assert tenths.max() < 0.08


def test_two_by_two_is_four_orders_and_the_first_is_the_reference():
    assert [each.name for each in order.two_by_two("mtld")] == [
        "shuffled-sentences-kept",
        "shuffled-sentences-shuffled",
        "easy-first-mtld-sentences-kept",
        "easy-first-mtld-sentences-shuffled",
    ]
    assert [each.name for each in order.controls(Difficulty("words"), 4)] == [
        "shuffled",
        "hard-first-words",
        "random-buckets-4-words",
    ]


def test_a_measure_is_given_by_name_or_with_its_settings():
    assert order.easy_first("mtld") == order.easy_first(Difficulty("mtld"))
    assert order.easy_first(Difficulty("rarity", language="de")).name == "easy-first-rarity-de"
    with pytest.raises(RecipeError, match="did you mean 'mtld'"):
        order.easy_first("mtdl")
    with pytest.raises(RecipeError, match="did you mean 'root'"):
        order.paced("mtld", "rot")
