"""A document's parse, as annotators read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from datatrove.data import Document

from seedbed.errors import SourceError

MORPHOLOGY = ("upos", "lemmas", "features")
ROOT = -1


@dataclass(frozen=True)
class Parse:
    """A document's words and trees, one entry per word; see `seedbed.data.readers.conllu` for what each list holds.

    words: as they stand in the text, in lower case.
    """

    words: Sequence[str]
    heads: Sequence[int]
    relations: Sequence[str]
    upos: Sequence[str]
    lemmas: Sequence[str]
    features: Sequence[str]

    @cached_property
    def plain_relations(self) -> list[str]:
        """Relations without their subtypes: "nsubj" for "nsubj:pass"."""
        return [relation.partition(":")[0] for relation in self.relations]

    @cached_property
    def children(self) -> list[list[int]]:
        """The words that depend on each word, from left to right."""
        found: list[list[int]] = [[] for _ in self.heads]
        for word, head in enumerate(self.heads):
            if head != ROOT:
                found[head].append(word)
        return found

    @cached_property
    def roots(self) -> list[int]:
        """The root of the tree that each word stands in."""
        return [self.path(word)[-1] for word in range(len(self.heads))]

    def path(self, word: int) -> list[int]:
        """The word, its head, its head's head, up to the root."""
        way = [word]
        while self.heads[way[-1]] != ROOT:
            way.append(self.heads[way[-1]])
        return way

    def dominates(self, above: int, word: int) -> bool:
        """Whether `above` is the word itself or stands on its path to the root."""
        at = word
        while at not in (above, ROOT):
            at = self.heads[at]
        return at == above

    def child(self, word: int, *relations: str) -> int | None:
        """The first word that depends on this one by one of these plain relations."""
        return next((each for each in self.children[word] if self.plain_relations[each] in relations), None)


def parse_of(document: Document, needs_morphology: bool = True) -> Parse:
    """The parse that a reader or parser left in a document's metadata.

    needs_morphology: whether parts of speech, lemmas and features must be there; else those that are not are "".
    Errors: SourceError if it is not there or is not of this text.
    """
    known = document.metadata
    missing = [name for name in ("heads", "relations", *MORPHOLOGY * needs_morphology) if name not in known]
    if missing:
        raise SourceError(
            f"document {document.id} has no {' or '.join(missing)} to annotate; read it from CoNLL-U, or put "
            "Parsed(...) before; name all annotations in one Annotate(...)"
        )
    starts, ends = known.get("word_starts"), known.get("word_ends")
    if starts is None or ends is None:
        words = document.text.lower().split()
    else:
        words = [document.text[start:end].lower() for start, end in zip(starts, ends, strict=True)]
    morphology = [known.get(name, [""] * len(words)) for name in MORPHOLOGY]
    lengths = {len(words), *map(len, (known["heads"], known["relations"], *morphology))}
    if len(lengths) > 1:
        raise SourceError(
            f"document {document.id} has {len(words)} words and heads for {len(known['heads'])}; annotate before "
            "steps that change the text"
        )
    return Parse(words, known["heads"], known["relations"], *morphology)
