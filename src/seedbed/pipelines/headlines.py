"""What a person looks at first: the metrics of each probe that stand for an ability, with their soft forms."""

from __future__ import annotations

import math

from seedbed.pipelines.study import Study
from seedbed.probes.recipe_base import Headline

ABLE_SHARE = 0.75
"""An ability counts as there from this share of items on: halfway from chance to ceiling for a choice of two, and above
what a model reaches that knows the number of an auxiliary but not which one to front (.5)."""
ABLE_MARGIN_NATS = math.log(ABLE_SHARE / (1 - ABLE_SHARE))
"""The soft form's threshold: the log odds of the same share, 1.0986 nats."""


def headlines(study: Study) -> list[Headline]:
    """The headline metrics of a study, in the order of its probes."""
    return [headline for probe in study.probes for headline in probe.headlines]


def headline_of(study: Study, metric: str) -> Headline:
    """How to read a metric, also one that is no headline."""
    for headline in headlines(study):
        if headline.metric == metric:
            return headline
    lower = metric.startswith("bits-per-byte") or metric.endswith("loss_bits_per_byte")
    return Headline(metric, "worse" if lower else None, "bits per byte" if lower else "")
