"""Which words are drilled, what is asked of them, and the control whose answers are dealt."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from seedbed.data.formal.letters import LetterDraws, chosen_words
from seedbed.data.formal.word_recipes import DRILL_TASKS, LetterDrills
from seedbed.errors import RecipeError

DRILLS = LetterDrills(
    words=300,
    tasks=DRILL_TASKS,
    always_drilled=("strawberry",),
    always_held_out=("blueberry",),
    documents=3_000,
)


def solved(question):
    """The answer to a question, read from the text alone."""
    task, *given, word = question.split(" ")
    match task, given:
        case "count", [letter]:
            return str(word.count(letter))
        case "spell", []:
            return " ".join(word)
        case "contains", [letter]:
            return "yes" if letter in word else "no"
        case "first", ["letter"]:
            return word[0]
        case "last", ["letter"]:
            return word[-1]
        case "insert", [new, "after", old]:
            return " ".join(word.replace(old, old + new, 1))
        case "delete", [old]:
            return " ".join(word.replace(old, "", 1))
        case "substitute", [old, "by", new]:
            return " ".join(word.replace(old, new, 1))
        case "swap", [one, "and", other]:
            a, b = word.index(one), word.index(other)
            letters = list(word)
            letters[a], letters[b] = letters[b], letters[a]
            return " ".join(letters)
    raise AssertionError(question)


def test_every_task_is_exact(write, answers):
    written = write(DRILLS)
    assert set(Counter(known["construction"] for known in written[1]).values()) == {300}
    for text, known, answer in zip(*written, answers(written), strict=True):
        assert text == f"{known['item']} :{answer}"
        if known["construction"] != "mention":
            assert answer == " " + solved(known["item"])


@pytest.mark.parametrize("split", ["train", "seen", "held-out"])
def test_a_side_asks_about_its_words_alone(split, write):
    words = chosen_words(DRILLS)
    side = {each.word for each in (words.held_out if split == "held-out" else words.drilled)}
    _, labels = write(replace(DRILLS, split=split))
    assert {known["word"] for known in labels if known["construction"] == "count"} == side
    assert not {each.word for each in words.drilled} & {each.word for each in words.held_out}
    assert ("strawberry" in side) == (split != "held-out")
    assert ("blueberry" in side) == (split == "held-out")


def test_a_test_mentions_nothing_and_a_mention_names_both_sides(write):
    _, labels = write(replace(DRILLS, split="held-out"))
    assert "mention" not in {known["construction"] for known in labels}
    words = chosen_words(DRILLS)
    texts, _ = write(replace(DRILLS, tasks=("mention",)))
    named = Counter(word for text in texts for word in text.removeprefix("mention ").replace(" :", "").split(" "))
    for side in (words.drilled, words.held_out):
        assert len({each.word for each in side} & named.keys()) > 0.9 * len(side)
    ranked = [named[each.word] for each in words.every]
    # At rates 1/rank the first of 302 words has 16 % of 9,000; the last 100 share 6 %.
    assert ranked[0] == pytest.approx(9_000 * 0.159, rel=0.1)
    assert sum(ranked[-100:]) == pytest.approx(9_000 * 0.064, rel=0.25)


def test_the_split_is_alike_in_every_band_and_length():
    words = chosen_words(replace(DRILLS, words=1_200, always_drilled=(), always_held_out=()))
    assert (len(words.drilled), len(words.held_out)) == (960, 240)
    cells = Counter((each.band, len(each.word)) for each in words.every)
    held = Counter((each.band, len(each.word)) for each in words.held_out)
    assert all(abs(held[cell] - 0.2 * many) <= 1 for cell, many in cells.items())
    assert {band: sum(many for (at, _), many in cells.items() if at == band) for band in range(3)} == {
        0: 400,
        1: 400,
        2: 400,
    }
    assert all(5 <= len(each.word) <= 10 for each in words.every)


def test_counts_are_asked_in_turn_and_absent_letters_are_common_ones(write):
    _, labels = write(replace(DRILLS, tasks=("count",), documents=9_000))
    counts = Counter(min(known["count"], 2) for known in labels)
    twice = np.mean([max(Counter(known["word"]).values()) > 1 for known in labels])
    assert counts[2] / 9_000 == pytest.approx(twice / 3, abs=0.01)
    assert counts[0] == pytest.approx(counts[1], rel=0.05)
    absent = Counter(known["letter"] for known in labels if not known["count"])
    assert absent["e"] > 5 * absent["z"]


def test_dealt_answers_are_the_same_answers_to_other_questions(write, answers):
    true, dealt = write(DRILLS), write(replace(DRILLS, answers="dealt"))
    questions = [known["item"] for known in true[1]]
    assert [known["item"] for known in dealt[1]] == questions
    given = {"true": answers(true), "dealt": answers(dealt)}
    for task in DRILL_TASKS:
        rows = [row for row, known in enumerate(true[1]) if known["construction"] == task]
        assert Counter(given["true"][row] for row in rows) == Counter(given["dealt"][row] for row in rows)
    spelled = [row for row, known in enumerate(true[1]) if known["construction"] == "spell"]
    assert sum(given["true"][row] == given["dealt"][row] for row in spelled) < 6
    counts = [row for row, known in enumerate(true[1]) if known["construction"] == "count"]
    shares = np.array(list(Counter(given["true"][row] for row in counts).values())) / len(counts)
    agree = np.mean([given["true"][row] == given["dealt"][row] for row in counts])
    assert agree == pytest.approx(float((shares**2).sum()), abs=0.1)  # three standard deviations of 300 answers


def test_a_language_of_other_letters():
    german = LetterDrills("de", words=60, alphabet="abcdefghijklmnopqrstuvwxyzäöüß", documents=200, tasks=("spell",))
    texts, labels = LetterDraws(german)(np.arange(200))
    assert any("ü" in text for text in texts)
    for text, known in zip(texts, labels, strict=True):
        assert text.encode()[known["answer_start"] :].decode() == " " + " ".join(known["word"])


@pytest.mark.parametrize(
    ("wrong", "mend"),
    [
        ({"tasks": ("counts",)}, "no letter drill is called 'counts'"),
        ({"tasks": ("mention",), "split": "seen"}, "name a task beside 'mention'"),
        ({"bands": (5, 5)}, "put them in order"),
        ({"lengths": (5, 4)}, "lengths are"),
        ({"always_drilled": ("berry",), "always_held_out": ("berry",)}, "named twice"),
        ({"alphabet": "abca"}, "change alphabet"),
    ],
)
def test_what_contradicts_itself_is_refused(wrong, mend):
    with pytest.raises(RecipeError, match=mend):
        LetterDrills(**wrong)


@pytest.mark.parametrize(
    ("wrong", "mend"),
    [
        ({"language": "tlh"}, "wordfreq has no word list"),
        ({"always_drilled": ("qzqzq",)}, "'qzqzq' is not among"),
        ({"words": 3_000, "bands": (500,)}, "lower words, or widen"),
        ({"held_out_share": 0, "split": "held-out"}, "no word is on this side"),
    ],
)
def test_words_that_are_not_there_are_refused(wrong, mend):
    with pytest.raises(RecipeError, match=mend):
        LetterDraws(LetterDrills(**wrong))
