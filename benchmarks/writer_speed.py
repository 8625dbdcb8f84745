"""Documents per second: a datatrove pipeline with our writer against datatrove's JSONL writer alone.

    python benchmarks/writer_speed.py [--rounds 5] [--seconds 4] [--profile]

Both pipelines are datatrove's, one task in this process, and begin with the same documents, ready in memory. Ours ends
in the `Collector`, and then come canonical order, documents and catalogue: the whole of what `build_component` does
after reading. Theirs ends in `JsonlWriter`, as it comes (gzip) and without compression. They take turns (A B C A B C
...); medians are compared. Short documents are sentences with a grammar's labels, long ones about 2 kB of text with an
address each. The promise: at least 0.8 of the documents/s of their writer as it comes.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from datatrove.data import Document
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.writers import JsonlWriter
from loguru import logger

from seedbed.data.build import build_component
from seedbed.data.recipes import Component
from seedbed.workbench import Workbench


def sentences(number: int) -> list[Document]:
    """Short documents: a dozen words and the labels that a grammar gives."""
    draw = random.Random(0)
    words = ["newt", "yak", "walrus", "raven", "zebra", "quail", "sleeps", "smiles", "admires", "the", "my", "around"]
    kinds = ["o", "si", "st", "none"]
    return [
        Document(
            text=" ".join(draw.choices(words, k=12)) + f" {i}.",
            id=str(i),
            metadata={
                "task": draw.choice(["question", "copy"]),
                "subject_rc": draw.choice(kinds),
                "object_rc": draw.choice(kinds),
                "embedding_depth": draw.randrange(3),
                "heads": [1, 2, -1, 2, 2, 6, 4, 8, 2, 2, 9, 2, 1],
                "relations": [
                    "det",
                    "nsubj",
                    "root",
                    "det",
                    "obj",
                    "mark",
                    "acl",
                    "det",
                    "obj",
                    "x",
                    "y",
                    "z",
                    "punct",
                ],
            },
        )
        for i in range(number)
    ]


def pages(number: int) -> list[Document]:
    """Long documents: about 2 kB and an address."""
    draw = random.Random(0)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(2, 10))) for _ in range(20_000)]
    return [
        Document(
            text=" ".join(draw.choices(words, k=300)) + f" {i}",
            id=str(i),
            metadata={"url": f"https://example.org/{i}", "language": "en"},
        )
        for i in range(number)
    ]


class Ready(PipelineStep):
    """Gives documents that are there already, each with metadata of its own, as a reader does."""

    type = "reader"
    name = "ready"
    documents: tuple[Document, ...] = ()

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Yield them."""
        for document in Ready.documents:
            yield Document(text=document.text, id=document.id, metadata=dict(document.metadata))


class ReadySource:
    """The same as a source of a component."""

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The reader."""
        return [Ready()]

    def identity(self, workbench: Workbench) -> dict[str, Any]:
        """Nothing that is kept."""
        return {}


def ours(folder: Path) -> None:
    build_component(Component("c", ReadySource()), folder, Workbench(folder))


def theirs(compression: str | None) -> Callable[[Path], None]:
    def run(folder: Path) -> None:
        logger.disable("datatrove")  # quiet, as ours is
        steps = [Ready(), JsonlWriter(str(folder / "documents"), compression=compression)]
        LocalPipelineExecutor(pipeline=steps, logging_dir=str(folder / "logs")).run()

    return run


WAYS = {"ours": ours, "jsonl, gzip": theirs("gzip"), "jsonl, plain": theirs(None)}


def documents_per_second(way: Callable[[Path], None]) -> float:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "out"
        folder.mkdir()
        start = time.perf_counter()
        way(folder)
        seconds = time.perf_counter() - start
        shutil.rmtree(folder)
        return len(Ready.documents) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="about how long one build takes")
    parser.add_argument("--profile", action="store_true", help="where our time goes, for one build of each kind")
    given = parser.parse_args()
    rows = []
    for kind, make in (("short", sentences), ("long", pages)):
        Ready.documents = tuple(make(5_000))
        Ready.documents = tuple(make(int(documents_per_second(ours) * given.seconds)))
        if given.profile:
            profile = cProfile.Profile()
            profile.runcall(documents_per_second, ours)
            pstats.Stats(profile).sort_stats("tottime").print_stats(28)
            continue
        speeds: dict[str, list[float]] = {name: [] for name in WAYS}
        for _ in range(given.rounds):
            for name, way in WAYS.items():
                speeds[name].append(documents_per_second(way))
        medians = {name: round(median(found)) for name, found in speeds.items()}
        ratios = {
            f"ours / {name}": round(median(a / b for a, b in zip(speeds["ours"], found, strict=True)), 2)
            for name, found in speeds.items()
            if name != "ours"
        }
        rows.append({"documents": kind, "number": len(Ready.documents), **medians, **ratios})
    for name in rows[0] if rows else ():
        print(
            f"{name:<24}" + "".join(f"{row[name]:>14,}" if name != "documents" else f"{row[name]:>14}" for row in rows)
        )
    print(json.dumps({"benchmark": "writer_speed", "results": rows}))


if __name__ == "__main__":
    main()
