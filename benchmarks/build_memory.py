"""Peak memory and speed of building a component: 1 GB of JSON lines, made for the purpose, and a grammar's corpus.

    python benchmarks/build_memory.py [--megabytes 1000] [--workers 1]

Each build runs in a process of its own, so that its peak is its own: the resident sets of that process and of all its
children, added up twenty times a second. The promise: under 1 GB for a component of 1 GB.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil

MEGABYTE = 10**6
WORDS = 20_000
DOCUMENT_WORDS = 300


def write_jsonl(folder: Path, total_bytes: int, files: int) -> None:
    """Documents of about 2 kB from a Zipf-distributed vocabulary, in several files."""
    generator = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = np.array(
        ["".join(generator.choice(letters, size)) for size in generator.integers(2, 11, WORDS)], dtype=object
    )
    weights = 1 / np.arange(1, WORDS + 1)
    cumulative = np.cumsum(weights / weights.sum())
    number = 0
    for part in range(files):
        written = 0
        with (folder / f"part-{part}.jsonl").open("w") as file:
            while written < total_bytes // files:
                drawn = words[np.searchsorted(cumulative, generator.random((256, DOCUMENT_WORDS)))]
                for row in drawn.tolist():
                    text = " ".join(row)
                    file.write(json.dumps({"text": text, "url": f"https://example.org/{number}"}) + "\n")
                    written += len(text)
                    number += 1


class Peak(threading.Thread):
    """Watches this process and its children; total_bytes: the most memory they held together."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.total_bytes = 0
        self._over = threading.Event()

    def run(self) -> None:
        """Add up until told to stop."""
        own = psutil.Process()
        while not self._over.wait(0.05):
            held = 0
            for process in (own, *own.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    held += process.memory_info().rss
            self.total_bytes = max(self.total_bytes, held)

    def stop(self) -> None:
        """End the watch."""
        self._over.set()
        self.join()


def build(kind: str, root: Path, workers: int, megabytes: int) -> dict[str, float | int | str]:
    from seedbed.data.build import build_component
    from seedbed.data.recipes import Component, Files, Grammar
    from seedbed.workbench import Workbench

    if kind == "jsonl":
        component = Component("benchmark", Files("*.jsonl"))
    else:
        component = Component("benchmark", Grammar("english", documents=megabytes * 1_000))
    out = root / f"out-{kind}"
    out.mkdir()
    peak = Peak()
    peak.start()
    start, cpu_start = time.perf_counter(), time.process_time()
    receipt = build_component(component, out, Workbench(root), tasks=workers, workers=workers)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    peak.stop()
    return {
        "source": kind,
        "workers": workers,
        "total_bytes": receipt.total_bytes,
        "documents": receipt.documents,
        "seconds": round(seconds, 1),
        "cpu_seconds_of_this_process": round(cpu_seconds, 1),
        "megabytes_per_second": round(receipt.total_bytes / MEGABYTE / seconds, 1),
        "words_per_second": round(receipt.words / seconds),
        "peak_megabytes": round(peak.total_bytes / MEGABYTE),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--build", nargs=2, metavar=("KIND", "FOLDER"), help="one measurement, in this process")
    given = parser.parse_args()
    if given.build:
        kind, folder = given.build
        print(json.dumps(build(kind, Path(folder), given.workers, given.megabytes)))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write_jsonl(Path(folder), given.megabytes * MEGABYTE, files=4)
        for kind in ("jsonl", "grammar"):
            options = ["--megabytes", str(given.megabytes), "--workers", str(given.workers)]
            command = [sys.executable, __file__, *options, "--build", kind, folder]
            rows.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    for name in rows[0]:
        values = "".join(f"{row[name]:>16,}" if not isinstance(row[name], str) else f"{row[name]:>16}" for row in rows)
        print(f"{name.replace('_', ' '):<30}{values}")
    print(json.dumps({"benchmark": "build_memory", "results": rows}))


if __name__ == "__main__":
    main()
