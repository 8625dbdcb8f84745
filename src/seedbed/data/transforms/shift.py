"""The block behind `Shifted`: every word of a document in a vocabulary that shares none with the source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datatrove.data import Document

from seedbed.data.shifted import shift, unshift
from seedbed.data.transforms.base import EditTransform
from seedbed.data.transforms.edits import Edit

TAG = "-x-shifted"


class VocabularyShifter(EditTransform):
    """Writes every word in another alphabet, one to one; undone by rule. See `seedbed.data.shifted.Shifted`.

    Labels and parse stay; a language label gets "-x-shifted". Counts: words, characters (white space aside).
    """

    name = "shifted vocabulary"

    def __init__(self, alphabet: str = "capitals") -> None:
        super().__init__()
        self.alphabet = alphabet

    def edits(self, text: str) -> tuple[list[Edit], dict[str, Any]]:
        """One edit of as many characters for the whole text. Errors: SourceError for one that has no place."""
        words = text.split()
        return [Edit(0, len(text), shift(text, self.alphabet))], {
            "words": len(words),
            "characters": sum(map(len, words)),
        }

    def inverse(self, text: str, entry: Mapping[str, Any]) -> list[Edit]:
        """The same edit backwards."""
        return [Edit(0, len(text), unshift(text, self.alphabet))]

    def transformed(self, document: Document) -> Document:
        """The document in the other alphabet."""
        new = super().transformed(document)
        if isinstance(new.metadata.get("language"), str):
            new.metadata["language"] += TAG
        return new

    def undo(self, document: Document) -> Document:
        """The document as it was."""
        old = super().undo(document)
        if isinstance(old.metadata.get("language"), str):
            old.metadata["language"] = old.metadata["language"].removesuffix(TAG)
        return old
