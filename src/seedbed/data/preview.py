"""A look at a built component: some of its documents with what is known about them, and its share of constructions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from seedbed.data.catalogue import StoredComponent
from seedbed.data.parse_drawing import draw_parse

PLACE = ("file", "row", "id", "priority", "bytes", "words", "answer_start", "answer_end")
LONGEST_DRAWN = 40


@dataclass(frozen=True)
class PreviewRow:
    """One document.

    labels: those it has, as text. heldout: whether it is held out of every selection. parse: its gold parse as lines,
    none if it has none or is longer than `LONGEST_DRAWN` words. answer: the part of it that a loss on answers counts.
    """

    text: str
    labels: dict[str, str]
    total_bytes: int
    words: int
    heldout: bool
    parse: tuple[str, ...] = ()
    answer: str | None = None

    def __str__(self) -> str:
        labels = ", ".join(f"{name} {value}" for name, value in self.labels.items())
        held = ", held out" if self.heldout else ""
        answer = "" if self.answer is None else f", answer {self.answer!r}"
        lines = [self.text, f"    {labels}{answer}, {self.total_bytes:,} bytes, {self.words:,} words{held}"]
        return "\n".join([*lines, *(f"      {line}" for line in self.parse)])


def preview(stored: StoredComponent, count: int) -> list[PreviewRow]:
    """The first documents of the catalogue, which its hash order makes a random sample; fewer where there are fewer."""
    rows = range(min(count, stored.documents))
    texts = stored.texts(rows)
    syntax = stored.syntax(0, len(rows)).to_pylist()
    return [
        PreviewRow(
            text,
            _labels(known),
            known["bytes"],
            known["words"],
            row >= stored.heldout_start,
            _parse(text, parse),
            _answer(text, known),
        )
        for row, text, known, parse in zip(rows, texts, stored.labels(rows), syntax, strict=True)
    ]


def construction_shares(stored: StoredComponent) -> dict[str, float]:
    """Construction -> the share of the component's documents that contain it, commonest first."""
    lists = stored.table(["constructions"]).column("constructions")
    counts: Counter[str] = Counter()
    for each in pc.value_counts(lists.combine_chunks().flatten()).to_pylist():
        counts[each["values"]] = each["counts"]
    return {name: count / stored.documents for name, count in counts.most_common()}


def _labels(known: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: "+".join(value) if isinstance(value, list) else str(value)
        for name, value in known.items()
        if name not in PLACE and value is not None and value != []
    }


def _parse(text: str, parse: Mapping[str, Any]) -> tuple[str, ...]:
    if parse["heads"] is None or len(parse["heads"]) > LONGEST_DRAWN:
        return ()
    words = text.split()
    if parse["word_starts"] is not None:
        words = [text[start:end] for start, end in zip(parse["word_starts"], parse["word_ends"], strict=True)]
    if len(words) != len(parse["heads"]):
        return ()
    return tuple(draw_parse(words, parse["heads"], parse["relations"]))


def _answer(text: str, known: Mapping[str, Any]) -> str | None:
    if known["answer_start"] is None or known["answer_end"] is None:
        return None
    return text.encode()[known["answer_start"] : known["answer_end"]].decode(errors="replace")
