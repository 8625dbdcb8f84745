from __future__ import annotations

import json

import pytest

from seedbed.data.formal.pairs import answer_pairs
from seedbed.data.formal.recipes import Addition, ModularArithmetic, RandomStrings
from seedbed.data.formal.word_recipes import Facts, Spelling
from seedbed.errors import RecipeError


@pytest.mark.parametrize(
    "recipe",
    [
        ModularArithmetic(11, split="held-out"),
        Addition(documents=500),
        Facts("people", repeats={2: 90}),
        Spelling(split="held-out", documents=500),
    ],
)
def test_sides_differ_in_the_answer_alone(recipe, write, answers):
    written = write(recipe)
    right = dict(zip(written[0], answers(written), strict=True))
    lines = [json.loads(line) for line in answer_pairs(recipe, 50, name="p")]
    assert len({line["sentence_good"] for line in lines}) == 50
    for line in lines:
        good, bad, answer = line["sentence_good"], line["sentence_bad"], right[line["sentence_good"]]
        assert line["UID"] == "p"
        assert good != bad
        assert len(good.split()) == len(bad.split())
        place = good.encode().index(answer.encode()) if recipe.__class__ is Facts else good.rindex(answer)
        assert good[:place] == bad[:place]
        assert bad not in right


def test_a_source_without_answers_or_with_too_few_is_refused():
    with pytest.raises(RecipeError, match="RandomStrings marks no answers"):
        answer_pairs(RandomStrings(4, 4, documents=9), 2, name="p")
    with pytest.raises(RecipeError, match=r"makes \d+ pairs of different questions, fewer than 99"):
        answer_pairs(ModularArithmetic(3), 99, name="p")
