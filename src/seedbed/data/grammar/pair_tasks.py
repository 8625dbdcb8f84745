"""Minimal pairs that a grammar file writes itself, in a task whose documents are "good sentence | bad sentence".

`[rules.Pair]` of `data/grammars/english_broad.toml` shows how: one rule for each paradigm, which marks its name; the
bad sentence is worded from the choices of the good one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from typing import Literal, TypeAlias

import numpy as np

from seedbed.data.grammar.documents import Request, Sampler
from seedbed.data.grammar.file import GrammarFile, load_grammar
from seedbed.data.grammar.hashing import held_out, word_hash
from seedbed.data.grammar.pairs import MinimalPair
from seedbed.errors import RecipeError, SourceError, UnknownNameError
from seedbed.workbench import Workbench

BAR = " | "
TASK = "pairs"
BLOCK = 1_024
MOST_EMPTY_BLOCKS = 64
Unseen: TypeAlias = Literal["sentence", "combination"]


def paradigms_of(grammar: str, *, workbench: Workbench | None = None) -> tuple[str, ...]:
    """The paradigms that a grammar writes pairs of, in the order of its file. Errors: RecipeError if it writes none."""
    return _paradigms(load_grammar(grammar, workbench or Workbench()))


def grammar_pairs(
    grammar: str | GrammarFile,
    count_per_paradigm: int,
    seed: int,
    *,
    paradigms: Sequence[str] = (),
    unseen: Unseen = "sentence",
    words: Collection[str] | None = None,
    spare: int = 0,
    workbench: Workbench | None = None,
) -> list[MinimalPair]:
    """Pairs of a grammar's paradigms (all of them if none is named), one paradigm after another.

    No good sentence is in any training corpus. unseen: "sentence": it is of the share of sentences that is held out by
    a hash of their words. "combination": it has concepts or constructions together that no training sentence has (a
    noun that never meets a polarity item), so that the sentence cannot be right by what was seen with that noun.
    words: where given, pairs with any other word are left out. spare: so many more are given as far as there are some.
    Good sentences are distinct within a paradigm; more pairs of a seed begin the same.
    Errors: UnknownNameError for a grammar or paradigm that is not there; RecipeError for a grammar without pairs;
    SourceError where a paradigm has too few that are unseen.
    """
    file = load_grammar(grammar, workbench or Workbench()) if isinstance(grammar, str) else grammar
    known = _paradigms(file)
    for paradigm in paradigms:
        if paradigm not in known:
            raise UnknownNameError("paradigm", paradigm, known)
    return [
        pair
        for paradigm in paradigms or known
        for pair in islice(
            _distinct(file, paradigm, seed, unseen, words, count_per_paradigm), count_per_paradigm + spare
        )
    ]


def json_lines(pairs: Iterable[MinimalPair]) -> str:
    """Pairs as JSON lines in BLiMP's format, for a file of the probes shelf."""
    rows = ({"sentence_good": pair.good, "sentence_bad": pair.bad, "UID": pair.paradigm} for pair in pairs)
    return "".join(json.dumps(row) + "\n" for row in rows)


def _paradigms(grammar: GrammarFile) -> tuple[str, ...]:
    if TASK not in grammar.tasks:
        raise RecipeError(f"grammar {grammar.name!r} has no task {TASK!r}; write one as english_broad.toml does")
    return tuple(grammar.rules[grammar.tasks[TASK].phrase])


def _held_out(sentences: Sequence[str], share: float) -> list[bool]:
    """Which sentences belong to the held-out split; those of a length are hashed together."""
    by_length: dict[int, list[tuple[int, list[str]]]] = {}
    for number, sentence in enumerate(sentences):
        words = sentence.split()
        by_length.setdefault(len(words), []).append((number, words))
    distinct = {word for some in by_length.values() for _, words in some for word in words}
    hashes = {word: word_hash(word) for word in distinct}
    found = [False] * len(sentences)
    for some in by_length.values():
        of_words = np.array([[hashes[word] for word in words] for _, words in some], dtype=np.uint64)
        for (number, _), held in zip(some, held_out(of_words, share).tolist(), strict=True):
            found[number] = held
    return found


def _distinct(
    grammar: GrammarFile, paradigm: str, seed: int, unseen: Unseen, words: Collection[str] | None, enough: int
) -> Iterator[MinimalPair]:
    """Unseen pairs of a paradigm, each good sentence once. Errors: SourceError if there are fewer than enough."""
    request = Request(task=TASK, shares={paradigm: 1.0}, split="any", seed=seed)
    if unseen == "combination":
        request = replace(request, split="held-out", held_out="together")
    sampler = Sampler(grammar, request, stream="minimal pairs")
    seen: set[str] = set()
    empty = 0
    for block in count():
        empty += 1
        sides = [text.split(BAR) for text in sampler.documents(block * BLOCK, (block + 1) * BLOCK).texts]
        new = _held_out([good for good, _ in sides], grammar.held_out.share) if unseen == "sentence" else None
        for number, (good, bad) in enumerate(sides):
            if new is not None and not new[number]:
                continue
            if words is not None and not all(word in words for side in (good, bad) for word in side.split()):
                continue
            if good not in seen:
                seen.add(good)
                empty = 0
                yield MinimalPair(paradigm, good, bad)
        if empty == MOST_EMPTY_BLOCKS and len(seen) >= enough:
            return
        if empty == MOST_EMPTY_BLOCKS:
            of = "" if words is None else f" in these {len(words)} words"
            more = "" if words is None else ", or give more words"
            raise SourceError(f"{paradigm} has only {len(seen)} pairs of an unseen {unseen}{of}; ask for fewer{more}")
