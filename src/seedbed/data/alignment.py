"""Gold word alignment between languages whose grammars word one meaning.

Document i of all such grammars is one scene, and each of its concepts is drawn at a node of one derivation. So the
words that stand for one node are translations of each other, whatever their order and form; no aligner is needed. Words
that a language adds on its own (articles where the other has none, particles, commas) are aligned with nothing.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seedbed.errors import RecipeError, SourceError

if TYPE_CHECKING:
    from seedbed.data.grammar.documents import Sampler, Sentence
    from seedbed.data.grammar.file import GrammarFile
    from seedbed.workbench import Workbench

Pairs = tuple[tuple[int, int], ...]
AT_ONCE = 1_024
SCENES = ("scenes", "german", "russian", "japanese", "mandarin")


@dataclass(frozen=True)
class ParallelSentence:
    """One meaning in several languages. item: as in the label `item` of documents. sentences: grammar -> its sentence,
    with words, concepts ("" for words without one), gold heads and relations."""

    item: str
    sentences: Mapping[str, Sentence]

    def text(self, name: str) -> str:
        """The sentence in one language, words separated by blanks."""
        return " ".join(self._sentence(name).words)

    def alignment(self, one: str, other: str) -> Pairs:
        """Pairs (word of one, word of other) that stand for one concept of the meaning; sorted, places from 0.

        A word stands in at most one pair. `alignment(a, b)` is `alignment(b, a)` turned round, and a language with
        itself has every word that means something paired with itself. Errors: RecipeError for a grammar not asked for.
        """
        return align(self._sentence(one), self._sentence(other))

    def _sentence(self, name: str) -> Sentence:
        if name not in self.sentences:
            raise RecipeError(f"these sentences are in {', '.join(self.sentences)}, not in {name!r}; ask for it, too")
        return self.sentences[name]


def align(one: Sentence, other: Sentence) -> Pairs:
    """The aligned words of two sentences of one meaning: those of equal node and concept."""
    places = {
        (key, concept): place
        for place, (key, concept) in enumerate(zip(other.keys, other.concepts, strict=True))
        if concept
    }
    found = [
        (place, places[key, concept])
        for place, (key, concept) in enumerate(zip(one.keys, one.concepts, strict=True))
        if concept and (key, concept) in places
    ]
    return tuple(found)


def parallel(
    names: Sequence[str],
    start: int,
    stop: int,
    *,
    workbench: Workbench,
    seed: int = 0,
    task: str = "either",
    split: str = "train",
) -> list[ParallelSentence]:
    """Sentences start to stop in several languages; the same documents as `Grammar(name, seed=seed, ...)` writes.

    names: grammars of one meaning (the meaning itself may be among them). split: "train", "held-out" (in no training
    corpus) or "any". Errors: UnknownNameError; RecipeError for grammars that do not share a meaning.
    """
    from seedbed.data.grammar.file import load_grammar

    if not names:
        raise RecipeError("no grammar is named; write at least one, such as ['scenes', 'german']")
    grammars = {name: load_grammar(name, workbench) for name in names}
    families = {name: grammar.family for name, grammar in grammars.items()}
    if len(set(families.values())) > 1:
        told = ", ".join(f"{name} words {family}" for name, family in families.items())
        raise RecipeError(f"the grammars have not one meaning ({told}); name grammars that word the same one")
    drawn = {name: _sampler(grammar, task, split, seed).sentences(start, stop) for name, grammar in grammars.items()}
    return [
        ParallelSentence(str(row[0].labels["item"]), dict(zip(drawn, row, strict=True)))
        for row in zip(*drawn.values(), strict=True)
    ]


@lru_cache(maxsize=16)
def _sampler(grammar: GrammarFile, task: str, split: str, seed: int) -> Sampler:
    """Laying out a grammar takes a second or more, and a probe asks block after block."""
    from seedbed.data.grammar.documents import Request, Sampler

    return Sampler(grammar, Request(task=task, split=split, seed=seed))


@dataclass(frozen=True)
class RetrievalItems:
    """Sentences of which each has one translation: no text stands there twice in any language.

    items: ids. texts: language -> texts, in the order of the items: text k of all languages is one meaning.
    """

    items: tuple[str, ...]
    texts: Mapping[str, tuple[str, ...]]


def retrieval_items(
    names: Sequence[str], count: int, *, workbench: Workbench, seed: int = 0, task: str = "either"
) -> RetrievalItems:
    """The first `count` held-out sentences whose text is new in every language: probe items for sentence retrieval.

    Errors: as `parallel`; SourceError if the grammars have too few different sentences.
    """
    seen: dict[str, set[str]] = {name: set() for name in names}
    kept: list[ParallelSentence] = []
    start = 0
    while len(kept) < count:
        before = len(kept)
        block = parallel(names, start, start + AT_ONCE, workbench=workbench, seed=seed, task=task, split="held-out")
        for sentence in block:
            if len(kept) < count and all(sentence.text(name) not in seen[name] for name in names):
                kept.append(sentence)
                for name in names:
                    seen[name].add(sentence.text(name))
        if len(kept) == before:
            raise SourceError(f"{', '.join(names)} gave only {before} different sentences; ask for fewer than {count}")
        start += AT_ONCE
    texts = {name: tuple(sentence.text(name) for sentence in kept) for name in names}
    return RetrievalItems(tuple(sentence.item for sentence in kept), texts)


def translations(sentences: Iterable[ParallelSentence], one: str, other: str) -> dict[str, Counter[str]]:
    """The gold dictionary that aligned words give: form in one -> forms in the other, counted."""
    found: dict[str, Counter[str]] = {}
    for sentence in sentences:
        words, others = sentence.sentences[one].words, sentence.sentences[other].words
        for place, there in sentence.alignment(one, other):
            found.setdefault(words[place], Counter())[others[there]] += 1
    return found


def precision_at_1(similarity: npt.ArrayLike) -> float:
    """Retrieval: the share of rows whose own column is the most similar, float[n, n], row i translated by column i.

    Columns that tie for the most similar share the point, so that a constant matrix scores 1/n, which is chance.
    Errors: ValueError for a matrix that is not square, empty, or has a value that is no number.
    """
    matrix = np.asarray(similarity, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size or np.isnan(matrix).any():
        raise ValueError(f"similarity has shape {matrix.shape}; give a square matrix of numbers, row i for column i")
    best = matrix == matrix.max(axis=1, keepdims=True)
    return float((best.diagonal() / best.sum(axis=1)).mean())


def main(arguments: Sequence[str]) -> None:
    """Print so many sentences of each of the five grammars of scenes, one meaning a block."""
    from seedbed.workbench import Workbench

    for sentence in parallel(SCENES, 0, int(arguments[0]) if arguments else 10, workbench=Workbench()):
        sys.stdout.write("\n".join(sentence.text(name) for name in SCENES) + "\n\n")


if __name__ == "__main__":
    main(sys.argv[1:])
