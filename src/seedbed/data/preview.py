"""A look at a built component: some of its documents with what is known about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seedbed.data.catalogue import StoredComponent

PLACE = ("file", "row", "id", "priority", "bytes", "words")


@dataclass(frozen=True)
class PreviewRow:
    """One document. labels: those it has, as text; heldout: whether it is held out of every selection."""

    text: str
    labels: dict[str, str]
    total_bytes: int
    words: int
    heldout: bool

    def __str__(self) -> str:
        labels = ", ".join(f"{name} {value}" for name, value in self.labels.items())
        held = ", held out" if self.heldout else ""
        return f"{self.text}\n    {labels}, {self.total_bytes:,} bytes, {self.words:,} words{held}"


def preview(stored: StoredComponent, count: int) -> list[PreviewRow]:
    """The first documents of the catalogue, which its hash order makes a random sample; fewer where there are fewer."""
    rows = range(min(count, stored.documents))
    texts = stored.texts(rows)
    return [
        PreviewRow(text, _labels(known), known["bytes"], known["words"], row >= stored.heldout_start)
        for row, text, known in zip(rows, texts, stored.labels(rows), strict=True)
    ]


def _labels(known: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in known.items() if name not in PLACE and value is not None}
