"""Made-up studies with planted onsets, for figures: curves in memory, with the dynamics that the study's code finds.

Abilities rise at a step that depends on arm and seed; of some seeds they never do. Every number is invented.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from seedbed import Component, Grammar, Mixture, Seeds, Study, model, probe, tokenizer
from seedbed.pipelines.conclusions import Conclusions
from seedbed.pipelines.headlines import headlines
from seedbed.pipelines.results import Curve, MixtureRow, RunResult, StudyResults
from seedbed.pipelines.study_dynamics import study_dynamics

STEPS = np.array([0, 10, 20, 40, 80, 160, 320, 480, 640, 800, 960, 1120, 1280, 1440, 1600])
PROBES = ("addition", "grammar-agreement", "question-formation", "npi", "bits-per-byte")
LAYERS, HEADS = 2, 4


def rise(middle: float | None, low: float, high: float) -> np.ndarray:
    """From low to high around a step; None: never."""
    if middle is None:
        return np.full(len(STEPS), low)
    return low + (high - low) / (1 + np.exp(-(np.log1p(STEPS) - np.log1p(middle)) * 5))


@cache
def planted(
    doses: tuple[float, ...] = (0.0, 0.1, 1.0),
    seeds: int = 8,
    *,
    tokenizers: tuple[str, ...] = ("bpe-512",),
    never: float = 0.2,
    heads: bool = True,
    probes: tuple[str, ...] = PROBES,
    failed: str = "",
) -> tuple[StudyResults, Conclusions]:
    """A study of doses of `center` in place of `branching`, beside questions.

    never: the share of seeds that do not come to an ability. failed: the name of a run that ended at step 160. Made
    once and shared between tests: change copies of it only.
    """
    part = Component("copies", Grammar("english", task="copy", documents=100))
    study = Study(
        name="planted",
        mixtures=(Mixture("copies", total_bytes=1000, shares={part: 1.0}),),
        tokenizers=(tokenizer("byte"),),
        models=(model("nano", steps=1600),),
        probes=tuple(probe(name) for name in probes),
        seeds=Seeds(2),
    )
    asked = headlines(study)
    runs = []
    for i, dose in enumerate(doses):
        for j, name in enumerate(tokenizers):
            arm = ".".join([f"dose-{dose:.3g}"] + [name] * (len(tokenizers) > 1))
            for seed in range(seeds):
                rng = np.random.default_rng([i, j, seed])
                run = RunResult(
                    name=f"{arm}.seed-{seed}",
                    arm=arm,
                    factors={"mixture": f"dose-{dose:.3g}", "tokenizer": name, "order": "shuffled", "model": "nano"},
                    seed=seed,
                    init_seed=2 * seed,
                    order_seed=2 * seed + 1,
                    fingerprint="f",
                    folder=Path("nowhere"),
                    status="FINISHED",
                    outcome={"seconds": {"train": 1.0}},
                )
                curves = _curves(asked, rng, i, j, never)
                if heads:
                    curves |= _heads(rng, i)
                kept = len(STEPS)
                if run.name == failed:
                    kept = 6
                    run = RunResult(**{**run.__dict__, "status": "FAILED", "reason": "the loss was not finite"})
                run.__dict__["curves"] = {
                    metric: Curve(STEPS[:kept].astype(np.int64), values[:kept]) for metric, values in curves.items()
                }
                runs.append(run)
    rows = [
        MixtureRow(f"dose-{dose:.3g}", component, share, share + 0.0004 * (share > 0), 1, 1, 10, 1.0, 50.0, 9.0)
        for dose in doses
        for component, share in (("questions", 0.4), ("center", 0.6 * dose), ("branching", 0.6 * (1 - dose)))
        if share or component == "questions"
    ]
    results = StudyResults("planted", "Every number is invented.", runs, rows, [])
    return results, Conclusions([], [], [each.metric for each in asked], [], study_dynamics(study, results))


def _curves(asked: list, rng: np.random.Generator, i: int, j: int, never: float) -> dict[str, np.ndarray]:
    loss = 1.2 + 0.2 * j + 5 * np.exp(-STEPS / 300) + rng.normal(0, 0.02, len(STEPS))
    found = {
        "train/bytes_seen": 6400.0 * STEPS,
        "train/loss_bits_per_byte": loss,
        "train/learning_rate": np.full(len(STEPS), 0.003),
    }
    for k, headline in enumerate(asked):
        if headline.higher_is == "worse":
            found[headline.metric] = loss + 0.1 + rng.normal(0, 0.01, len(STEPS))
            continue
        middle = None if rng.random() < never else (120 + 140 * k) * (1.6 * 0.82**i) * rng.uniform(0.8, 1.25)
        low = 0.5 if "accuracy" in headline.metric else 0.02
        share = headline.unit.startswith("share")
        values = rise(middle, low, 0.95) + rng.normal(0, 0.015, len(STEPS))
        found[headline.metric] = np.clip(values, 0, 1) if share else 6 * values
        if headline.soft_metric:
            found[headline.soft_metric] = 6 * values - 2
    return found


def _heads(rng: np.random.Generator, i: int) -> dict[str, np.ndarray]:
    found = {}
    for layer in range(LAYERS):
        for head in range(HEADS):
            best = (layer, head) == (1, 2)
            values = rise(300 * (1.3 * 0.9**i), 0.12, 0.8 if best else 0.15 + 0.04 * head)
            found[f"attention-syntax/head/{layer}.{head}/accuracy"] = values + rng.normal(0, 0.01, len(STEPS))
    return found
