"""Tables of an order comparison: held-out text by difficulty, and the certificates of what each arm read."""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.data.certificate import difference
from seedbed.pipelines.aggregate import arm_band
from seedbed.pipelines.ordering import AREA, BY_DIFFICULTY
from seedbed.pipelines.results import RunResult, StudyResults
from seedbed.pipelines.table import NOTHING, Table, columns, count, number
from seedbed.training.slices import DIFFICULTY_BUCKETS

BUCKETS = [f"{number + 1}-of-{DIFFICULTY_BUCKETS}" for number in range(DIFFICULTY_BUCKETS)]


def difficulty_table(results: StudyResults) -> Table:
    """Bits per byte of held-out text by bucket of difficulty: at the last step, and the mean over all updates."""
    probes = sorted({name.partition("/")[0] for name in results.metric_names if name.startswith(f"{BY_DIFFICULTY}-")})
    rows = []
    for probe in probes:
        for ending, when in (("", "last"), (AREA, "over training")):
            for arm in results.arms:
                cells = [_mean(results, arm, f"{probe}/{bucket}{ending}") for bucket in (*BUCKETS, "total")]
                if any(cell != NOTHING for cell in cells):
                    rows.append((probe.removeprefix(f"{BY_DIFFICULTY}-"), when, arm, *cells))
    head = columns(("measure", "when", "arm"), ("easiest", *BUCKETS[1:-1], "hardest", "all"))
    caption = (
        "Bits per byte, means over seeds. Buckets are of equal numbers of held-out documents, the same ones for every "
        "arm. Over training: the area under the curve, by trapezoids, over the number of updates."
    )
    return Table("by-difficulty", "Held-out text by difficulty", head, tuple(rows), caption, grouped=2)


def _mean(results: StudyResults, arm: str, metric: str) -> str:
    found = arm_band(results, arm, metric)
    return number(float(found.mean[-1])) if len(found.mean) else NOTHING


def certificates_table(results: StudyResults) -> Table:
    """What each order's runs read, against the first order of the study; empty where there is one order."""
    orders = results.levels("order")
    rows = []
    if len(orders) > 1:
        for arm in results.arms:
            runs = [run for run in results.of_arm(arm) if run.status == "FINISHED"]
            if runs:
                rows.append(_row(results, arm, runs, orders[0]))
    head = columns(("arm", "multiset of documents", "parts"), ("documents",))
    caption = (
        "SHA-256 of the sorted ids of the documents read by the first seed, repeats counted, and of their lines or "
        "sentences. Same: every seed read what the first order read. Arms that did not are not compared."
    )
    return Table(
        "certificates", "What every order read", (*head, *columns(("as the first order",))), tuple(rows), caption
    )


def _row(results: StudyResults, arm: str, runs: Sequence[RunResult], reference: str) -> tuple[str, ...]:
    certificate = runs[0].outcome.get("certificate", {})
    reasons = [
        difference(run.outcome.get("certificate", {}), found)
        for run in runs
        for found in _like(results, run, reference)
    ]
    told = next((reason for reason in reasons if reason is not None), "same" if reasons else NOTHING)
    units = str(certificate.get("units_sha256", ""))[:12]
    return (
        arm,
        str(certificate.get("multiset_sha256", NOTHING))[:12],
        f"{certificate['units']} {units}" if units else "whole",
        count(certificate.get("documents")),
        told,
    )


def _like(results: StudyResults, run: RunResult, reference: str) -> list[dict[str, object]]:
    """The certificates of the finished runs in the first order that are like this one in all else."""
    wanted = {**run.factors, "order": reference}
    return [
        other.outcome.get("certificate", {})
        for other in results.runs
        if other.factors == wanted and other.seed == run.seed and other.status == "FINISHED"
    ]
