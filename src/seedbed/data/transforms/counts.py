"""What transforms did to a built component: their counts, added up, and what was requested beside what was achieved."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson
import pyarrow.parquet as pq

from seedbed.data.catalogue import StoredComponent
from seedbed.data.transforms.base import RECORD


@dataclass
class TransformCounts:
    """One block of a component's list. documents: it passed. counts: label -> total over them.

    requested_share, achieved_share: of planted dashes, among the places where one could be planted; None for others.
    """

    name: str
    documents: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    requested_share: float | None = None

    @property
    def achieved_share(self) -> float | None:
        """Planted of those that could be; None where nothing is planted or could be."""
        could = self.counts.get("could_be_planted", 0)
        return self.counts["planted"] / could if could else None

    def __str__(self) -> str:
        told = ", ".join(f"{label.replace('_', ' ')} {count:,}" for label, count in self.counts.items())
        line = f"{self.name}: {self.documents:,} documents, {told}"
        if self.achieved_share is None or self.requested_share is None:
            return line
        return f"{line}; planted share asked {self.requested_share:.2%}, got {self.achieved_share:.2%}"


def transform_counts(stored: StoredComponent) -> list[TransformCounts]:
    """The counts of every block that changed the component, in the order in which they did; empty without any."""
    found: list[TransformCounts] = []
    for path in sorted(stored.folder.glob("documents-*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["metadata"]):
                for metadata in batch.column(0).to_pylist():
                    _add(found, orjson.loads(metadata).get(RECORD, []) if metadata else [])
    return found


def _add(found: list[TransformCounts], entries: list[dict[str, object]]) -> None:
    for number, entry in enumerate(entries):
        if number == len(found):
            found.append(TransformCounts(str(entry["name"])))
        total = found[number]
        total.documents += 1
        for label, value in entry.items():
            if isinstance(value, int):
                total.counts[label] = total.counts.get(label, 0) + value
        share = entry.get("planted_share_asked")
        if isinstance(share, float):
            total.requested_share = share
