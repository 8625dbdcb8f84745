"""What a study left in the store, read back: runs, curves, mixtures and datasets.

This is the one view that the tracker, the figures, the conclusions and the report share. It holds no model and needs no
torch. Everything here is recomputed from the artifacts each time; nothing is remembered between calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

Status = Literal["FINISHED", "FAILED", "MISSING"]


@dataclass(frozen=True)
class Curve:
    """One metric of one run: `values[i]` was measured after `steps[i]` updates (steps ascending, unique)."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]

    @property
    def last(self) -> float:
        """The value at the last step, or NaN for an empty curve."""
        return float(self.values[-1]) if len(self.values) else float("nan")


@dataclass(frozen=True)
class RunResult:
    """One run (an arm with one seed) as it lies in the store."""

    name: str
    """Readable and unique in the study, e.g. `centered.bpe-512.seed-0`."""
    arm: str
    """The arm's name, e.g. `centered.bpe-512`: the levels of the factors that vary."""
    factors: dict[str, str]
    """Level of every factor: mixture, tokenizer, order, model; with siblings also what the arm is matched in."""
    seed: int
    init_seed: int
    order_seed: int
    fingerprint: str
    folder: Path
    status: Status
    reason: str = ""
    outcome: dict[str, Any] = field(default_factory=dict)
    """result.json: parameter counts, tokens, bytes and documents seen, seconds of training, probes and logging."""
    matched: tuple[str, ...] = ()
    """Measures in which the arm is matched with its reference; empty where the study says none."""
    reference: str = ""
    """The arm that it is matched with; that arm's own name for itself, '' where the study says none."""
    alone: bool = True
    """Whether it shares neither seed with another run that is alone: means and verdicts rest on these (see `Seeds`)."""
    parameters: dict[str, str | int | float] = field(default_factory=dict)
    """The run's recipe flattened: `mixture.centered`, `model.width`, `training.learning_rate`, ..."""

    @cached_property
    def curves(self) -> dict[str, Curve]:
        """Every metric of the run by name; empty for a run that is missing."""
        path = self.folder / "metrics.parquet"
        if not path.is_file():
            return {}
        table = pq.read_table(path)
        names = np.asarray(table["metric"].to_pylist(), dtype=object)
        steps = table["step"].to_numpy().astype(np.int64)
        values = table["value"].to_numpy().astype(np.float64)
        found: dict[str, Curve] = {}
        for name in dict.fromkeys(names):
            rows = names == name
            order = np.argsort(steps[rows], kind="stable")
            found[str(name)] = Curve(steps[rows][order], values[rows][order])
        return found

    def item_tables(self) -> dict[str, Path]:
        """Item-level tables by probe name."""
        return {path.stem: path for path in sorted((self.folder / "items").glob("*.parquet"))}


@dataclass(frozen=True)
class MixtureRow:
    """One component of one mixture: what was asked for beside what was achieved."""

    mixture: str
    component: str
    requested_share: float
    achieved_share: float
    requested_bytes: int
    achieved_bytes: int
    documents: int
    epochs: float
    mean_document_bytes: float
    mean_document_words: float


@dataclass(frozen=True)
class DatasetInfo:
    """One built component, as the tracker logs it."""

    name: str
    digest: str
    documents: int
    total_bytes: int
    source: str
    """What it was made from, in words: no path of the machine."""
    fingerprint: str
    folder: Path


@dataclass(frozen=True)
class StudyResults:
    """A whole study, read from the store."""

    name: str
    description: str
    """The pipeline file's docstring."""
    runs: Sequence[RunResult]
    mixtures: Sequence[MixtureRow]
    datasets: Sequence[DatasetInfo]

    @property
    def arms(self) -> list[str]:
        """Arm names in the order of the study."""
        return list(dict.fromkeys(run.arm for run in self.runs))

    def of_arm(self, arm: str) -> list[RunResult]:
        """The runs of an arm, by seed."""
        return sorted((run for run in self.runs if run.arm == arm), key=lambda run: run.seed)

    def levels(self, factor: str) -> list[str]:
        """Levels of a factor in the order of the study."""
        return list(dict.fromkeys(run.factors[factor] for run in self.runs))

    @property
    def metric_names(self) -> list[str]:
        """Names of every metric that some run holds, sorted."""
        return sorted({name for run in self.runs for name in run.curves})
