"""Seconds that every probe of the shelf takes at one step of a model of a million parameters, and what it feeds.

    python benchmarks/probe_suites.py [--threads 2] [--model micro] [--vocabulary 1700] [--only NAME ...] [--with-last]

The model has random weights; the tokenizer is byte-level BPE, trained on the text at hand: sentences of our grammars
(english_broad, question formation, center embedding, tense), half of which are the training text and half the held-out
one. Probes that run at all steps are measured, the best of two times, after one time that lays their items out (done
once in a run, beside `prepare`); probes whose shelf file says at = "last" only with --with-last. A probe that cannot
run here (another study's components, files that are not there) says why. Core seconds are what the process used: on a
machine that does other things as well they say more than those of the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from seedbed.data.grammar.documents import Request, Sampler
from seedbed.data.grammar.file import load_grammar
from seedbed.errors import SeedbedError
from seedbed.probes.base import Material
from seedbed.probes.recipes import probe
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.training.model import Transformer
from seedbed.training.recipes import training
from seedbed.workbench import Workbench

ALLOWED_SECONDS = 20.0
TEXT = {
    "broad": ("english_broad", "sentence"),
    "questions": ("english", "either"),
    "nested": ("english", "center"),
    "tense": ("english_tense", "either"),
}
DOCUMENTS = 4_000


def material(root: Path, vocabulary: int, context: int) -> Material:
    """Text of our grammars, and a tokenizer trained on it."""
    bench = Workbench(".")
    texts: dict[str, list[str]] = {}
    labels: dict[str, list[dict[str, object]]] = {}
    for name, (grammar, task) in TEXT.items():
        block = Sampler(load_grammar(grammar, bench), Request(task=task)).documents(0, DOCUMENTS)
        texts[name], labels[name] = block.texts, block.labels
    train_tokenizer(tokenizer("bpe", vocab_size=vocabulary), (text for some in texts.values() for text in some), root)
    encoder = load_encoder(root)
    half = DOCUMENTS // 2

    def table(component: str, columns: Sequence[str]) -> pa.Table:
        rows = labels[component][half:]
        there = [name for name in columns if name in rows[0]]
        return pa.table({name: [row.get(name) for row in rows] for name in there})

    def documents(tokens: int) -> list[NDArray[np.int64]]:
        found: list[NDArray[np.int64]] = []
        left = tokens
        for row in range(half):
            for some in texts.values():
                ids = np.array([*encoder.encode(some[row]), encoder.eos_id], np.int64)
                if len(ids) > left:
                    return found
                left -= len(ids)
                found.append(ids)
        return found

    heldout = {name: some[half:] for name, some in texts.items()}
    return Material(encoder, context, bench, heldout, table, documents)


def main() -> int:
    """Measure every probe and print a table and JSON; 1 if those that run at all steps take longer than allowed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default="micro")
    parser.add_argument("--vocabulary", type=int, default=1_700)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--with-last", action="store_true")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    names = chosen.only or sorted(path.stem for path in Path("probes").glob("*.toml"))
    if not names:
        sys.exit("there is no probes/ here: run this from the repository's root")
    recipe = training(chosen.model).model
    results: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as name:
        given = material(Path(name), chosen.vocabulary, recipe.context)
        model = Transformer(recipe, given.encoder.vocab_size)
        parameters = sum(weight.numel() for weight in model.parameters())
        print(f"{parameters:,} parameters, {chosen.threads} thread(s), load {os.getloadavg()[0]:.1f}")
        print(f"{'probe':<22}{'at':<6}{'prepare s':>10}{'first s':>9}{'step s':>9}{'core s':>9}{'tokens fed':>12}")
        for each in names:
            asked = probe(each)
            if asked.at == "last" and not chosen.with_last:
                continue
            start = time.perf_counter()
            try:
                prepared = asked.prepare(given)
                ready = time.perf_counter()
                prepared.measure(model, 0)
                laid = time.perf_counter()
                best = cores = float("inf")
                for _ in range(2):
                    again, used = time.perf_counter(), time.process_time()
                    prepared.measure(model, 1)
                    best = min(best, time.perf_counter() - again)
                    cores = min(cores, time.process_time() - used)
            except SeedbedError as error:
                print(f"{each:<22}{asked.at:<6} cannot run here: {str(error)[:100]}")
                continue
            fed = getattr(prepared, "cost_tokens", None)
            results.append(
                {
                    "probe": each,
                    "at": asked.at,
                    "prepare": ready - start,
                    "first": laid - ready,
                    "step": best,
                    "cores": cores,
                    "tokens": fed,
                }
            )
            told = "not said" if fed is None else f"{fed:,}"
            print(
                f"{each:<22}{asked.at:<6}{ready - start:>10.2f}{laid - ready:>9.2f}{best:>9.2f}{cores:>9.2f}{told:>12}",
                flush=True,
            )
    total = sum(float(str(result["step"])) for result in results if result["at"] == "all")
    used = sum(float(str(result["cores"])) for result in results if result["at"] == "all")
    print(
        f"all probes that run at all steps: {total:.1f} s a step ({ALLOWED_SECONDS:.0f} s allowed), {used:.1f} core s"
    )
    print(
        json.dumps(
            {
                "benchmark": "probe_suites",
                "parameters": parameters,
                "seconds": total,
                "core_seconds": used,
                "results": results,
            }
        )
    )
    return int(total > ALLOWED_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
