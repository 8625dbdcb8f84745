"""Made-up runs of studies whose arms are matched, for tests of what is compared with what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from seedbed.pipelines.results import Curve, RunResult, StudyResults
from seedbed.pipelines.study import Arm, Study

STEPS = np.array([0, 4, 8], dtype=np.int64)
BITS = "bits-per-byte/total"
PARAMETERS = {"embedding": 6_400, "attention": 1_024, "mlp": 2_304, "norm": 48, "total": 9_776}
SEEN = {"total_bytes": 1_000, "tokens": 300, "steps": 100, "flops": 1e9}


def matched_results(
    study: Study, value: Callable[[Arm, int], float], seen: Callable[[Arm], Mapping[str, float]] = lambda arm: {}
) -> StudyResults:
    """Every run of a study, finished: `value` is its last bits per byte, `seen` what differs in what it saw."""
    runs = []
    for arm in study.arms():
        assert arm.reference is None or arm.matched
        for seed, init_seed, order_seed in study.seeds.pairs():
            run = RunResult(
                name=f"{arm.name}.{study.seeds.run_name(seed, init_seed, order_seed)}",
                arm=arm.name,
                factors=arm.factors,
                seed=seed,
                init_seed=init_seed,
                order_seed=order_seed,
                fingerprint=f"{arm.name}{seed}",
                folder=Path("nowhere"),
                status="FINISHED",
                outcome={**SEEN, "parameters": PARAMETERS, **seen(arm)},
                matched=arm.matched,
                reference="" if arm.reference is None else arm.reference.arm,
                alone=study.seeds.alone(init_seed, order_seed),
            )
            if arm.computed is not None:
                run = replace(run, outcome={**run.outcome, "matched": {"in": arm.computed, "batch_size": 8}})
            object.__setattr__(run, "curves", {BITS: Curve(STEPS, np.full(len(STEPS), value(arm, seed)))})
            runs.append(run)
    return StudyResults(study.name, "", runs, [], [])


def noise(arm: Arm, seed: int, size: float = 0.01) -> float:
    """The luck of a seed under an arm: the same each time."""
    return size * float(np.random.default_rng([seed, *arm.name.encode()]).normal())
