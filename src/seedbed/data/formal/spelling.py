"""Letter drills on made-up or frequent words: which words are drilled, and what each task asks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from seedbed.data.formal.base import Planned
from seedbed.data.formal.draws import Ints, apportioned, dealt, permuted, planned, row_keys
from seedbed.data.formal.word_recipes import MENTION, Spelling, spelling_tasks
from seedbed.data.grammar.hashing import key_of, numbers
from seedbed.errors import RecipeError

DEFAULT_WORDS = 1_000
ROW = 4  # words in a task on words

Word = tuple[str, ...]
"""A word as its strings."""


class SpellingDraws:
    """Documents of a `Spelling` recipe.

    drilled: the words that training spells. held_out: those that the dose leaves out. never: words of strings that are
    never drilled.
    """

    def __init__(self, recipe: Spelling) -> None:
        self.recipe = recipe
        self.documents = recipe.documents
        self._key = key_of("spelling", recipe.seed)
        words, self.never = _made_up(recipe) if recipe.vocabulary == "random" else (_frequent(recipe), [])
        drilled = round(recipe.dose * len(words))
        self.drilled, self.held_out = words[:drilled], words[drilled:]
        sides = {"train": self.drilled, "held-out": self.held_out, "never-drilled": self.never}
        self._words = sides[recipe.split]
        if not self._words:
            raise RecipeError(f"Spelling: a dose of {recipe.dose:g} of {len(words)} words leaves none; change dose")
        every = [*self.drilled, *self.held_out, *self.never]
        self._every = [every[place] for place in permuted(np.arange(len(every)), len(every), self._key).tolist()]
        shares = spelling_tasks(recipe)
        self._tasks = list(shares)
        self._counts = apportioned(list(shares.values()), recipe.documents)
        self.planned: Planned = {"construction": planned(shares, self._counts)}
        self.planned["words"] = {"ever drilled": (recipe.dose, drilled)}

    def __call__(self, places: Ints) -> tuple[list[str], list[dict[str, Any]]]:
        """Texts and labels of these documents."""
        task, time = dealt(places, self._counts, self._key)
        draws = numbers(row_keys(places, self._key)[:, None], np.arange(1, ROW + 5, dtype=np.uint64))
        texts, labels = [], []
        for chosen, number, drawn in zip(task.tolist(), time.tolist(), draws.tolist(), strict=True):
            name = self._tasks[chosen]
            words = self._every if name == MENTION else self._words
            # Words take turns, so that all are drilled equally often, but for one.
            word = words[(number + int(self._key)) % len(words)]
            asked = Asked(self.recipe, word, words, number, drawn)
            question, answer, more = TASKS[name](asked)
            prompt = f"{name} {question} : "
            texts.append(prompt + answer)
            start = len(prompt.encode())
            labels.append(
                {
                    "task": "spelling",
                    "construction": name,
                    "constructions": [name],
                    "item": prompt[:-3],
                    "word": "".join(word),
                    "letters": sum(map(len, word)),
                    "answer_start": start,
                    "answer_end": start + len(answer.encode()),
                    "split": self.recipe.split,
                }
                | more
            )
        return texts, labels


class Written(Protocol):
    """How a recipe of drills writes words, and which letters it asks for."""

    @property
    def alphabet(self) -> str:
        """The letters, each once."""
        ...

    @property
    def spaced(self) -> bool:
        """Whether a word's strings stand apart."""
        ...


class Asked:
    """One question: its word, and random numbers for what else it takes.

    word: as strings. words: of this side of the split. number: of the document within its task. drawn: random numbers.
    """

    def __init__(self, recipe: Written, word: Word, words: list[Word], number: int, drawn: list[int]) -> None:
        self.recipe, self.words, self.number, self.drawn = recipe, words, number, drawn
        self.word = word
        self.letters = "".join(word)

    def shown(self, word: Word | None = None) -> str:
        """A word as it stands in the text."""
        return (" " if self.recipe.spaced else "").join(self.word if word is None else word)

    def within(self, which: int) -> str:
        """A letter of the word; each different letter is equally likely."""
        there = sorted(set(self.letters))
        return there[self.drawn[which] % len(there)]

    def without(self, which: int) -> str:
        """A letter of the alphabet that is not in the word, or one that is where it has them all."""
        alphabet = self.alphabet
        return (absent := [each for each in alphabet if each not in self.letters] or alphabet)[
            self.drawn[which] % len(absent)
        ]

    def any_letter(self, which: int) -> str:
        """A letter of the alphabet."""
        return self.alphabet[self.drawn[which] % len(self.alphabet)]

    @property
    def alphabet(self) -> list[str]:
        """The letters that are asked for."""
        return list(self.recipe.alphabet)

    @property
    def odd(self) -> bool:
        """True for every other question, and for every word in every other of its turns."""
        return bool((self.number + self.number // len(self.words)) % 2)

    def row(self) -> list[Word]:
        """The word among others, at a random place."""
        others = [self.words[number % len(self.words)] for number in self.drawn[4 : 4 + ROW - 1]]
        others.insert(self.drawn[3] % ROW, self.word)
        return others


Answered = tuple[str, str, dict[str, Any]]


def _spaced(letters: str) -> str:
    return " ".join(letters)


def _spell(asked: Asked) -> Answered:
    return asked.shown(), _spaced(asked.letters), {}


def _contains(asked: Asked) -> Answered:
    letter = asked.within(0) if asked.odd else asked.without(0)
    return f"{letter} {asked.shown()}", "yes" if letter in asked.letters else "no", {"letter": letter}


def _count(asked: Asked) -> Answered:
    letter = asked.within(0) if asked.odd else asked.without(0)
    count = asked.letters.count(letter)
    return f"{letter} {asked.shown()}", str(count), {"letter": letter, "count": count}


def _insert(asked: Asked) -> Answered:
    new, after = asked.any_letter(0), asked.within(1)
    return f"{new} after {after} {asked.shown()}", _spaced(asked.letters.replace(after, after + new, 1)), {}


def _delete(asked: Asked) -> Answered:
    letter = asked.within(0)
    return f"{letter} {asked.shown()}", _spaced(asked.letters.replace(letter, "", 1)), {}


def _substitute(asked: Asked) -> Answered:
    old, new = asked.within(0), asked.any_letter(1)
    return f"{old} by {new} {asked.shown()}", _spaced(asked.letters.replace(old, new, 1)), {}


def _swap(asked: Asked) -> Answered:
    first = asked.within(0)
    others = sorted(set(asked.letters) - {first}) or [first]
    second = others[asked.drawn[1] % len(others)]
    letters = list(asked.letters)
    a, b = letters.index(first), letters.index(second)
    letters[a], letters[b] = second, first
    return f"{first} and {second} {asked.shown()}", " ".join(letters), {}


def _insert_word(asked: Asked) -> Answered:
    row, new = asked.row(), asked.words[asked.drawn[0] % len(asked.words)]
    after = row.index(asked.word)
    changed = [*row[: after + 1], new, *row[after + 1 :]]
    return f"{asked.shown(new)} after {asked.shown()} in {_in_row(asked, row)}", _in_row(asked, changed), {}


def _delete_word(asked: Asked) -> Answered:
    row = asked.row()
    where = row.index(asked.word)
    return f"{asked.shown()} in {_in_row(asked, row)}", _in_row(asked, row[:where] + row[where + 1 :]), {}


def _substitute_word(asked: Asked) -> Answered:
    row, new = asked.row(), asked.words[asked.drawn[0] % len(asked.words)]
    where = row.index(asked.word)
    changed = [*row[:where], new, *row[where + 1 :]]
    return f"{asked.shown()} by {asked.shown(new)} in {_in_row(asked, row)}", _in_row(asked, changed), {}


def _swap_words(asked: Asked) -> Answered:
    row = asked.row()
    other = row[asked.drawn[0] % len(row)]
    a, b = row.index(asked.word), row.index(other)
    changed = list(row)
    changed[a], changed[b] = other, asked.word
    return f"{asked.shown()} and {asked.shown(other)} in {_in_row(asked, row)}", _in_row(asked, changed), {}


def _in_row(asked: Asked, row: list[Word]) -> str:
    return " ".join(map(asked.shown, row))


def _mention(asked: Asked) -> Answered:
    return asked.shown(), asked.shown(), {}


TASKS: dict[str, Callable[[Asked], Answered]] = {
    "spell": _spell,
    "contains": _contains,
    "count": _count,
    "insert": _insert,
    "delete": _delete,
    "substitute": _substitute,
    "swap": _swap,
    "insert word": _insert_word,
    "delete word": _delete_word,
    "substitute word": _substitute_word,
    "swap words": _swap_words,
    MENTION: _mention,
}


def _made_up(recipe: Spelling) -> tuple[list[Word], list[Word]]:
    """Words that may be drilled, and all words of strings that are never drilled, each in an order of its own."""
    base = len(recipe.alphabet)
    every = base**recipe.token_letters
    places = permuted(np.arange(recipe.tokens), every, key_of("spelling", recipe.seed, "tokens"))
    strings = [
        "".join(recipe.alphabet[place // base**power % base] for power in range(recipe.token_letters))
        for place in places.tolist()
    ]
    cut = recipe.tokens - recipe.never_drilled
    count = recipe.drillable if recipe.words is None else recipe.words
    key = key_of("spelling", recipe.seed, "words")
    drillable = _combined(strings[:cut], recipe.word_tokens, count, key)
    most = min(recipe.never_drilled**recipe.word_tokens, count)
    return drillable, _combined(strings[cut:], recipe.word_tokens, most, key)


def _combined(strings: list[str], length: int, count: int, key: np.uint64) -> list[Word]:
    """The first `count` of all words of so many strings, in the order of a permutation."""
    base = len(strings)
    places = permuted(np.arange(count), base**length, key).tolist()
    return [tuple(strings[place // base**power % base] for power in range(length)) for place in places]


def _frequent(recipe: Spelling) -> list[Word]:
    words = frequent_words(recipe)
    order = permuted(np.arange(len(words)), len(words), key_of("spelling", recipe.seed, "words"))
    return [(words[place],) for place in order.tolist()]


def frequent_words(recipe: Spelling) -> tuple[str, ...]:
    """The most frequent words of the recipe's language, of two and more letters of its alphabet.

    Errors: RecipeError for a language without a list, or one with fewer such words.
    """
    wanted = DEFAULT_WORDS if recipe.words is None else recipe.words
    found = _listed(recipe.vocabulary, recipe.alphabet, wanted)
    if len(found) < wanted:
        raise RecipeError(
            f"Spelling: the word list of {recipe.vocabulary!r} has {len(found)} words in the letters of alphabet, not "
            f"{wanted}; lower words, or give the language's letters as alphabet="
        )
    return found


@lru_cache(maxsize=8)
def _listed(language: str, alphabet: str, wanted: int) -> tuple[str, ...]:
    from wordfreq import available_languages, top_n_list

    known = available_languages()
    if language not in known:
        raise RecipeError(
            f"Spelling: wordfreq has no word list for {language!r}; take 'random' or one of {', '.join(sorted(known))}"
        )
    letters = set(alphabet)
    listed = top_n_list(language, 20 * wanted)
    words = [word for word in listed if len(word) > 1 and letters.issuperset(word)]
    return tuple(words[:wanted])


def words_digest(words: tuple[str, ...]) -> str:
    """SHA-256 of words in order."""
    return hashlib.sha256("\n".join(words).encode()).hexdigest()
