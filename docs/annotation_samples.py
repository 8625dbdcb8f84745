"""Samples of what annotators say, to be read by a person: `python docs/annotation_samples.py npi 60 FILES...`.

The first sentences with a label in the order of a hash of their text, from CoNLL-U files; what to read is in brackets.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable

from datatrove.data import Document

from seedbed.data.annotators.depth import NO_MATERIAL, beside_words, center_depths, clausal_words
from seedbed.data.annotators.npis import npis
from seedbed.data.annotators.parse import Parse, parse_of
from seedbed.data.annotators.questions import questions
from seedbed.data.readers.conllu import ConlluReader


def npi_samples(parse: Parse) -> list[tuple[str, set[int]]]:
    """Items that a licensor c-commands."""
    return [(f"{item.licensor}", {item.position}) for item in npis(parse) if item.how == "c-command"]


def question_samples(parse: Parse) -> list[tuple[str, set[int]]]:
    """Questions, with the head of the clause."""
    return [(kind.removesuffix(" question"), {head}) for head, kind in questions(parse)]


def depth_samples(parse: Parse) -> list[tuple[str, set[int]]]:
    """Center-embedded clauses of a sentence, all together."""
    material = [relation not in NO_MATERIAL for relation in parse.plain_relations]
    depths = center_depths(parse.heads, clausal_words(parse), beside_words(parse), material)
    deepest = max(depths, default=0)
    return [(str(deepest), {word for word, depth in enumerate(depths) if depth})] if deepest else []


SAMPLES: dict[str, Callable[[Parse], list[tuple[str, set[int]]]]] = {
    "npi": npi_samples,
    "questions": question_samples,
    "depth": depth_samples,
}


def by_hash(document: Document) -> bytes:
    """The order in which sentences are read: no order of the file, and the same every time."""
    return hashlib.blake2b(document.text.encode(), digest_size=8).digest()


def main(what: str, number: str, *files: str) -> None:
    """Print the samples."""
    left = int(number)
    for document in sorted(ConlluReader(files, sentences=True).run(), key=by_hash):
        parse = parse_of(document)
        for label, marked in SAMPLES[what](parse):
            if left:
                words = (f"[{word}]" if at in marked else word for at, word in enumerate(parse.words))
                print(f"{label:14} {' '.join(words)}")
                left -= 1


if __name__ == "__main__":
    main(*sys.argv[1:])
