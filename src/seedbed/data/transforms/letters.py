"""Letters: their case, and letters put for other letters by a key, the same throughout or new at every place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from seedbed.data.grammar.hashing import key_of, numbers
from seedbed.data.transforms.base import EditTransform, draw_key
from seedbed.data.transforms.edits import Edit

LETTERS = re.compile(r"[^\W\d_]+")
TITLE_WORD = re.compile(r"[^\W\d_][\w'\u2019]*")


class LetterCaser(EditTransform):
    """Writes all letters in one case: "lower", "upper", or "title" (the first letter of each word upper, others lower).

    Letter by letter, by Unicode's full mapping and without regard to what stands around it: a final sigma becomes the
    plain one, and a letter may become two (sharp s in upper case). What case there was is lost unless keep is True.
    Counts: letters, and recased, those that changed.
    """

    name = "letter case"

    def __init__(self, style: str, *, keep: bool = False) -> None:
        super().__init__(keep=keep)
        self.style = style

    def edits(self, text: str) -> tuple[list[Edit], dict[str, Any]]:
        """One edit per run of letters that changes."""
        edits, letters, recased = [], 0, 0
        for start, end, case in self._runs(text):
            run = text[start:end]
            new = "".join(map(case, run))
            letters += sum(map(str.isalpha, run))
            if new != run:
                edits.append(Edit(start, end, new))
                recased += sum(old != case(old) for old in run)
        return edits, {"letters": letters, "recased": recased}

    def _runs(self, text: str) -> list[tuple[int, int, Callable[[str], str]]]:
        if self.style != "title":
            case = str.lower if self.style == "lower" else str.upper
            return [(*found.span(), case) for found in LETTERS.finditer(text)]
        words = [found.span() for found in TITLE_WORD.finditer(text)]
        return [run for start, end in words for run in ((start, start + 1, str.title), (start + 1, end, str.lower))]


class LetterTable:
    """A one-to-one table of letters. alphabets: each a row of letters that are put for one another, in both cases."""

    def __init__(self, alphabets: Sequence[str], permute: Callable[[str], str]) -> None:
        forward: dict[str, str] = {}
        for alphabet in alphabets:
            new = permute(alphabet)
            forward |= dict(zip(alphabet + alphabet.upper(), new + new.upper(), strict=True))
        self.forward = str.maketrans(forward)
        self.backward = str.maketrans({new: old for old, new in forward.items()})


class LetterSubstituter(EditTransform):
    """Puts letters for letters of the same alphabet, the same ones throughout; undone by `undo`, on any text.

    key: of the permutation of each alphabet, every one equally likely. Case stays. Letters that stand in no alphabet,
    digits and all else stay as they are. Counts: letters, those that stand in an alphabet.
    """

    name = "letter substitution"

    def __init__(self, alphabets: Sequence[str], *, key: int = 0) -> None:
        super().__init__()
        self.alphabets = tuple(alphabets)
        self.key = key
        self._table = LetterTable(self.alphabets, self._permuted)

    def edits(self, text: str) -> tuple[list[Edit], dict[str, Any]]:
        """One edit of the same length for the whole text."""
        new = text.translate(self._table.forward)
        letters = sum(ord(character) in self._table.forward for character in text)
        return [Edit(0, len(text), new)] if new != text else [], {"letters": letters}

    def inverse(self, text: str, entry: Mapping[str, Any]) -> list[Edit]:
        """The inverse table."""
        return [Edit(0, len(text), text.translate(self._table.backward))]

    def _permuted(self, alphabet: str) -> str:
        draws = numbers(np.full(len(alphabet), key_of(self.name, self.key, alphabet)), _places(len(alphabet)))
        return "".join(alphabet[place] for place in np.argsort(draws, kind="stable"))


class LetterCipherer(EditTransform):
    """Puts a letter of the same alphabet for every letter, drawn anew at every place: nothing but the key can tell.

    Each letter moves on in its alphabet by a number that is a hash of the key, the document's text and the place, so
    the result is uniform and its letters tell nothing of one another. The text's own hash is noted, with which `undo`
    finds the numbers again. Counts: letters.
    """

    name = "letter cipher"

    def __init__(self, alphabets: Sequence[str], *, key: int = 0) -> None:
        super().__init__()
        self.alphabets = tuple(alphabets)
        self.key = key
        self._place = {
            letter: (row, place)
            for alphabet in self.alphabets
            for row in (alphabet, alphabet.upper())
            for place, letter in enumerate(row)
        }

    def edits(self, text: str) -> tuple[list[Edit], dict[str, Any]]:
        """One edit of the same length for the whole text."""
        nonce = f"{draw_key(text, self.name):016x}"
        new, letters = self._shifted(text, nonce, forwards=True)
        return [Edit(0, len(text), new)] if new != text else [], {"letters": letters, "text_hash": nonce}

    def inverse(self, text: str, entry: Mapping[str, Any]) -> list[Edit]:
        """Every letter back by the number that moved it on."""
        return [Edit(0, len(text), self._shifted(text, entry["text_hash"], forwards=False)[0])]

    def _shifted(self, text: str, nonce: str, *, forwards: bool) -> tuple[str, int]:
        places = [place for place, letter in enumerate(text) if letter in self._place]
        draws = numbers(np.full(len(places), key_of(self.name, self.key, nonce)), _places(len(places)))
        characters = list(text)
        for draw, place in zip(draws.tolist(), places, strict=True):
            row, at = self._place[characters[place]]
            step = (draw & 0xFFFFFFFF) * len(row) >> 32
            characters[place] = row[(at + (step if forwards else -step)) % len(row)]
        return "".join(characters), len(places)


def _places(count: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.arange(1, count + 1, dtype=np.uint64)
