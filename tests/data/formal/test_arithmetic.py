from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.data.formal.arithmetic import carried
from seedbed.data.formal.recipes import Addition, ModularArithmetic
from seedbed.errors import RecipeError
from seedbed.workbench import Workbench


def pairs_of(texts):
    return [tuple(int(word) for word in text.split(" = ")[0].split(f" {text.split()[1]} ")) for text in texts]


@pytest.mark.parametrize("operation", ["+", "-", "*", "/"])
@pytest.mark.parametrize("mirrored", ["together", "free"])
def test_every_pair_is_on_one_side_and_right(operation, mirrored, write, answers):
    fields = {"p": 11, "operation": operation, "mirrored": mirrored, "train_share": 0.4}
    sides = [write(ModularArithmetic(**fields, split=split)) for split in ("train", "held-out")]
    train, test = (pairs_of(texts) for texts, _ in sides)
    assert not set(train) & set(test)
    assert sorted(train + test) == [(a, b) for a in range(11) for b in range(11) if operation != "/" or b]
    for written in sides:
        for (a, b), answer in zip(pairs_of(written[0]), map(int, answers(written)), strict=True):
            if operation == "/":
                assert answer * b % 11 == a
                assert 0 <= answer < 11
            else:
                assert answer == {"+": a + b, "-": a - b, "*": a * b}[operation] % 11


def test_mirrored_pairs_stay_together_or_are_labelled(write):
    train, _ = write(ModularArithmetic(13, mirrored="together"))
    test, labels = write(ModularArithmetic(13, mirrored="together", split="held-out"))
    assert not {(b, a) for a, b in pairs_of(train)} & set(pairs_of(test))
    assert {tuple(known["constructions"]) for known in labels} == {("+ mod 13",)}
    train, _ = write(ModularArithmetic(13, mirrored="free"))
    test, labels = write(ModularArithmetic(13, mirrored="free", split="held-out"))
    in_train = set(pairs_of(train))
    told = ["mirror in train" in known["constructions"] for known in labels]
    assert told == [(b, a) in in_train for a, b in pairs_of(test)]
    assert any(told)
    assert not all(told)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 30), st.floats(0.05, 1), st.floats(0.05, 1), st.sampled_from(["together", "free"]))
def test_shares_are_exact_to_a_pair_and_nested(p, one, other, mirrored):
    few, many = sorted((one, other))
    texts = {}
    for share in (few, many):
        generator = ModularArithmetic(p, train_share=share, mirrored=mirrored).generator(Workbench())
        assert 0 <= round(share * p * p) - generator.documents <= (mirrored == "together")
        asked, count = next(iter(generator.planned["split"].values()))
        assert (asked, count) == (share, generator.documents)
        texts[share] = set(generator(np.arange(generator.documents))[0])
    assert texts[few] <= texts[many]


def test_more_documents_than_pairs_are_refused():
    with pytest.raises(RecipeError, match=r"holds 20 pairs, fewer than the 21.*repeat_up_to"):
        ModularArithmetic(7, mirrored="free", documents=21).generator(Workbench())
    assert ModularArithmetic(7, documents=5).generator(Workbench()).documents == 5


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
