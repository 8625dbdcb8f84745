"""How fast a component is tokenized, against the library's own `encode_batch_fast` on the same text and cores.

    python benchmarks/tokenizing.py [--megabytes 30] [--rounds 5] [--cores N]

Ours is the whole of `build_token_store`: encoding, the check that every document is given back exactly, offsets,
digest and writing. Theirs encodes the same documents and drops the result, in batches as large as ours or in one call,
whichever is faster. They take turns (A B C A B C ...); medians are compared. On a busy machine look at the CPU ratio,
which other processes disturb less. The texts are long documents (the standard library's source, repeated) and short
ones (sentences of a small artificial language).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sysconfig
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import Tokenizer
from seedbed.tokenizers.store import batches, build_token_store
from seedbed.tokenizers.train import train_tokenizer

DOCUMENT_BYTES = 2_000


def source_documents(total_bytes: int) -> list[str]:
    """The standard library's source, cut at line borders, repeated until there are enough bytes."""
    documents: list[str] = []
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(root.rglob("*.py")):
        if {"site-packages", "test", "tests"} & set(path.parts):
            continue
        document = ""
        for line in path.read_text(encoding="utf-8", errors="ignore").splitlines(keepends=True):
            document += line
            if len(document) >= DOCUMENT_BYTES:
                documents.append(document)
                document = ""
    return repeated(documents, total_bytes)


def sentence_documents(total_bytes: int) -> list[str]:
    """Short sentences over some thirty words, one sentence a document."""
    draw = random.Random(0).choice
    nouns = [noun + ending for noun in ("newt", "yak", "walrus", "raven", "zebra", "quail") for ending in ("", "s")]
    verbs = ["sleep", "smile", "giggle", "swim", "entertain", "amuse", "admire", "confuse"]
    helpers = ["does", "doesn't", "do", "don't", "will", "won't", "can", "can't"]
    documents = []
    for _ in range(50_000):
        who = f"{draw(('the', 'my', 'your', 'some'))} {draw(nouns)}"
        clause = f"who {draw(helpers)} {draw(verbs)} the {draw(nouns)} "
        sentence = f"{who} {clause if draw((True, False)) else ''}{draw(helpers)} {draw(verbs)}"
        documents.append(f"{sentence} . quest {sentence} ?")
    return repeated(documents, total_bytes)


def repeated(documents: list[str], total_bytes: int) -> list[str]:
    once = sum(len(document.encode()) for document in documents)
    return documents * -(-total_bytes // once)


@dataclass
class Timer:
    """Wall and CPU seconds of every round of one way to do the work."""

    work: Callable[[], object]
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def round(self) -> None:
        """Do the work once more."""
        wall, cpu = time.perf_counter(), time.process_time()
        self.work()
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)


def compare(name: str, texts: list[str], vocab_size: int, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        train_tokenizer(Tokenizer("bpe", vocab_size=vocab_size), islice(texts, 5_000), out)
        encoder = load_encoder(out)
        encode = encoder.library.encode_batch_fast

        def in_batches() -> None:
            for batch in batches(texts):
                encode(batch, add_special_tokens=False)

        ours = Timer(lambda: build_token_store(iter(texts), len(texts), encoder, out))
        batched = Timer(in_batches)
        at_once = Timer(lambda: encode(texts, add_special_tokens=False))
        ours.work()  # fills the library's cache and the disk's, for all of them
        for _ in range(rounds):
            batched.round()
            ours.round()
            at_once.round()
    total_bytes = sum(len(text.encode()) for text in texts)
    theirs = min((batched, at_once), key=lambda timer: median(timer.wall))
    return {
        "text": name,
        "documents": len(texts),
        "total_bytes": total_bytes,
        "vocab_size": vocab_size,
        "ours_bytes_per_second": round(total_bytes / median(ours.wall)),
        "library_batches_bytes_per_second": round(total_bytes / median(batched.wall)),
        "library_at_once_bytes_per_second": round(total_bytes / median(at_once.wall)),
        "speed_ratio": round(median(theirs.wall) / median(ours.wall), 3),
        "speed_ratio_by_round": [round(b / a, 3) for a, b in zip(ours.wall, batched.wall, strict=True)],
        "cpu_ratio": round(median(theirs.cpu) / median(ours.cpu), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    chosen = parser.parse_args()
    os.environ["RAYON_NUM_THREADS"] = str(chosen.cores)  # the library reads it when it first encodes
    wanted = chosen.megabytes * 1_000_000
    rows = [
        compare("source", source_documents(wanted), 4096, chosen.rounds),
        compare("source", source_documents(wanted), 512, chosen.rounds),
        compare("sentences", sentence_documents(wanted), 350, chosen.rounds),
    ]
    print(f"{chosen.cores} cores, medians of {chosen.rounds} rounds; 'ratio' is ours over the library's faster way")
    print(f"{'text':<10} {'MB':>4} {'documents':>10} {'tokens':>6} {'ours MB/s':>10} {'ratio':>6} {'CPU ratio':>10}")
    for row in rows:
        print(
            f"{row['text']:<10} {row['total_bytes'] / 1e6:>4.0f} {row['documents']:>10,} {row['vocab_size']:>6} "
            f"{row['ours_bytes_per_second'] / 1e6:>10.2f} {row['speed_ratio']:>6.3f} {row['cpu_ratio']:>10.3f}"
        )
    print(json.dumps({"benchmark": "tokenizing", "cores": chosen.cores, "rounds": chosen.rounds, "results": rows}))


if __name__ == "__main__":
    main()
