"""Letter drills on real words: which words are drilled and which are held out, and what each task asks and answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from seedbed.data.formal.base import Planned
from seedbed.data.formal.draws import Ints, apportioned, dealt, permuted, planned, row_keys, zipf
from seedbed.data.formal.spelling import TASKS, Answered, Asked, Word, words_digest
from seedbed.data.formal.word_recipes import MENTION, LetterDrills, letter_tasks
from seedbed.data.grammar.hashing import key_of, numbers, unit
from seedbed.errors import RecipeError

DRAWS = 8
MENTIONED = 3
"""Words of a mention."""
CLASSES = 3
"""Counts are asked for in turn: none, one, and two or more."""


@dataclass(frozen=True)
class Listed:
    """A word with its rank in the language's list (0 is the most frequent) and its band of ranks, 0 the first."""

    word: str
    rank: int
    band: int


@dataclass(frozen=True)
class Words:
    """The words of a recipe on both sides of the split, each side in an order of its own."""

    drilled: tuple[Listed, ...]
    held_out: tuple[Listed, ...]

    @property
    def every(self) -> list[Listed]:
        """All words, by rank."""
        return sorted((*self.drilled, *self.held_out), key=lambda each: each.rank)


class LetterDraws:
    """Documents of a `LetterDrills` recipe."""

    def __init__(self, recipe: LetterDrills) -> None:
        self.recipe = recipe
        self.documents = recipe.documents
        self._key = key_of("letters", recipe.seed, recipe.split)
        self.words = chosen_words(recipe)
        side = self.words.held_out if recipe.split == "held-out" else self.words.drilled
        if not side:
            raise RecipeError("LetterDrills: no word is on this side of the split; change words or held_out_share")
        order = permuted(np.arange(len(side)), len(side), self._key)
        self._side = [side[place] for place in order.tolist()]
        self._strings: list[Word] = [(each.word,) for each in self._side]
        self._every = self.words.every
        self._rates = np.cumsum(zipf(len(self._every), recipe.alpha))
        # Absent letters are drawn as letters stand in words, so that a letter alone says little of its count.
        self._letters = "".join(each.word for each in self._every)
        shares = letter_tasks(recipe)
        self._tasks = list(shares)
        self._counts = apportioned(list(shares.values()), recipe.documents)
        self.planned: Planned = {"construction": planned(shares, self._counts)}

    def __call__(self, places: Ints) -> tuple[list[str], list[dict[str, Any]]]:
        """Texts and labels of these documents."""
        tasks, times = dealt(places, self._counts, self._key)
        made: list[tuple[str, dict[str, Any]]] = [("", {})] * len(places)
        for number, task in enumerate(self._tasks):
            rows = np.flatnonzero(tasks == number)
            for row, document in zip(rows.tolist(), self._of_task(number, task, times[rows]), strict=True):
                made[row] = document
        return [text for text, _ in made], [labels for _, labels in made]

    def _of_task(self, number: int, task: str, times: Ints) -> list[tuple[str, dict[str, Any]]]:
        if task == MENTION:
            return [self._mention(draws) for draws in self._draws(task, times)]
        others = times
        if self.recipe.answers == "dealt":
            # A permutation of the task's questions, so that all answers are as frequent as they were.
            others = permuted(times, int(self._counts[number]), key_of("letters", self.recipe.seed, "dealt", task))
        return [
            self._question(task, time, draws, self._answered(task, other, answers)[0][1])
            for time, draws, other, answers in zip(
                times.tolist(), self._draws(task, times), others.tolist(), self._draws(task, others), strict=True
            )
        ]

    def _draws(self, task: str, times: Ints) -> list[list[int]]:
        keys = row_keys(times, key_of("letters", self.recipe.seed, self.recipe.split, task))
        found: list[list[int]] = numbers(keys[:, None], np.arange(1, DRAWS + 1, dtype=np.uint64)).tolist()
        return found

    def _answered(self, task: str, time: int, draws: list[int]) -> tuple[Answered, Listed]:
        place = time % len(self._side)
        asked = Asked(self.recipe, self._strings[place], self._strings, time, draws)
        # Every word comes with every class of counts in its turns.
        turn = time + time // len(self._side)
        answered = count(asked, turn % CLASSES, self._letters) if task == "count" else ASKED[task](asked)
        return answered, self._side[place]

    def _question(self, task: str, time: int, draws: list[int], answer: str) -> tuple[str, dict[str, Any]]:
        (question, _, more), listed = self._answered(task, time, draws)
        return document(task, question, answer, listed, self.recipe.split, more)

    def _mention(self, draws: list[int]) -> tuple[str, dict[str, Any]]:
        """Words at Zipf rates of their ranks. The last stands for the answer, so that every document marks one."""
        at = np.searchsorted(self._rates, unit(np.array(draws[:MENTIONED], np.uint64)), side="right")
        chosen = [self._every[min(place, len(self._every) - 1)] for place in at.tolist()]
        shown = " ".join(each.word for each in chosen[:-1])
        return document(MENTION, shown, chosen[-1].word, chosen[-1], self.recipe.split, {})


def document(
    task: str, question: str, answer: str, listed: Listed, split: str, more: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The text "task question : answer" and its labels.

    The space before the answer is marked as a part of it. Many tokenizers have " 1" in one token and " 7" in two: if
    the answer began behind the space, it would show in whether the question ends in a space of its own.
    """
    prompt = f"{task} {question} :"
    answer = f" {answer}"
    labels = {
        "task": "letters",
        "construction": task,
        "constructions": [task],
        "item": prompt[:-2],
        "word": listed.word,
        "letters": len(listed.word),
        "rank": listed.rank,
        "band": listed.band,
        "answer_start": len(prompt.encode()),
        "answer_end": len((prompt + answer).encode()),
        "split": split,
    }
    return prompt + answer, labels | more


def count(asked: Asked, wanted: int, letters: str) -> Answered:
    """How many of a letter are in the word: none (wanted 0), one (1), or two and more (2).

    Where no letter stands twice, one or none is asked for instead. letters: where absent ones are drawn from.
    """
    word = asked.letters
    often = {letter: word.count(letter) for letter in sorted(set(word))}
    if wanted == 2 and max(often.values()) < 2:
        wanted = asked.drawn[1] % 2
    fitting = [letter for letter, times in often.items() if min(times, 2) == wanted]
    if not wanted or not fitting:
        start = asked.drawn[0] % len(letters)
        turned = (letters[(start + step) % len(letters)] for step in range(len(letters)))
        letter = next((each for each in turned if each not in often), "")
        letter = letter or asked.without(0)
    else:
        letter = fitting[asked.drawn[0] % len(fitting)]
    times = word.count(letter)
    return f"{letter} {asked.shown()}", str(times), {"letter": letter, "count": times}


def _first(asked: Asked) -> Answered:
    return asked.shown(), asked.letters[0], {}


def _last(asked: Asked) -> Answered:
    return asked.shown(), asked.letters[-1], {}


ASKED: dict[str, Callable[[Asked], Answered]] = {
    **{name: TASKS[name] for name in ("spell", "contains", "insert", "delete", "substitute", "swap")},
    "first letter": _first,
    "last letter": _last,
}


@lru_cache(maxsize=8)
def _listed(language: str, deepest: int, alphabet: str) -> tuple[str, ...]:
    from wordfreq import available_languages, top_n_list

    known = available_languages()
    if language not in known:
        raise RecipeError(
            f"LetterDrills: wordfreq has no word list for {language!r}; take one of {', '.join(sorted(known))}"
        )
    letters = set(alphabet)
    # A list holds numbers, names with points and words of other letters too; twice as many are enough for all lists.
    listed = top_n_list(language, 2 * deepest)
    return tuple(word for word in listed if letters.issuperset(word))[:deepest]


def chosen_words(recipe: LetterDrills) -> Words:
    """The words of a recipe, equally many of each band of ranks, split alike in every band and length.

    Errors: RecipeError for a language without a list, or a band with too few words.
    """
    shape = (recipe.language, recipe.bands, recipe.lengths, recipe.words, recipe.held_out_share, recipe.alphabet)
    return _chosen(*shape, recipe.always_drilled, recipe.always_held_out, recipe.seed)


@lru_cache(maxsize=8)
def _chosen(
    language: str,
    bands: tuple[int, ...],
    lengths: tuple[int, int],
    words: int,
    share: float,
    alphabet: str,
    drilled: tuple[str, ...],
    held_out: tuple[str, ...],
    seed: int,
) -> Words:
    listed = _listed(language, bands[-1], alphabet)
    ranks = {word: rank for rank, word in enumerate(listed)}
    named = {*drilled, *held_out}
    if missing := sorted(named - ranks.keys()):
        raise RecipeError(
            f"LetterDrills: {missing[0]!r} is not among the {len(listed):,} most frequent words of {language!r}; leave "
            "it out, or raise the last of bands"
        )
    chosen: list[Listed] = []
    for band, (above, below) in enumerate(zip((0, *bands), bands, strict=False)):
        inside = [
            Listed(word, rank, band)
            for rank, word in enumerate(listed[above:below], above)
            if lengths[0] <= len(word) <= lengths[1] and word not in named
        ]
        wanted = (words * (band + 1)) // len(bands) - (words * band) // len(bands)
        if len(inside) < wanted:
            raise RecipeError(
                f"LetterDrills: ranks {above:,} to {below:,} of {language!r} hold {len(inside)} words of {lengths[0]} "
                f"to {lengths[1]} letters, not {wanted}; lower words, or widen bands or lengths"
            )
        order = permuted(np.arange(len(inside)), len(inside), key_of("letters", seed, "band", band))
        chosen += [inside[place] for place in order.tolist()[:wanted]]
    sides: tuple[list[Listed], list[Listed]] = ([], [])
    # Systematic sampling along band and length: every cell loses its share, to within one word.
    chosen.sort(key=lambda each: (each.band, len(each.word)))
    for place, each in enumerate(chosen):
        sides[int(int((place + 1) * share) > int(place * share))].append(each)
    for side, words_ in zip(sides, (drilled, held_out), strict=True):
        side += [Listed(word, ranks[word], _band(ranks[word], bands)) for word in words_]
    return Words(tuple(sides[0]), tuple(sides[1]))


def _band(rank: int, bands: Sequence[int]) -> int:
    return next(band for band, below in enumerate(bands) if rank < below)


def drills_digest(recipe: LetterDrills) -> str:
    """SHA-256 of the words in order, with the ranks that rates of mentions go by."""
    words = chosen_words(recipe)
    sides = (*words.drilled, Listed("", 0, 0), *words.held_out)
    return words_digest(tuple(f"{each.word} {each.rank}" for each in sides))
