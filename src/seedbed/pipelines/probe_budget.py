"""At which steps a run's probes look, within what the study says that probing may cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seedbed.errors import RecipeError
from seedbed.pipelines.study import Study
from seedbed.probes.base import PreparedProbe
from seedbed.training.recipes import Training
from seedbed.training.schedule import probe_steps, probing_share, within_budget


@dataclass(frozen=True)
class ProbedSteps:
    """The steps at which probes look. left_out: how many of the study's steps the budget does not hold. share: what
    probing costs as a share of training; None where a probe does not say what it reads."""

    steps: list[int]
    left_out: int
    share: float | None


def probed_steps(
    study: Study, training: Training, probes: Sequence[PreparedProbe], tokens_per_update: float
) -> ProbedSteps:
    """The study's steps, or those of them that its `probe_budget` holds.

    probes: prepared, with `cost_tokens`, what each reads in a measurement. tokens_per_update: what training reads.
    Errors: RecipeError where there is a budget and a probe does not say what it reads; SeedbedError where the first and
    the last step alone cost more than the budget.
    """
    steps = probe_steps(training.steps, *study.probe_points)
    at_end = {probe.name for probe in study.probes if probe.at == "last"}
    silent = sorted({probe.name for probe in probes if getattr(probe, "cost_tokens", None) is None})
    if silent and study.probe_budget is not None:
        raise RecipeError(
            f"probe_budget cannot be kept: the probe {silent[0]!r} does not say how many tokens it reads; leave the "
            "budget or the probe out"
        )
    costs = {probe.name: getattr(probe, "cost_tokens", None) or 0 for probe in probes}
    each = float(sum(cost for name, cost in costs.items() if name not in at_end))
    last = float(sum(cost for name, cost in costs.items() if name in at_end))
    total = training.steps * tokens_per_update
    kept = steps if study.probe_budget is None else within_budget(steps, study.probe_budget, each, last, total)
    return ProbedSteps(kept, len(steps) - len(kept), None if silent else probing_share(len(kept), each, last, total))
