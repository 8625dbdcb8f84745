"""Held-out sentences of given layouts, one after another: what probe items are made from.

Which sentence comes at which place is a pure function of grammar, seed and stream, so more of them begin the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from seedbed.data.grammar.file import GrammarFile
from seedbed.data.grammar.hashing import U64, held_out, key_of, mix, numbers, unit, word_hash
from seedbed.data.grammar.layouts import Layout, Slot
from seedbed.errors import SourceError

BLOCK = 8_192
MOST_EMPTY_BLOCKS = 32


@dataclass(frozen=True)
class Sentence:
    """A sentence. words: in order, one for each slot of its layout."""

    layout: Layout
    words: tuple[str, ...]


Check: TypeAlias = Callable[[Sentence], bool]


def held_out_sentences(
    grammar: GrammarFile, weighted: Mapping[Layout, float] | Sequence[Layout], seed: int, stream: str
) -> Iterator[list[Sentence]]:
    """Held-out sentences without end, in blocks. weighted: layouts with weights, or layouts with their own.

    Layouts are drawn by weight and words by those of the lexicon; sentences of the training split are left out.
    """
    if not isinstance(weighted, Mapping):
        weighted = {layout: layout.weight for layout in weighted}
    among = list(weighted)
    ends = _ends(list(weighted.values()))
    key = key_of("probe sentences", grammar.name, seed, stream)
    for block in count():
        indices = np.arange(block * BLOCK, (block + 1) * BLOCK, dtype=np.uint64)
        keys = mix(indices + key)
        choice = np.searchsorted(ends, unit(numbers(keys, 0)), side="right")
        found: dict[int, Sentence] = {}
        for number in np.unique(choice).tolist():
            members = np.flatnonzero(choice == number)
            slots = [_Words(grammar, slot) for slot in among[number].slots]
            drawn = [slot.draw(numbers(keys[members], i + 1)) for i, slot in enumerate(slots)]
            hashes = np.stack([slot.hashes[column] for slot, column in zip(slots, drawn, strict=True)], axis=1)
            for row in np.flatnonzero(held_out(hashes, grammar.held_out.share)).tolist():
                words = tuple(slot.forms[column[row]] for slot, column in zip(slots, drawn, strict=True))
                found[int(members[row])] = Sentence(among[number], words)
        yield [found[index] for index in sorted(found)]


def distinct_sentences(blocks: Iterator[list[Sentence]], check: Check, what: str) -> Iterator[Sentence]:
    """Sentences that pass a check, each once. Errors: SourceError after many blocks that hold no new one."""
    seen: set[tuple[str, ...]] = set()
    empty = 0
    for block in blocks:
        empty += 1
        for sentence in block:
            if sentence.words not in seen and check(sentence):
                seen.add(sentence.words)
                empty = 0
                yield sentence
        if empty == MOST_EMPTY_BLOCKS:
            raise SourceError(f"the held-out split has only {len(seen)} distinct {what} of a kind; ask for fewer")


class _Words:
    """The words that can stand in a slot. forms: in the order of the lexicon; hashes: uint64, one each."""

    def __init__(self, grammar: GrammarFile, slot: Slot) -> None:
        if slot.text is not None:
            self.forms = [slot.text]
            self._ends = _ends([1.0])
        else:
            words = grammar.lexicon[slot.category]
            values = dict(slot.values)
            fitting = [i for i in range(len(words.concepts)) if words.fits(i, values)]
            self.forms = [grammar.form(slot.category, words.concepts[i], **values) for i in fitting]
            self._ends = _ends([words.weights[i] for i in fitting])
        self.hashes: U64 = np.array([word_hash(form) for form in self.forms], dtype=np.uint64)

    def draw(self, draws: U64) -> npt.NDArray[np.int64]:
        """Numbers of words by weight: int64[n]."""
        return np.searchsorted(self._ends, unit(draws), side="right")


def _ends(weights: list[float]) -> npt.NDArray[np.float64]:
    """Upper ends of each choice's part of [0, 1); a choice of no weight has an empty part."""
    ends = np.cumsum(np.array(weights, dtype=np.float64))
    ends /= ends[-1]
    ends[ends >= 1.0] = 1.0
    return ends
