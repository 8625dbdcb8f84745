"""A made-up study with run folders as the trainer leaves them: tracking, figures, tables and report are tested on it.

2 mixtures x 2 tokenizers x 3 seeds. Curves are plausible (one mixture learns the hierarchical rule, the other the
linear one) but every number here is invented.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from seedbed.dynamics.verdict import Verdict, verdict
from seedbed.pipelines.conclusions import Answer, Conclusions, OnsetRow
from seedbed.pipelines.results import DatasetInfo, MixtureRow, RunResult, StudyResults

STEPS = np.array([0, 10, 20, 40, 80, 160, 320, 640, 1000, 1300, 1600])
MIXTURES = ("branching", "centered")
TOKENIZERS = ("bpe-512", "byte")
SEEDS = (0, 1, 2)
QUESTION_SETS = ("in-distribution", "ood-easy", "ood-hard")
OUTCOMES = ("hierarchical", "move-first", "move-last", "other")
HEADLINES = [
    "question-formation/ood-hard/hierarchical",
    "question-formation/ood-hard/margin",
    "minimal-pairs/agreement/mean/accuracy_per_token",
    "bits-per-byte/total",
]
LAST_STEP = int(STEPS[-1])
FAILED_RUN = "centered.byte.seed-2"


def rising(midpoint: float, low: float, high: float, noise: np.random.Generator) -> np.ndarray:
    """A share that goes from `low` to `high` around step `midpoint`."""
    x = np.log1p(STEPS) - np.log1p(midpoint)
    return np.clip(low + (high - low) / (1 + np.exp(-3 * x)) + noise.normal(0, 0.015, len(STEPS)), 0, 1)


def curves_of(mixture: str, tokenizer: str, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Metric name -> (steps, values)."""
    noise = np.random.default_rng([MIXTURES.index(mixture), TOKENIZERS.index(tokenizer), seed])
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    slow = 1.6 if tokenizer == "byte" else 1.0
    for name in QUESTION_SETS:
        kinds = ["", ".rc-o", ".rc-si", ".rc-st"] if name.startswith("ood") else [""]
        for kind in kinds:
            hard = {"": 1.0, ".rc-o": 1.8, ".rc-si": 1.0, ".rc-st": 0.8}[kind]
            end = 0.97 if name == "in-distribution" else {"centered": 0.93, "branching": 0.12}[mixture]
            good = rising(200 * slow * hard * noise.uniform(0.8, 1.2), 0.0, end, noise)
            first = np.clip((1 - good) * rising(90 * slow, 0, 0.9, noise), 0, 1)
            last = (1 - good - first).clip(0) * 0.2
            rest = 1 - good - first - last
            base = f"question-formation/{name}{kind}"
            for outcome, values in zip(OUTCOMES, (good, first, last, rest), strict=True):
                found[f"{base}/{outcome}"] = (STEPS, values)
            found[f"{base}/margin"] = (STEPS, 8 * (good - first) + noise.normal(0, 0.3, len(STEPS)))
    for paradigm, ease in (("agreement_plain", 80), ("agreement_relative_attractor", 400), ("mean", 160)):
        base = f"minimal-pairs/agreement/{paradigm}"
        for rule in ("accuracy_sum", "accuracy_per_token", "accuracy_per_byte"):
            found[f"{base}/{rule}"] = (STEPS, rising(ease * slow, 0.5, 0.97, noise))
        found[f"{base}/margin_nats"] = (STEPS, rising(ease * slow, 0, 1, noise) * 6)
        found[f"{base}/ties"] = (STEPS, np.zeros(len(STEPS)))
    falling = {
        source: floor + (8.2 - floor) * np.exp(-STEPS / (180 * slow)) + noise.normal(0, 0.01, len(STEPS))
        for source, floor in (("questions", 0.42), (mixture, 0.55), ("code 50%", 1.6))
    }
    for source, values in falling.items():
        found[f"bits-per-byte/{source}"] = (STEPS, values)
        found[f"bits-per-byte/{source}.bytes"] = (STEPS, np.full(len(STEPS), 9_000.0))
    found["bits-per-byte/total"] = (STEPS, np.mean(list(falling.values()), axis=0))
    found["bits-per-byte/total.bytes"] = (STEPS, np.full(len(STEPS), 27_000.0))
    steps = np.arange(40, LAST_STEP + 1, 40)
    found["train/loss_bits_per_byte"] = (
        steps,
        0.6 + 7 * np.exp(-steps / (180 * slow)) + noise.normal(0, 0.02, len(steps)),
    )
    found["train/bytes_seen"] = (steps, steps * 6_400.0)
    found["train/tokens_seen"] = (steps, steps * (6_400.0 if tokenizer == "byte" else 2_100.0))
    return found


def write_run(folder: Path, run: RunResult, only: tuple[str, ...] = ()) -> None:
    """Write one run folder: metrics.parquet (of all metrics, or a few), items/, ledger.json."""
    (folder / "items").mkdir(parents=True)
    curves = curves_of(run.factors["mixture"], run.factors["tokenizer"], run.seed)
    columns: dict[str, list] = {"step": [], "metric": [], "value": []}
    for name, (steps, values) in curves.items():
        if only and name not in only:
            continue
        kept = steps <= 320 if run.status == "FAILED" else steps >= 0
        columns["step"] += steps[kept].tolist()
        columns["metric"] += [name] * int(kept.sum())
        columns["value"] += values[kept].tolist()
    pq.write_table(pa.table(columns), folder / "metrics.parquet")
    items = pa.table({"step": [LAST_STEP] * 4, "item": [0, 1, 2, 3], "kind": ["o", "si", "st", "o"]})
    pq.write_table(items, folder / "items" / "question-formation.parquet")
    (folder / "ledger.json").write_text(json.dumps({str(LAST_STEP): f"{run.seed:064x}"}))


def synthetic_results(
    folder: Path, seeds: tuple[int, ...] = SEEDS, *, failed: bool = False, only: tuple[str, ...] = ()
) -> StudyResults:
    """The study's results, its run folders written under `folder` unless they are there. only: metrics to have."""
    runs = []
    for mixture in MIXTURES:
        for tokenizer in TOKENIZERS:
            for seed in seeds:
                arm = f"{mixture}.{tokenizer}"
                name = f"{arm}.seed-{seed}"
                broken = failed and name == FAILED_RUN
                run = RunResult(
                    name=name,
                    arm=arm,
                    factors={"mixture": mixture, "tokenizer": tokenizer, "order": "shuffled", "model": "nano"},
                    seed=seed,
                    init_seed=2 * seed,
                    order_seed=2 * seed + 1,
                    fingerprint=f"{MIXTURES.index(mixture)}{TOKENIZERS.index(tokenizer)}{seed:02d}" + "ab" * 6,
                    folder=folder / "runs" / name,
                    status="FAILED" if broken else "FINISHED",
                    reason="the loss was not finite at step 325; lower the learning rate" if broken else "",
                    outcome=outcome_of(tokenizer),
                    parameters={
                        f"mixture.{mixture}": 0.59,
                        "mixture.questions": 0.41,
                        "model.width": 64,
                        "model.layers": 3,
                        "training.learning_rate": 0.003,
                    },
                )
                if not run.folder.exists():
                    write_run(run.folder, run, only)
                runs.append(run)
    return StudyResults(
        name="made-up",
        description="Does center embedding decide how a small model forms questions?\n\nEvery number here is invented.",
        runs=runs,
        mixtures=[row for mixture in MIXTURES for row in mixture_rows(mixture)],
        datasets=[
            DatasetInfo(name, f"{name}-digest", 50_000, 2_400_000, f"Grammar({name})", "f" * 16, folder / name)
            for name in ("questions", *MIXTURES, "code 50%")
        ],
    )


def outcome_of(tokenizer: str) -> dict:
    """A result.json."""
    vocabulary = {"byte": 257, "bpe-512": 512}[tokenizer]
    parameters = {"embedding": vocabulary * 64, "attention": 49_152, "mlp": 98_304, "norm": 448}
    return {
        "parameters": {**parameters, "total": sum(parameters.values())},
        "tokens": LAST_STEP * (6_400 if tokenizer == "byte" else 2_100),
        "total_bytes": LAST_STEP * 6_400,
        "documents": LAST_STEP * 64,
        "flops": 1.2e12,
        "baselines": {"question-formation/ood-hard/move-first": 0.0},
        "seconds": {"train": 41.0, "probe": 3.1, "log": 0.2},
    }


def mixture_rows(mixture: str) -> list[MixtureRow]:
    """Requested and achieved shares."""
    asked = {"questions": 0.41, mixture: 0.49, "code 50%": 0.1}
    return [
        MixtureRow(
            mixture=mixture,
            component=component,
            requested_share=share,
            achieved_share=share + 0.00002,
            requested_bytes=int(4_000_000 * share),
            achieved_bytes=int(4_000_000 * share) + 31,
            documents=int(4_000_000 * share / 50),
            epochs=1.0,
            mean_document_bytes=50.2,
            mean_document_words=10.4,
        )
        for component, share in asked.items()
    ]


def synthetic_conclusions(results: StudyResults) -> Conclusions:
    """Answers computed from the made-up runs, and made-up onsets."""
    return Conclusions(
        answers=[
            answer_of(results, "Does center embedding make questions hierarchical?", "mixture", MIXTURES, TOKENIZERS),
            answer_of(results, "Does the tokenizer matter?", "tokenizer", TOKENIZERS, MIXTURES),
        ],
        onsets=[onset_of(run) for run in results.runs if run.status == "FINISHED"],
        headline_metrics=list(HEADLINES),
    )


def answer_of(
    results: StudyResults, question: str, factor: str, levels: tuple[str, str], strata: tuple[str, ...]
) -> Answer:
    """One question answered over pairs of runs that share a seed and a stratum."""
    other = "tokenizer" if factor == "mixture" else "mixture"
    last = {
        (run.factors[factor], run.factors[other], run.seed): run.curves[HEADLINES[0]].last
        for run in results.runs
        if run.status == "FINISHED"
    }
    keys = [(s, seed) for (level, s, seed) in last if level == levels[0] and (levels[1], s, seed) in last]

    def decide(chosen: list[tuple[str, int]]) -> Verdict:
        return verdict(
            [last[levels[0], *key] for key in chosen],
            [last[levels[1], *key] for key in chosen],
            strata=[stratum for stratum, _ in chosen],
            label_a=levels[0],
            label_b=levels[1],
            metric=HEADLINES[0],
        )

    return Answer(
        question=question,
        factor=factor,
        level_a=levels[0],
        level_b=levels[1],
        metric=HEADLINES[0],
        strata=strata,
        matched="bytes seen equal" if factor == "mixture" else "bytes seen equal; tokens seen differ",
        verdict=decide(keys),
        by_stratum={stratum: decide([key for key in keys if key[0] == stratum]) for stratum in strata},
    )


def onset_of(run: RunResult) -> OnsetRow:
    """A record of one run's transition."""
    reached = run.factors["mixture"] == "centered"
    return OnsetRow(
        arm=run.arm,
        seed=run.seed,
        metric=HEADLINES[0],
        threshold=0.5,
        onset_step=320 if reached else None,
        lower_step=160 if reached else None,
        last_step=LAST_STEP,
        soft_metric=HEADLINES[1],
        soft_onset_step=320 if reached else None,
        confirmed=reached,
        break_step=160 if reached else None,
        final_value=run.curves[HEADLINES[0]].last,
    )
