from __future__ import annotations

import numpy as np
import pytest

from seedbed.data.grammar.documents import Request, Sampler
from seedbed.data.grammar.holdout import HoldOut
from seedbed.errors import RecipeError
from tests.data.grammar.toys import zoo


def drawn(sampler, count):
    (piece,) = sampler.draw(np.arange(count), np.full((count, 2), -1))
    return piece.forest


def test_each_kind_finds_its_own():
    grammar = zoo(
        ("share = 0.05", "words = { noun = ['yak'] }\ntogether = [['newt', 'relative'], ['sleep', 'wait']]\ndepth = 2")
    )
    sampler = Sampler(grammar, Request(split="any"))
    forest = drawn(sampler, 400)
    sentences = sampler.sentences(0, 400)
    wanted = {
        "words": ["yak" in each.concepts for each in sentences],
        "depth": [each.labels["embedding_depth"] >= 2 for each in sentences],
        "together": [
            ("newt" in each.concepts and "relative" in each.labels["constructions"])
            or {"sleep", "wait"} <= set(each.concepts)
            for each in sentences
        ],
    }
    for kind, which in wanted.items():
        found = HoldOut(sampler.tables, Request(split="held-out", held_out=kind)).in_split(forest)
        assert found.tolist() == which
        assert 0 < sum(which) < 400
    every = HoldOut(sampler.tables, Request(split="any")).any_of(forest)
    assert every.tolist() == [any(each) for each in zip(*wanted.values(), strict=True)]


def test_too_many_words_are_refused():
    names = ", ".join(f'"w{i}"' for i in range(70))
    grammar = zoo(
        ('["sleep", "wait"]', f"[{names}]"),
        ("share = 0.05", f"words = {{ verb = [{names.rpartition(',')[0]}] }}"),
    )
    with pytest.raises(RecipeError, match="held_out: names more than 64 words; hold out fewer"):
        Sampler(grammar, Request())
