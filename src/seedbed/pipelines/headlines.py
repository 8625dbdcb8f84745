"""What a person looks at first: the metrics of each probe that stand for an ability, with their soft forms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from seedbed.pipelines.study import Study
from seedbed.probes.recipes import BitsPerByte, ExactAnswers, QuestionFormation

ABLE_SHARE = 0.75
"""An ability counts as there from this share of items on: halfway from chance to ceiling for a choice of two, and above
what a model reaches that knows the number of an auxiliary but not which one to front (.5)."""
ABLE_MARGIN_NATS = math.log(ABLE_SHARE / (1 - ABLE_SHARE))
"""The soft form's threshold: the log odds of the same share, 1.0986 nats."""


@dataclass(frozen=True)
class Headline:
    """A metric that answers a question, with how to read it."""

    metric: str
    higher_is: Literal["better", "worse"] | None
    unit: str
    soft_metric: str | None = None
    """The log-probability margin that must show an onset too; None where no onset is looked for."""
    asked: bool = True
    """Whether every factor is asked about it; an ability that all arms must have is only watched."""


ASKED_SETS = ("ood-hard", "ood-three", "in-distribution")
"""Of a question-formation probe's sets: McCoy et al.'s test, the set on which hierarchy and move-last part, and whether
questions are formed at all. Sets of files come after them."""


def headlines(study: Study) -> list[Headline]:
    """The headline metrics of a study, in the order of its probes."""
    found: list[Headline] = []
    for probe in study.probes:
        for metric, soft in probe.headlines:
            soft_metric = soft if probe.at == "all" else None
            if isinstance(probe, BitsPerByte):
                found.append(Headline(metric, "worse", "bits per byte"))
            elif not isinstance(probe, QuestionFormation):
                unit = "share of items" if isinstance(probe, ExactAnswers) else "share of pairs"
                found.append(Headline(metric, "better", unit, soft_metric))
        if isinstance(probe, QuestionFormation):
            found += _of_question_formation(probe)
    return found


def _of_question_formation(probe: QuestionFormation) -> list[Headline]:
    scored = {metric.split("/")[1]: (metric, soft) for metric, soft in probe.headlines}
    return [
        Headline(
            scored[items][0],
            "better",
            "share of items",
            scored[items][1] if probe.at == "all" else None,
            asked=items != "in-distribution",
        )
        for items in (*ASKED_SETS, *(name for name, _ in probe.files))
        if items in scored
    ]


def headline_of(study: Study, metric: str) -> Headline:
    """How to read a metric, also one that is no headline."""
    for headline in headlines(study):
        if headline.metric == metric:
            return headline
    lower = metric.startswith("bits-per-byte") or metric.endswith("loss_bits_per_byte")
    return Headline(metric, "worse" if lower else None, "bits per byte" if lower else "")
