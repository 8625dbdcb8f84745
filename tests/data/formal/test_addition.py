from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.data.formal.addition import ANY, carried, completions, operands
from seedbed.data.formal.draws import row_keys
from seedbed.data.formal.recipes import Addition
from seedbed.data.grammar.hashing import key_of
from seedbed.errors import RecipeError
from seedbed.workbench import Workbench


def pairs_of(texts):
    return [tuple(int(word) for word in text.split(" = ")[0].split(" + ")) for text in texts]


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 1), (1, 3), (2, 2)])
def test_pairs_are_counted_by_their_carries_as_listed(n, m):
    listed = [
        (a, b) for a in range(10 ** (n - 1) if n > 1 else 0, 10**n) for b in range(10 ** (m - 1) if m > 1 else 0, 10**m)
    ]
    counts = np.bincount(carried(np.array(listed))[0], minlength=max(n, m) + 1)
    assert completions(n, m)[0, 0].tolist() == counts.tolist()


@pytest.mark.parametrize("carries", [ANY, 0, 1, 2])
def test_operands_are_uniform_among_those_with_the_carries(carries):
    """By a chi-square of all pairs of two digits and one, 60 of each expected; 5 standard deviations."""
    every = np.array([(a, b) for a in range(10, 100) for b in range(10)])
    if carries != ANY:
        every = every[carried(every)[0] == carries]
    found = operands(row_keys(np.arange(60 * len(every)), key_of("t")), (2, 1, carries))
    counts = Counter(map(tuple, found.tolist()))
    assert set(counts) == set(map(tuple, every.tolist()))
    squares = sum((count - 60) ** 2 / 60 for count in counts.values())
    assert abs(squares - (len(every) - 1)) < 5 * (2 * len(every)) ** 0.5


def test_carries_come_at_exact_shares(write):
    recipe = Addition(digits=(2, 12), carries={0: 0.5, 1: 0.2, 2: 0.3}, documents=1_000)
    _, labels = write(recipe)
    counts = Counter(value for known in labels for value in known["constructions"])
    assert (counts["carries 0"], counts["carries 1"], counts["carries 2"]) == (500, 200, 300)
    assert recipe.shares["carries 1"] == pytest.approx(0.2)
    assert counts["2+2 digits"] == 250
    planned = recipe.generator(Workbench()).planned["construction"]
    assert all(counts[name] == count for name, (_, count) in planned.items())


@settings(deadline=None, max_examples=25)
@given(st.sets(st.integers(1, 12), min_size=1, max_size=4), st.integers(0, 2**40))
def test_sums_are_right_and_labelled(digits, seed):
    texts, labels = Addition(digits=tuple(digits), seed=seed, documents=80).generator(Workbench())(np.arange(80))
    for text, known in zip(texts, labels, strict=True):
        a, plus, b, equals, c = text.split(" ")
        assert (plus, equals) == ("+", "=")
        assert int(a) + int(b) == int(c)
        assert (len(a), len(b)) in {(n, m) for n in digits for m in digits}
        assert known["construction"] == f"{len(a)}+{len(b)} digits"
        assert text.encode()[known["answer_start"] : known["answer_end"]].decode() == c
        carries, chain = len_carries(a, b)
        assert known["constructions"] == [known["construction"], f"carries {carries}", f"chain {chain}"]


def len_carries(a, b):
    """School arithmetic, digit by digit."""
    carry, carries, chain, longest = 0, 0, 0, 0
    for x, y in zip(a.zfill(14)[::-1], b.zfill(14)[::-1], strict=True):
        carry = int(int(x) + int(y) + carry > 9)
        carries += carry
        chain = chain + 1 if carry else 0
        longest = max(longest, chain)
    return carries, longest


def test_carries_by_hand():
    carries, chains = carried(np.array([[1, 2], [5, 5], [99, 1], [909, 91], [808, 303]]))
    assert carries.tolist() == [0, 1, 2, 3, 2]
    assert chains.tolist() == [0, 1, 2, 3, 1]


def test_cells_of_digits_are_exactly_counted(write):
    _, labels = write(Addition(digits={1: 0.2, 3: 0.8}, documents=1_000))
    counts = Counter(known["construction"] for known in labels)
    assert counts == {"1+1 digits": 40, "1+3 digits": 160, "3+1 digits": 160, "3+3 digits": 640}


def test_no_held_out_length_and_no_held_out_pair_is_trained_on(write):
    fields = {"digits": (1, 2, 3), "held_out_digits": (3,), "held_out_share": 0.2}
    train, train_labels = write(Addition(**fields, documents=20_000))
    test, labels = write(Addition(**fields, documents=5_000, split="held-out"))
    unordered = {frozenset(pair) for pair in pairs_of(train)}
    assert not unordered & {frozenset(pair) for pair in pairs_of(test)}
    assert {known["construction"] for known in train_labels} == {f"{n}+{m} digits" for n in (1, 2) for m in (1, 2)}
    told = {known["constructions"][-1]: "3" in known["construction"] for known in labels}
    assert told == {"held-out length": True, "held-out pair": False}


def test_a_side_without_a_pair_is_refused():
    recipe = Addition(digits=(1,), held_out_share=1e-9, split="held-out", documents=5)
    with pytest.raises(RecipeError, match=r"no pair on the held-out side.*held_out_share"):
        recipe.generator(Workbench())(np.arange(5))
