"""Minimal pairs from documents with answers: the right answer against another document's, after the same question.

Both sentences of a pair begin alike, so what tells their scores apart is the answer alone, and a model that was
trained on answers only can be asked.
"""

from __future__ import annotations

import json

import numpy as np

from seedbed.data.formal.base import FormalSource, Generator
from seedbed.data.formal.draws import permuted
from seedbed.data.grammar.hashing import key_of
from seedbed.errors import RecipeError
from seedbed.workbench import Workbench

LOOKED_AT = 4_096


def answer_pairs(recipe: FormalSource, count: int, *, name: str, workbench: Workbench | None = None) -> list[str]:
    """`count` pairs of different questions, as JSON lines in BLiMP's format; name: their paradigm.

    The wrong answer is another document's of the same construction, and has as many words as the right one.
    Errors: RecipeError if the source marks no answers, or has too few that fit together.
    """
    generator = recipe.generator(workbench or Workbench())
    texts, labels = generator(_places(generator))
    if not all("answer_start" in known for known in labels):
        raise RecipeError(f"{type(recipe).__name__} marks no answers, so there is nothing to tell apart; take another")
    found: dict[str, tuple[str, str, str]] = {}  # question -> (question, answer, what comes after)
    groups: dict[tuple[str, int], list[str]] = {}
    for text, known in zip(texts, labels, strict=True):
        raw = text.encode()
        start, end = known["answer_start"], known["answer_end"]
        question, answer, rest = raw[:start].decode(), raw[start:end].decode(), raw[end:].decode()
        if question not in found:
            found[question] = question, answer, rest
            groups.setdefault((known["construction"], len(answer.split())), []).append(question)
    lines = []
    for questions in groups.values():
        for at, question in enumerate(questions):
            turned = questions[at + 1 :] + questions[:at]
            wrong = next((found[other][1] for other in turned if found[other][1] != found[question][1]), None)
            if wrong is not None:
                _, right, rest = found[question]
                pair = {"sentence_good": question + right + rest, "sentence_bad": question + wrong + rest, "UID": name}
                lines.append(json.dumps(pair, ensure_ascii=False))
    if len(lines) < count:
        raise RecipeError(
            f"{type(recipe).__name__} makes {len(lines)} pairs of different questions, fewer than {count}; ask for "
            "fewer, or give it more documents"
        )
    return lines[:count]


def _places(generator: Generator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Documents anywhere in the source, so that a prefix of them is a sample."""
    places = np.arange(min(generator.documents, LOOKED_AT))
    return permuted(places, generator.documents, key_of("pairs"))
