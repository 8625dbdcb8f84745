"""What a person looks at first: the metrics of each probe that stand for an ability, with their soft forms."""

from __future__ import annotations

from seedbed.pipelines.study import Study
from seedbed.probes.recipe_base import ABLE_MARGIN_NATS, ABLE_SHARE, Headline

__all__ = ["ABLE_MARGIN_NATS", "ABLE_SHARE", "headline_of", "headlines"]


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
