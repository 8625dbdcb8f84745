"""The tables of a study's dynamics: transitions by every estimator, who comes first, what seeds alone do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seedbed.dynamics.leads import Lead
from seedbed.dynamics.seeds import Part
from seedbed.dynamics.statistics import Mean
from seedbed.dynamics.transitions import TransitionRecord
from seedbed.pipelines.study_dynamics import ArmTransitions, SeedsOfArm, StudyDynamics
from seedbed.pipelines.table import NOTHING, Table, columns, count, interval, number, p_value

NEVER = "never"
ESTIMATORS = ("acceleration", "change point", "shape", "rise")


def dynamics_tables(found: StudyDynamics) -> list[Table]:
    """All of them; those without rows are for the caller to leave out."""
    return [
        transitions_table(found.transitions),
        places_table(found.transitions),
        estimators_table(found.transitions),
        leads_table(found),
        orders_table(found),
        seeds_table(found.seeds),
        spreads_table(found.seeds),
        variance_table(found),
    ]


def transitions_table(transitions: Sequence[ArmTransitions]) -> Table:
    """When, how sharply and how surely every ability comes, per arm; runs without it are counted."""
    rows = []
    for each in transitions:
        came = _came(each)
        asked = [record for record in each.found.records if record.robust is not None]
        rows.append(
            (
                each.metric,
                each.arm,
                ", ".join(f"{runs} {kind}" for kind, runs in each.found.kinds.items()),
                NEVER if each.found.median.step is None else count(each.found.median.step),
                _ends(each.found.bootstrapped.lower_step, each.found.bootstrapped.upper_step),
                _median([record.size for record in came], digits=3),
                _median([record.sharpness for record in came], digits=1),
                f"{sum(bool(record.robust) for record in asked)} of {len(asked)}" if asked else NOTHING,
            )
        )
    head = columns(("metric", "arm", "kinds"), ("onset", "interval", "size", "sharpness", "robust"))
    caption = (
        "Medians over seeds. The onset, 10 % of the way between the first and the best plateau, is taken by survival: "
        "runs without it count as late ('never': fewer than half have it); its interval is over resampled seeds. "
        "Sharpness: the run's length over the transition's. Sudden: under a tenth of the run, and no smooth curve with "
        "autocorrelated noise explains it at 5 %; none: smaller than the least change; censored: under way at the end. "
        "Robust: the soft form shows it too."
    )
    return Table("transitions", "Transitions", head, tuple(rows), caption, grouped=1)


def _came(each: ArmTransitions) -> list[TransitionRecord]:
    """The records of runs that have the transition, as a whole or in part."""
    return [record for record in each.found.records if record.onset.step is not None]


def places_table(transitions: Sequence[ArmTransitions]) -> Table:
    """Onset, midpoint and end of every run on three axes: updates, bytes seen, training loss."""
    rows = []
    for each in transitions:
        for record in each.found.records:
            steps = {"onset": record.onset.step, "midpoint": record.midpoint_step, "end": record.end_step}
            rows.append(
                (
                    each.metric,
                    record.curve.run,
                    record.type,
                    *(count(step) for step in steps.values()),
                    *(count(record.axes.get("total_bytes", {}).get(place)) for place in steps),
                    *(number(record.axes.get("loss", {}).get(place)) for place in steps),
                    number(record.learning_rate_at_onset, 5),
                    count(record.checkpoint_spacing_steps),
                    number(record.retention, 2),
                    "; ".join((*record.flags, *record.notes)) or NOTHING,
                )
            )
    places = [f"{place}, {axis}" for axis in ("updates", "bytes", "loss") for place in ("onset", "midpoint", "end")]
    head = columns(("metric", "run", "kind"), (*places, "rate at onset", "spacing", "kept"))
    caption = (
        "Onset, midpoint, end: 10, 50 and 90 % of the way. Bytes and training loss (bits per byte) are those at the "
        "same step. Spacing: updates between evaluations around the onset, which no onset can be finer than. Kept: the "
        "share of the change that is left in the last plateau."
    )
    title = "Transitions, run by run, on three axes"
    more = columns(("doubts and notes",))
    return Table("transition-places", title, (*head, *more), tuple(rows), caption, grouped=1, page_only=True)


def estimators_table(transitions: Sequence[ArmTransitions]) -> Table:
    """Where every estimator puts the start in every run, and whether they agree."""
    rows = []
    for each in transitions:
        for record in each.found.records:
            estimates = record.estimates
            if estimates is None:
                continue
            rise = estimates.rise
            rows.append(
                (
                    each.metric,
                    record.curve.run,
                    record.type,
                    NEVER if record.onset.step is None else count(record.onset.step),
                    *(count(estimates.starts[name]) for name in ESTIMATORS),
                    count(estimates.spread_steps),
                    NOTHING if rise is None else p_value(rise.p_value),
                    NOTHING if estimates.agree is None else "yes" if estimates.agree else "no",
                )
            )
    head = columns(("metric", "run", "kind"), ("crossing", *ESTIMATORS, "spread", "p"))
    caption = (
        "Steps at which each estimator puts the start: crossing (10 % of the way, sustained), largest acceleration, "
        "first change point, sigmoid if it fits better than a line, and the calibrated test against smooth curves (p; "
        "it names a start only below 5 %). Spread: the latest less the earliest; they agree within two of the widest "
        "gaps."
    )
    more = columns(("agree",))
    title = "Every estimator, run by run"
    return Table("estimators", title, (*head, *more), tuple(rows), caption, grouped=1, page_only=True)


def leads_table(found: StudyDynamics) -> Table:
    """Which of two abilities comes first, paired by seed."""
    rows = [
        (
            each.first,
            each.then,
            each.arm,
            f"{each.found.a_first} : {each.found.tied} : {each.found.b_first}",
            count(each.found.unknown),
            _lead(each.found.median_steps),
            _ends(each.found.lower_steps, each.found.upper_steps),
            p_value(each.found.p_value),
            _order_of(each.found),
        )
        for each in found.leads
    ]
    head = columns(("expected first", "then", "arm"), ("first : tied : later", "unknown", "lead", "interval", "p"))
    caption = (
        "Seeds in which the expected one came first, within one spacing, or later; lead: median steps, with an "
        "interval over resampled seeds (∞: the later one never came); p: exact sign test over seeds that are not tied. "
        "Five seeds all one way give p .0625."
    )
    return Table("leads", "What comes first", (*head, *columns(("verdict",))), tuple(rows), caption)


def _order_of(found: Lead) -> str:
    """The verdict on a declared lead; where only one of the two ever came there is no order to speak of."""
    known = [lead for lead in found.leads_steps if lead is not None]
    if known and all(np.isinf(lead) for lead in known):
        return "only one came"
    return {"a first": "as declared", "b first": "the other way", "no verdict": "no verdict"}[found.kind]


def orders_table(found: StudyDynamics) -> Table:
    """How far the onsets of an arm follow the whole declared graph."""
    rows = [
        (
            each.arm,
            number(each.found.correlation, 2),
            f"{sum(value is not None for value in each.found.correlations)} of {len(each.found.correlations)}",
            p_value(each.found.p_value),
            count(each.found.orders),
            count(sum(need.kept for need in each.found.needs)),
            count(sum(need.tied for need in each.found.needs)),
            count(sum(need.broken for need in each.found.needs)),
        )
        for each in found.orders
    ]
    head = columns(("arm",), ("rank correlation", "seeds", "p", "orders", "kept", "tied", "broken"))
    caption = (
        "Spearman's correlation of onset and declared level, mean over seeds; p: share of orders of the abilities that "
        "follow the levels as well or better. Kept, tied, broken: declared needs over all seeds."
    )
    return Table("order-of-onsets", "Onsets against the declared graph", head, tuple(rows), caption)


def seeds_table(seeds: Sequence[SeedsOfArm]) -> Table:
    """The noise floor of every arm, what it can show, and whether its seeds fall into two groups."""
    rows = [
        (
            each.metric,
            each.arm,
            str(len(each.finals)),
            number(each.noise.sd),
            number(each.detectable),
            NOTHING if each.succeed is None else f"{each.succeed.successes} of {each.succeed.seeds}",
            each.modes.kind,
        )
        for each in seeds
    ]
    head = columns(("metric", "arm"), ("seeds", "noise floor", "detectable", "succeed"))
    caption = (
        "Noise floor: standard deviation between seeds at the last evaluation, arm by arm. Detectable: the smallest "
        "difference from an arm of as many seeds and as much noise that would be found with 80 % power. Succeed: seeds "
        "at or past .75. Modes: two groups of seeds against one; under 20 seeds there is no verdict."
    )
    return Table("seeds", "What seeds alone do", (*head, *columns(("modes",))), tuple(rows), caption, grouped=1)


def spreads_table(seeds: Sequence[SeedsOfArm]) -> Table:
    """What stands behind the table of seeds: intervals, groups, and how much curves go up and down."""
    rows = []
    for each in seeds:
        noise, found, rate = each.noise, each.modes, each.succeed
        bounds = None if noise.lower is None or noise.upper is None else (noise.lower, noise.upper)
        groups = NOTHING
        if found.modes is not None:
            groups = ", ".join(f"{group.seeds} at {number(group.mean)} ± {number(group.sd)}" for group in found.modes)
        spacing = each.variation[0].spacing_steps if each.variation else None
        rows.append(
            (
                each.metric,
                each.arm,
                interval(bounds),
                NOTHING if rate is None else interval(rate.interval, 2),
                _mean_of(None if rate is None else rate.mean_of_successes),
                _mean_of(None if rate is None else rate.mean_of_failures),
                groups,
                number(found.bic_difference, 1),
                number(found.dip, 3),
                p_value(found.dip_p),
                number(_mean([one.mean for one in each.variation]), 4),
                number(_mean([one.half_mean for one in each.variation]), 4),
                count(spacing),
                found.note or NOTHING,
            )
        )
    numbers = ("noise floor", "success rate", "mean of successes", "mean of failures")
    more = ("difference of BIC", "dip", "dip p", "variation", "in 2nd half", "spacing")
    head = (*columns(("metric", "arm"), numbers), *columns(("two groups",), more), *columns(("note",)))
    caption = (
        "Noise floor: chi-square interval. Success rate: Clopper-Pearson interval. Two groups: the better fit of two "
        "Gaussians, whatever the verdict; two modes need a difference of BIC above 10 and a valley between. Dip p: how "
        "often a uniform sample has so large a dip. Variation: mean change from evaluation to evaluation at the stated "
        "spacing, mean over seeds; it depends on the spacing."
    )
    title = "What stands behind the table of seeds"
    return Table("seed-spreads", title, head, tuple(rows), caption, grouped=1, page_only=True)


def _mean_of(mean: Mean | None) -> str:
    return NOTHING if mean is None else number(mean.mean)


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def variance_table(found: StudyDynamics) -> Table:
    """Initialisation against data order, where seeds are crossed."""
    rows = [
        (
            each.metric,
            each.arm,
            f"{each.found.inits} x {each.found.orders}",
            *_part(each.found.init),
            *_part(each.found.order),
            *_part(each.found.rest)[:2],
            each.found.note or NOTHING,
        )
        for each in found.variances
    ]
    head = columns(
        ("metric", "arm"),
        (
            "seeds",
            "share of initialisation",
            "interval",
            "p",
            "share of data order",
            "interval ",
            "p ",
            "rest",
            "interval  ",
        ),
    )
    caption = (
        "Two-way random effects at the last evaluation; intervals by parametric draws, wide with few seeds. Rest: "
        "interaction of the two, and whatever the machine adds."
    )
    title = "Initialisation against data order"
    return Table("seed-variance", title, (*head, *columns(("note",))), tuple(rows), caption, grouped=1, page_only=True)


def _part(part: Part) -> tuple[str, str, str]:
    return (
        number(part.share, 2),
        interval(part.share_interval, 2),
        NOTHING if part.p_value is None else p_value(part.p_value),
    )


def _median(values: Sequence[float | None], digits: int = 0) -> str:
    there = [value for value in values if value is not None and np.isfinite(value)]
    if not there:
        return NOTHING
    middle = float(np.median(there))
    return number(middle, digits) if digits else count(middle)


def _ends(lower: float | None, upper: float | None) -> str:
    if lower is None and upper is None:
        return NOTHING
    return f"[{_end(lower)}, {_end(upper)}]"


def _end(value: float | None) -> str:
    if value is None:
        return "open"
    return count(value) if np.isfinite(value) else ("∞" if value > 0 else "−∞")


def _lead(value: float | None) -> str:
    return NOTHING if value is None else _end(value)
