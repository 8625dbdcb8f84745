"""Peak memory and speed on the way from files to tokens: JSON lines made for the purpose, and a grammar's corpus.

    python benchmarks/build_memory.py [--megabytes 1000] [--workers 1] [--sources jsonl,grammar]
        [--tokenizer bpe] [--folder DIR]

A component is built of each source, half of its bytes are selected and identified, a tokenizer is trained
on it, and all of it is tokenized. Each of these runs in a process of its own, so that its peak is its own: the largest
resident set of any one process (it and its children are looked at twenty times a second; pages of mapped files count),
and the sum over them. The promise: under 1.5 GB per process at 10 GB (`--megabytes 10000`).
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
TRAINED_ON = 20 * MEGABYTE
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
    """Watches this process and its children; process_bytes, total_bytes: the most one held, and all together."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.process_bytes = 0
        self.total_bytes = 0
        self._over = threading.Event()

    def run(self) -> None:
        """Add up until told to stop."""
        own = psutil.Process()
        while not self._over.wait(0.05):
            held = 0
            for process in (own, *own.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    resident = process.memory_info().rss
                    held += resident
                    self.process_bytes = max(self.process_bytes, resident)
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
        **peaks(peak),
    }


def peaks(peak: Peak) -> dict[str, int]:
    return {
        "peak_megabytes_of_a_process": round(peak.process_bytes / MEGABYTE),
        "peak_megabytes_of_all": round(peak.total_bytes / MEGABYTE),
    }


def select(kind: str, root: Path) -> dict[str, float | int | str]:
    """Half of the bytes: selected and identified."""
    from seedbed.data.catalogue import open_component
    from seedbed.data.recipes import Component, Files, Mixture
    from seedbed.data.selection import select_mixture, selection_digest

    peak = Peak()
    peak.start()
    start = time.perf_counter()
    stored = open_component(root / f"out-{kind}")
    component = Component("benchmark", Files("*.jsonl"))
    mixture = Mixture("half", total_bytes=stored.total_bytes // 2, shares={component: 1.0})
    chosen = select_mixture(mixture, {"benchmark": stored})
    selection_digest(chosen, {"benchmark": stored})
    seconds = time.perf_counter() - start
    peak.stop()
    return {"select_seconds": round(seconds, 1)} | {f"select_{name}": value for name, value in peaks(peak).items()}


def tokenize(kind: str, root: Path, tokenizer: str) -> dict[str, float | int | str]:
    from seedbed.data.catalogue import open_component
    from seedbed.tokenizers.encoder import load_encoder
    from seedbed.tokenizers.recipes import Tokenizer
    from seedbed.tokenizers.store import build_token_store
    from seedbed.tokenizers.train import train_tokenizer

    stored = open_component(root / f"out-{kind}")
    folder = root / f"tokens-{kind}"
    folder.mkdir()
    texts = list(stored.iter_texts(0, max(1, round(stored.documents * TRAINED_ON / stored.total_bytes))))
    recipe = Tokenizer("bpe", vocab_size=4_096) if tokenizer == "bpe" else Tokenizer("byte")
    train_tokenizer(recipe, texts, folder)
    del texts
    peak = Peak()
    peak.start()
    start = time.perf_counter()
    receipt = build_token_store(stored.iter_texts(), stored.documents, load_encoder(folder), folder)
    seconds = time.perf_counter() - start
    peak.stop()
    found = {"seconds": round(seconds, 1), "megabytes_per_second": round(receipt.total_bytes / MEGABYTE / seconds, 1)}
    return {f"tokenize_{name}": value for name, value in (found | peaks(peak)).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--sources", default="jsonl,grammar")
    parser.add_argument("--tokenizer", choices=("bpe", "byte"), default="bpe")
    parser.add_argument("--folder", default=None, help="where there is room for three times the megabytes")
    parser.add_argument("--step", nargs=3, metavar=("STEP", "SOURCE", "FOLDER"), help="one measurement, here")
    given = parser.parse_args()
    if given.step:
        step, kind, folder = given.step[0], given.step[1], Path(given.step[2])
        steps = {
            "build": lambda: build(kind, folder, given.workers, given.megabytes),
            "select": lambda: select(kind, folder),
            "tokenize": lambda: tokenize(kind, folder, given.tokenizer),
        }
        print(json.dumps(steps[step]()))
        return
    rows = []
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        kinds = given.sources.split(",")
        if "jsonl" in kinds:
            write_jsonl(Path(name), given.megabytes * MEGABYTE, files=4)
        for kind in kinds:
            row: dict[str, float | int | str] = {}
            for step in ("build", "select", "tokenize"):
                options = ["--megabytes", str(given.megabytes), "--workers", str(given.workers)]
                options += ["--tokenizer", given.tokenizer]
                command = [sys.executable, __file__, *options, "--step", step, kind, name]
                done = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
                print(f"{kind} {step}: {json.dumps(done)}", file=sys.stderr, flush=True)
                row |= done
            rows.append(row)
    for name in rows[0]:
        values = "".join(f"{row[name]:>16,}" if not isinstance(row[name], str) else f"{row[name]:>16}" for row in rows)
        print(f"{name.replace('_', ' '):<44}{values}")
    print(json.dumps({"benchmark": "build_memory", "results": rows}))


if __name__ == "__main__":
    main()
