"""How fast a full seedbed run trains, against the same model in a bare PyTorch loop fed from memory.

    python benchmarks/training_speed.py [--rounds 5] [--seconds 8] [--only nano]

Ours is the whole of `train`: batches gathered from token-store files, Lightning's loop, losses per source, metrics and
checkpoints written, result written; probes off. Theirs has its batches ready in memory and does forward, loss,
backward, clipping and a fused AdamW step, nothing else. They take turns (A B A B ...) on one thread; medians are
compared. On a busy machine look at the CPU ratio, which other processes disturb less. Text: the standard library's
source, in documents of about 100 bytes (nano) or packed into rows of 128 tokens.

`--unpadded` lets the bare loop, too, compute logits only where a target counts (seedbed always does).
"""

from __future__ import annotations

import argparse
import json
import sysconfig
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # the name every reader of PyTorch knows

from seedbed.data.orders import shuffled
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import Tokenizer
from seedbed.tokenizers.store import build_token_store, open_tokens
from seedbed.tokenizers.train import train_tokenizer
from seedbed.training.batches import Part, TrainingData
from seedbed.training.lesson import keep_freed_memory
from seedbed.training.model import Transformer
from seedbed.training.recipes import Training, parameter_counts, training
from seedbed.training.trainer import TrainTask, train

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]
DOCUMENT_BYTES = 100
MANY_STEPS = 1_000_000  # the data have batches for every round, however many updates fit into it
TEXT_BYTES = 4_000_000


@dataclass(frozen=True)
class Case:
    """A recipe of the shelf, its changes, and the size of its BPE vocabulary."""

    recipe: str
    changes: dict[str, Any]
    vocab_size: int


CASES = [
    Case("nano", {"batch_size": 64}, 512),
    Case("micro", {"batch_size": 16, "context": 128}, 2_000),
    Case("mini", {"batch_size": 8, "context": 128}, 4_096),
]


def documents() -> list[str]:
    """The standard library's source, cut at line borders."""
    found: list[str] = []
    total_bytes = 0
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        document = ""
        for line in path.read_text(encoding="utf-8", errors="ignore").splitlines(keepends=True):
            document += line
            if len(document) >= DOCUMENT_BYTES:
                found.append(document)
                total_bytes += len(document.encode())
                document = ""
        if total_bytes > TEXT_BYTES:
            break
    return found


def make_data(texts: list[str], recipe: Training, vocab_size: int, folder: Path) -> TrainingData:
    """Two sources of one token store on disk."""
    train_tokenizer(Tokenizer("bpe", vocab_size=vocab_size), iter(texts), folder)
    build_token_store(iter(texts), len(texts), load_encoder(folder), folder)
    store = open_tokens(folder)
    bytes_ = np.array([len(text.encode()) for text in texts])
    half = len(texts) // 2
    rows = {"first": np.arange(half), "second": np.arange(half, len(texts))}
    return TrainingData([Part(store, row, name, bytes_) for name, row in rows.items()], shuffled(), recipe, 0)


def bare_loop(model: Transformer, recipe: Training, batches: list[Batch]) -> None:
    """What everybody writes first; targets of -100 are padding."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, betas=recipe.betas, fused=True)
    for inputs, targets, at in batches:
        if at is None:
            loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        else:
            loss = F.cross_entropy(model(inputs, at=at), targets.flatten()[at])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


class Timer:
    """Wall and CPU seconds of every round of one way to train."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def __enter__(self) -> None:
        self.begun = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall.append(time.perf_counter() - self.begun[0])
        self.cpu.append(time.process_time() - self.begun[1])


def compare(case: Case, texts: list[str], rounds: int, seconds: float, unpadded: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recipe = training(case.recipe, **case.changes)
        data = make_data(texts, replace(recipe, steps=MANY_STEPS), case.vocab_size, folder)
        model = Transformer(recipe.model, case.vocab_size)

        def memory(steps: int) -> list[Batch]:
            made = (data.batch(step) for step in range(steps))
            return [(b.inputs, b.targets.masked_fill(b.weights == 0, -100), b.at if unpadded else None) for b in made]

        warm = memory(6)
        bare_loop(model, recipe, warm[:2])
        begun = time.process_time()
        bare_loop(model, recipe, warm[2:])
        steps = max(10, round(seconds / ((time.process_time() - begun) / 4)))
        recipe = recipe.shortened(steps)
        batches = memory(steps)
        tokens = sum(int((targets != -100).sum()) for _, targets, _ in batches)
        ours, bare = Timer(), Timer()
        for round_ in range(rounds):
            with bare:
                bare_loop(Transformer(recipe.model, case.vocab_size), recipe, batches)
            every = {"log_every": 25, "checkpoint_every": max(steps // 2, 1)}
            task = TrainTask(recipe, case.vocab_size, data, 0, folder / f"run-{round_}", **every)
            with ours:
                result = train(task)
            assert result.tokens == tokens
    return {
        "recipe": case.recipe,
        "parameters": parameter_counts(recipe.model, case.vocab_size)["total"],
        "tokens_per_step": round(tokens / steps),
        "steps": steps,
        "bare_tokens_per_second": round(tokens / median(bare.wall)),
        "ours_tokens_per_second": round(tokens / median(ours.wall)),
        "speed_ratio": round(median(bare.wall) / median(ours.wall), 3),
        "speed_ratio_by_round": [round(a / b, 3) for a, b in zip(bare.wall, ours.wall, strict=True)],
        "cpu_ratio": round(median(bare.cpu) / median(ours.cpu), 3),
        "seconds": {what: round(spent, 2) for what, spent in result.seconds.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0, help="how long one round of one way takes, about")
    parser.add_argument("--unpadded", action="store_true")
    parser.add_argument("--only", choices=[case.recipe for case in CASES])
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()  # `train` does so, and it lasts; the bare loop shall gain by it from the start
    texts = documents()
    rows = []
    titles = f"{'bare tok/s':>12}{'ours tok/s':>12}{'ratio':>8}{'cpu ratio':>11}"
    print(f"{'recipe':8}{'parameters':>12}{'tokens/step':>13}{titles}")
    for case in CASES:
        if chosen.only not in (None, case.recipe):
            continue
        row = compare(case, texts, chosen.rounds, chosen.seconds, chosen.unpadded)
        rows.append(row)
        print(
            f"{row['recipe']:8}{row['parameters']:12,}{row['tokens_per_step']:13,}{row['bare_tokens_per_second']:12,}"
            f"{row['ours_tokens_per_second']:12,}{row['speed_ratio']:8.3f}{row['cpu_ratio']:11.3f}",
            flush=True,
        )
    print(f"wanted: a ratio of at least 0.90 each; torch {torch.__version__}, one thread")
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "training_speed.json").write_text(json.dumps(rows, indent=1) + "\n")
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
