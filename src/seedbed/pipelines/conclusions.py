"""What a study concludes: verdicts per question and factor, and onsets per seed.

Holds the result types that the report and the tracker show; `conclude` computes them from `StudyResults`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from seedbed.dynamics.verdict import Verdict
from seedbed.pipelines.study_dynamics import StudyDynamics


@dataclass(frozen=True)
class OnsetRow:
    """When one run began to do what a probe asks for, in accuracy and in the soft form."""

    arm: str
    seed: int
    metric: str
    threshold: float
    onset_step: int | None
    """First step of the sustained crossing, None if never."""
    lower_step: int | None
    """Last evaluation before it: the onset lies in (lower_step, onset_step]."""
    last_step: int
    soft_metric: str
    soft_onset_step: int | None
    confirmed: bool
    """The soft form shows it too."""
    break_step: int | None
    """Step of the largest acceleration of the soft form (a start, not a midpoint)."""
    final_value: float


@dataclass(frozen=True)
class Answer:
    """One question of the study, answered for one pair of levels of one factor.

    Of an interaction, factor names both factors, and the levels are two effects: `code − text with bpe-512@text`.
    """

    question: str
    factor: str
    level_a: str
    level_b: str
    metric: str
    strata: tuple[str, ...]
    """Levels of the other factors over which the pairs are pooled; one entry per stratum."""
    matched: str
    """Whether both sides had the same budget, in words: 'bytes seen equal', or what differs."""
    verdict: Verdict
    by_stratum: dict[str, Verdict]
    label: str = ""
    """Of tokenizers: what both sides are matched in, 'tokens seen' say; '' where nothing but bytes was asked for."""

    @property
    def asked(self) -> str:
        """The question, with what both sides are matched in."""
        return f"{self.question} (at equal {self.label})" if self.label else self.question


@dataclass(frozen=True)
class Conclusions:
    """All answers and onsets of a study."""

    answers: list[Answer]
    onsets: list[OnsetRow]
    headline_metrics: list[str]
    """The metrics a person looks at first, in the order of the probes."""
    refusals: list[str] = field(default_factory=list)
    """Comparisons that were not made because the budgets were not matched, one line each."""
    dynamics: StudyDynamics = field(default_factory=StudyDynamics)
    """What curves say over steps and seeds: transitions, order of onsets, what seeds alone do."""
