"""Held-out declaratives one after another: what probe items are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias

from seedbed.data.grammar.plans import Plan
from seedbed.data.grammar.rules_file import Rules
from seedbed.data.grammar.sampler import Sampler
from seedbed.data.grammar.structures import Structure
from seedbed.errors import SourceError

BLOCK = 2_048
MOST_EMPTY_BLOCKS = 16


@dataclass(frozen=True)
class Sentence:
    """A declarative. words: in order, the full stop last; plural: the number of each of the structure's nouns."""

    structure: Structure
    words: tuple[str, ...]
    plural: tuple[bool, ...]

    def auxiliaries(self) -> tuple[str, ...]:
        """Its auxiliaries in linear order."""
        return tuple(self.words[slot] for slot in self.structure.auxiliaries)

    def is_plural(self, noun: int) -> bool:
        """The number of the noun in this slot."""
        return self.plural[self.structure.nouns.index(noun)]


Check: TypeAlias = Callable[[Sentence], bool]


def held_out_sentences(rules: Rules, plan: Plan, seed: int, stream: str) -> Iterator[list[Sentence]]:
    """Held-out declaratives of a plan without end, in blocks, in the order of their index."""
    sampler = Sampler(rules, plan, seed=seed, split="held-out", stream=stream)
    for block in count():
        found: dict[int, Sentence] = {}
        for group in sampler.groups(block * BLOCK, (block + 1) * BLOCK):
            rows = zip(sampler.lexicon.words[group.words].tolist(), group.plural.tolist(), strict=True)
            for index, (words, plural) in zip(group.indices.tolist(), rows, strict=True):
                found[index] = Sentence(group.structure, tuple(words), tuple(plural))
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
