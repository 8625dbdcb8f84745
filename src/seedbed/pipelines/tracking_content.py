"""What is logged of a study, as plain values: names that MLflow accepts, parameters, tags, datasets, digests."""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seedbed.pipelines.aggregate import arm_band
from seedbed.pipelines.conclusions import Conclusions
from seedbed.pipelines.palette import arm_color, seed_color
from seedbed.pipelines.results import DatasetInfo, RunResult, StudyResults
from seedbed.pipelines.siblings import outside_embedding

LAYOUT = 2
"""Raise when what is logged on group and study runs changes: they are then written anew from the store."""
NAME_LENGTH = 250
PARAMETER_LENGTH = 6000
TAG_LENGTH = 8000
DIGEST_LENGTH = 36
FOREIGN = re.compile(r"[^/\w.\- :]")

STUDY, ARM, SEED, KIND = "seedbed.study", "seedbed.arm", "seedbed.seed", "seedbed.kind"
FINGERPRINT, DIGEST, CURRENT, WHOLE = "seedbed.fingerprint", "seedbed.digest", "seedbed.current", "seedbed.whole"
REASON = "seedbed.reason"
NOTE, PARENT, COLOR = "mlflow.note.content", "mlflow.parentRunId", "mlflow.runColor"
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Point:
    """One value of one metric."""

    key: str
    value: float
    step: int


def logged_name(name: str) -> str:
    """A metric's or parameter's name as MLflow takes it: letters, digits, `/ _ . - :` and spaces, at most 250 of them.

    A name that has to be changed gets four digits of its hash, so that two names never become one.
    """
    changed = FOREIGN.sub("_", name)
    parts = [part for part in changed.split("/") if part not in ("", ".", "..")]
    changed = "/".join(parts)[: NAME_LENGTH - 5] if len(changed) > NAME_LENGTH else "/".join(parts)
    if changed == name:
        return name
    return f"{changed}.{hashlib.sha256(name.encode()).hexdigest()[:4]}"


def run_points(run: RunResult) -> list[Point]:
    """Every value that a run measured, and what it cost at its last step."""
    points = [
        Point(logged_name(name), finite_or_nan(float(value)), int(step))
        for name, curve in run.curves.items()
        for step, value in zip(curve.steps, curve.values, strict=True)
    ]
    last = max((point.step for point in points), default=0)
    seconds = run.outcome.get("seconds", {})
    return points + [Point(f"cost/{logged_name(part)}_seconds", float(spent), last) for part, spent in seconds.items()]


def finite_or_nan(value: float) -> float:
    """MLflow would log an infinity as the largest float; NaN is honest."""
    return value if math.isfinite(value) else math.nan


def line_points(lines: Iterable[Mapping[str, Any]]) -> list[Point]:
    """Points of metrics.jsonl: {"step", "metrics": {name: value or null}} or {"step", "metric", "value"}."""
    points = []
    for line in lines:
        metrics = line["metrics"] if "metrics" in line else {line["metric"]: line["value"]}
        for name, value in metrics.items():
            number = math.nan if value is None else finite_or_nan(float(value))
            points.append(Point(logged_name(name), number, int(line["step"])))
    return points


def group_points(results: StudyResults, arm: str, metrics: Sequence[str]) -> list[Point]:
    """Mean, lower and upper end of the interval of each headline metric, by step; NaN ends (one seed) are left out."""
    points = []
    for metric in metrics:
        found = arm_band(results, arm, metric)
        for part, values in (("mean", found.mean), ("lower", found.lower), ("upper", found.upper)):
            name = logged_name(f"{metric}/{part}")
            points += [
                Point(name, float(value), int(step))
                for step, value in zip(found.steps, values, strict=True)
                if math.isfinite(value)
            ]
    return points


def run_parameters(run: RunResult) -> dict[str, str]:
    """The run's recipe flattened, its factor levels and its seeds."""
    found: dict[str, Any] = {
        **run.factors,
        "arm": run.arm,
        "seed": run.seed,
        "init_seed": run.init_seed,
        "order_seed": run.order_seed,
        # `level.mixture` and its like say again what the factor's own name says.
        **{name: value for name, value in run.parameters.items() if not name.startswith("level.")},
    }
    return {logged_name(name): str(value)[:PARAMETER_LENGTH] for name, value in found.items()}


def run_times_ms(run: RunResult) -> tuple[int, int]:
    """When a run started and ended, as far as the store tells; now for one that is not there yet."""
    marks = [path for path in (run.folder / "result.json", run.folder / "metrics.parquet") if path.is_file()]
    ended = marks[0].stat().st_mtime if marks else time.time()
    return int(1000 * (ended - sum(run.outcome.get("seconds", {}).values()))), int(1000 * ended)


def outcome_parameters(run: RunResult) -> dict[str, str]:
    """What is known once a run has ended: parameter counts, and what a sibling took to be matched."""
    split = run.outcome.get("parameters", {})
    found = {f"parameters.{part}": str(number) for part, number in split.items()}
    if split:
        found["parameters.all_but_embedding"] = str(outside_embedding(split))
        found["parameters.embedding_share"] = f"{split['embedding'] / split['total']:.4f}"
    found |= {f"matched.{part}": str(value) for part, value in (run.outcome.get("matched") or {}).items()}
    return {logged_name(name): value for name, value in found.items()}


def group_parameters(runs: Sequence[RunResult]) -> dict[str, str]:
    """The parameters that all runs of an arm share, and how many seeds there are."""
    each = [run_parameters(run) for run in runs]
    shared = {name: value for name, value in each[0].items() if all(other.get(name) == value for other in each)}
    for name in ("seed", "init_seed", "order_seed"):
        shared.pop(name, None)
    return {**shared, "seeds": str(len(runs))}


def study_tags(study: str, kind: str) -> dict[str, str]:
    """Tags of every run that seedbed logs."""
    return {
        STUDY: study,
        KIND: kind,
        CURRENT: YES,
        "mlflow.source.name": f"seedbed run ({study})",
        "mlflow.source.type": "LOCAL",
    }


def run_tags(study: StudyResults, run: RunResult) -> dict[str, str]:
    """Tags of a seed's run, to search by."""
    seeds = [other.seed for other in study.of_arm(run.arm)]
    levels = {f"seedbed.{factor}": level for factor, level in run.factors.items()}
    return {
        **study_tags(study.name, "run"),
        COLOR: seed_color(study.arms.index(run.arm), seeds.index(run.seed), len(seeds)),
        **levels,
        ARM: run.arm,
        SEED: str(run.seed),
        FINGERPRINT: run.fingerprint,
        NOTE: f"Seed {run.seed} of arm {run.arm} (initialisation {run.init_seed}, data order {run.order_seed}).",
    }


def group_tags(study: StudyResults, arm: str) -> dict[str, str]:
    """Tags of an arm's group run."""
    runs = study.of_arm(arm)
    levels = {f"seedbed.{factor}": level for factor, level in runs[0].factors.items()}
    text = f"Arm {arm}, {len(runs)} seeds: mean and 95 % t interval; every seed's trace is in figures/."
    color = arm_color(study.arms.index(arm))
    return {**study_tags(study.name, "group"), **levels, ARM: arm, COLOR: color, NOTE: text}


def study_note(results: StudyResults, conclusions: Conclusions | None) -> str:
    """The overview run's description: what the study asks and what it found."""
    answers = conclusions.answers if conclusions else []
    lines = [f"- **{answer.asked}** {answer.verdict.sentence}" for answer in answers]
    return "\n".join([results.description, "", *lines])[:TAG_LENGTH]


def datasets_of(results: StudyResults, mixture: str) -> list[DatasetInfo]:
    """The components that a mixture holds bytes of."""
    held = {row.component for row in results.mixtures if row.mixture == mixture and row.achieved_bytes > 0}
    return [dataset for dataset in results.datasets if dataset.name in held]


def dataset_fields(dataset: DatasetInfo) -> dict[str, str]:
    """A component as the fields of an MLflow dataset; its source is told in words and by fingerprint, not by path."""
    return {
        "name": dataset.name,
        "digest": dataset.digest[:DIGEST_LENGTH],
        "source_type": "code",
        "source": json.dumps({"tags": {"mlflow.source.name": dataset.source, "fingerprint": dataset.fingerprint}}),
        "schema": json.dumps({"mlflow_colspec": [{"type": "string", "name": "text", "required": True}]}),
        "profile": json.dumps({"num_rows": dataset.documents, "total_bytes": dataset.total_bytes}),
    }


def group_digest(results: StudyResults, arm: str, conclusions: Conclusions | None) -> str:
    """Stands for everything that is logged on an arm's group run."""
    runs = [(run.fingerprint, run.status) for run in results.of_arm(arm)]
    return digest([LAYOUT, runs, conclusions.headline_metrics if conclusions else []])


def study_digest(results: StudyResults, conclusions: Conclusions | None) -> str:
    """Stands for everything that is logged of a study: equal where nothing is left to log."""
    arms = [group_digest(results, arm, conclusions) for arm in results.arms]
    return digest([LAYOUT, arms, results.name, study_note(results, conclusions)])


def digest(value: Any) -> str:
    """16 hexadecimal digits of a value's JSON form."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
