"""Decontamination: documents that share a run of words with test material are left out.

datatrove's own block for this takes its tasks from lighteval; this one takes any texts. Words are runs of letters,
digits and apostrophes in lower case. A text of n words or more gives all its runs of n words, a shorter one (of at
least `shortest`) itself as a whole. Runs are compared as they are, without hashing: a match is a match.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
SHORTEST = 4


def words_of(text: str) -> list[str]:
    """Words of a text as they are compared."""
    return WORD.findall(text.lower().replace("’", "'"))


def runs_of(texts: Iterable[str], n: int, shortest: int = SHORTEST) -> frozenset[str]:
    """Runs of n words of all texts, and texts of `shortest` to n - 1 words as a whole; words joined by spaces."""
    found: set[str] = set()
    for text in texts:
        words = words_of(text)
        size = min(n, len(words))
        if size >= min(n, shortest):
            found.update(" ".join(words[at : at + size]) for at in range(len(words) - size + 1))
    return frozenset(found)


class OverlapFilter(BaseFilter):  # type: ignore[misc]  # datatrove has no types
    """Drops every document that contains one of these runs of words.

    runs: of `runs_of`. exclusion_writer: where dropped documents go; their metadata name the run in `overlap`.
    """

    name = "decontamination"
    behaviour_version = 1

    def __init__(self, runs: Iterable[str], exclusion_writer: Any = None) -> None:
        super().__init__(exclusion_writer)
        self._runs = frozenset(runs)
        self.lengths = tuple(sorted({run.count(" ") + 1 for run in self._runs}))
        self.runs_sha256 = hashlib.sha256("\n".join(sorted(self._runs)).encode()).hexdigest()

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Whether a document is kept."""
        words = words_of(doc.text)
        for size in self.lengths:
            for at in range(len(words) - size + 1):
                run = " ".join(words[at : at + size])
                if run in self._runs:
                    doc.metadata["overlap"] = run
                    return False, f"{size} words"
        return True
