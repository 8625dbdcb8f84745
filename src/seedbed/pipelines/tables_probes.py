"""Tables of what probes measured at the last step: means, intervals and every seed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from seedbed.pipelines.aggregate import INTERVAL, arm_band, finished_curves, question_metrics
from seedbed.pipelines.figure_style import chance_of
from seedbed.pipelines.ordering import BY_DIFFICULTY
from seedbed.pipelines.results import StudyResults
from seedbed.pipelines.table import NOTHING, Column, Table, columns, interval, number

SETS = ("in-distribution", "object-rc", "ood-easy", "ood-hard", "ood-three")
KINDS = ("", "o", "si", "st")
OUTCOMES = ("move-first", "move-last", "other", "margin")
TERMINAL_STRATA, TERMINAL_ARMS = 24, 5
"""More strata of exact answers, or more arms, stand on the page alone."""
PAIR_RULES = ("accuracy_sum", "accuracy_per_token", "accuracy_per_byte", "margin_nats", "ties")


def last_mean(results: StudyResults, arm: str, metric: str) -> float | None:
    """Mean over an arm's finished seeds at the last shared step."""
    found = arm_band(results, arm, metric)
    return float(found.mean[-1]) if len(found.mean) else None


def values_table(
    results: StudyResults, key: str, title: str, metrics: Iterable[str], arms: Sequence[str] | None = None
) -> Table:
    """Each metric at the last step: mean, interval and every seed, arm by arm."""
    rows = []
    for metric in metrics:
        for arm in results.arms if arms is None else arms:
            held = finished_curves(results.of_arm(arm), metric)
            if not held:
                continue
            found = arm_band(results, arm, metric)
            bounds = (float(found.lower[-1]), float(found.upper[-1]))
            every = "  ".join(number(curve.last) for _, curve in held)
            rows.append((metric, arm, number(float(found.mean[-1])), interval(bounds), every))
    head = (Column("metric"), Column("arm"), Column("mean", True), Column("interval", True), Column("every seed"))
    return Table(key, title, head, tuple(rows), f"At the last step. Interval: {INTERVAL}.", grouped=1)


def controls_table(results: StudyResults, metrics: Iterable[str]) -> Table:
    """What an untrained model (step 0) scores, what chance gives, and what training made of it."""
    rows = []
    for metric in metrics:
        for arm in results.arms:
            found = arm_band(results, arm, metric)
            if not len(found.steps) or found.steps[0] != 0:
                continue
            first, last = float(found.mean[0]), float(found.mean[-1])
            rows.append((metric, arm, number(first), number(chance_of(metric)), number(last), number(last - first)))
    head = columns(("metric", "arm"), ("untrained", "chance", "trained", "gain"))
    caption = "Means over seeds. Untrained: the same models at step 0, scored on the same items."
    return Table("controls", "Controls", head, tuple(rows), caption, grouped=1)


def baselines_table(results: StudyResults) -> Table:
    """What rules and models that know no grammar score on the same items, where runs noted it (`baselines`)."""
    scores: dict[str, list[float]] = {}
    for run in results.runs:
        for name, score in run.outcome.get("baselines", {}).items():
            scores.setdefault(name, []).append(float(score))
    rows = [(name, number(min(found)), number(max(found))) for name, found in sorted(scores.items())]
    head = columns(("baseline",), ("lowest", "highest"))
    caption = "Lowest and highest over runs: they differ where a baseline depends on the tokenizer."
    return Table("baselines", "Baselines", head, tuple(rows), caption)


def exact_answers_table(results: StudyResults) -> Table:
    """Probes of exact answers by stratum (carries, length of the answer, ...): a row each, a column per arm."""
    metrics = [name for name in results.metric_names if name.count("/") == 2 and name.endswith("/exact")]
    rows = [
        (*metric.split("/")[:2], *(number(last_mean(results, arm, metric)) for arm in results.arms))
        for metric in metrics
    ]
    caption = (
        "Share of answers that are exact, means over seeds at the last step; a dash where an arm has no such items. "
        "'shuffled': the answers of other questions."
    )
    head = columns(("probe", "stratum"), results.arms)
    wide = len(rows) > TERMINAL_STRATA or len(results.arms) > TERMINAL_ARMS
    return Table("exact-answers", "Exact answers by stratum", head, tuple(rows), caption, grouped=1, page_only=wide)


def question_tables(results: StudyResults) -> list[Table]:
    """Question formation, one table per probe: sets and arms by kind of relative clause, and what else models did."""
    parsed = question_metrics(results.metric_names)
    return [_question_table(results, probe) for probe in dict.fromkeys(q.probe for q in parsed.values())]


def _question_table(results: StudyResults, probe: str) -> Table:
    parsed = {
        (q.item_set, q.clause_kind, q.what): name
        for name, q in question_metrics(results.metric_names).items()
        if q.probe == probe
    }
    found = {item_set for item_set, _, _ in parsed}
    sets = [name for name in SETS if name in found] + sorted(found - set(SETS))

    def cell(arm: str, item_set: str, kind: str, what: str) -> str:
        metric = parsed.get((item_set, kind, what)) or parsed.get((item_set, kind, what.replace("-", "_")))
        return number(last_mean(results, arm, metric), 2) if metric else NOTHING

    rows = [
        (
            item_set,
            arm,
            *(cell(arm, item_set, kind, "hierarchical") for kind in KINDS),
            *(cell(arm, item_set, "", what) for what in OUTCOMES),
        )
        for item_set in sets
        for arm in results.arms
    ]
    head = columns(("set", "arm"), ("hier.", "o", "si", "st", "first", "last", "other", "margin"))
    caption = (
        "Means over seeds at the last step. hier.: share of items answered by the hierarchical rule, then by the kind "
        "of relative clause on the subject (o: object, si: subject intransitive, st: subject transitive). first, last: "
        "the first or last auxiliary was moved; answers that coincide count for both, so shares need not add up to 1. "
        "margin: log-probability of the main auxiliary less that of the best other one, in nats."
    )
    return Table(probe, f"{probe}: what models do", head, tuple(rows), caption, grouped=1)


def pairs_tables(results: StudyResults) -> list[Table]:
    """Minimal pairs, one table per suite: every paradigm under every scoring rule."""
    stems: dict[str, None] = {}
    for name in results.metric_names:
        stem, _, what = name.rpartition("/")
        if what in PAIR_RULES and what.startswith("accuracy"):
            stems[stem] = None
    suites: dict[str, list[str]] = {}
    for stem in sorted(stems, key=lambda stem: (not stem.endswith("/mean"), stem)):
        suites.setdefault(stem.rpartition("/")[0] or stem, []).append(stem)
    return [_pairs_table(results, suite, found) for suite, found in suites.items()]


def _pairs_table(results: StudyResults, suite: str, stems: Sequence[str]) -> Table:
    rows = []
    for stem in stems:
        for arm in results.arms:
            means = [last_mean(results, arm, f"{stem}/{rule}") for rule in PAIR_RULES]
            if any(mean is not None for mean in means):
                rows.append((stem.removeprefix(f"{suite}/"), arm, *(number(mean, 3) for mean in means)))
    head = columns(("paradigm", "arm"), ("sum", "per token", "per byte", "margin", "ties"))
    caption = (
        "Share of pairs whose good sentence is more probable, means over seeds at the last step; a tie is half right. "
        "margin: nats, summed over the sentence. mean: unweighted, over paradigms."
    )
    return Table(re.sub(r"\W+", "-", suite), f"{suite}: minimal pairs", head, tuple(rows), caption, grouped=1)


def bits_table(results: StudyResults) -> Table:
    """Bits per byte of held-out text, in total and for each source."""
    known = set(results.metric_names)
    # The probe logs `<name>.bytes` beside each, whatever the probe is called.
    held = (name for name in known if f"{name}.bytes" in known and not name.startswith(BY_DIFFICULTY))
    names = sorted(held, key=lambda name: (name[-6:] != "/total", name))
    return values_table(results, "bits-per-byte", "Bits per byte of held-out text, per source", names)
