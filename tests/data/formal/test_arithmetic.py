from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.data.formal.recipes import ModularArithmetic
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
