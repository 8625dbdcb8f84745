from __future__ import annotations

from collections import Counter

import numpy as np

from seedbed.data.formal.recipes import RandomStrings, SkipTrigrams
from seedbed.workbench import Workbench


def test_words_are_uniform_and_independent(write):
    texts, _ = write(RandomStrings(8, 20, documents=2_000))
    drawn = np.array([[int(word[1:]) for word in text.split(" ")] for text in texts])
    assert drawn.shape == (2_000, 20)
    expected = drawn.size / 8
    assert (np.abs(np.bincount(drawn.ravel(), minlength=8) - expected) < 5 * expected**0.5).all()
    pairs = Counter(zip(drawn[:, 0].tolist(), drawn[:, 1].tolist(), strict=True))
    assert all(abs(count - 2_000 / 64) < 5 * (2_000 / 64) ** 0.5 for count in pairs.values())


def test_information_is_counted_in_bits():
    assert RandomStrings(2_048, 64, documents=1).information_bits == 704
    assert RandomStrings(2_048, 64, documents=10).information_bits == 7_040


def test_the_answer_follows_from_trigger_and_cue_alone(write, answers):
    recipe = SkipTrigrams(triggers=5, cues=3, documents=3_000)
    table = recipe.generator(Workbench()).answers
    written = write(recipe)
    assert all(len(set(row)) == 3 for row in table.tolist())
    for text, known, answer in zip(*written, answers(written), strict=True):
        *_, cue, last = words = text.split(" ")
        trigger = next(word for word in words if word[0] == "a")
        gap = len(words) - 3 - words.index(trigger)
        right = f"c{table[int(trigger[1:]), int(cue[1:])]}"
        assert last == answer == right
        assert known["construction"] == f"gap {gap}"
        assert known["item"] == f"{trigger} {cue}"
        assert set(known["crossed"]) == {f"c{c}" for c in table[int(trigger[1:])]} - {right}
        assert sum(word[0] in "abc" for word in words) == 3


def test_neither_trigger_nor_cue_alone_tells_the_answer(write):
    recipe = SkipTrigrams(triggers=6, cues=2, documents=1)
    table = recipe.generator(Workbench()).answers
    assert all(len(set(column)) > 1 for column in table.T.tolist())
    assert all(len(set(row)) > 1 for row in table.tolist())


def test_gaps_are_exactly_counted_and_held_out(write):
    fields = {"gaps": {1: 0.5, 3: 0.25, 9: 0.25}, "held_out_gaps": (9,)}
    _, labels = write(SkipTrigrams(**fields, documents=900))
    assert Counter(known["construction"] for known in labels) == {"gap 1": 600, "gap 3": 300}
    _, labels = write(SkipTrigrams(**fields, documents=90, split="held-out"))
    assert {known["construction"] for known in labels} == {"gap 9"}
