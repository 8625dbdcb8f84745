"""Where one tokenizer's model needs more bits than another's: the gap in bits per byte, pattern by pattern.

Patterns are those of the probe "byte patterns". The gap is the other arm's mean over seeds minus the reference's, at
the last step, in bits per byte of *all* text, so that the gaps of the patterns add up to that of the total.
"""

from __future__ import annotations

from seedbed.pipelines.matching import MATCHED_WITHIN, seen
from seedbed.pipelines.results import StudyResults
from seedbed.pipelines.siblings import MEASURES, SEEN, worded
from seedbed.pipelines.table import NOTHING, Table, columns, number, percent, signed
from seedbed.pipelines.tables_probes import last_mean
from seedbed.probes.byte_patterns_recipe import PATTERNS

PART = "/pattern."
CAPTION = (
    "Bits per byte of the pattern's own bytes; gap: bits per byte of all text that the second arm needs more, which "
    "add up to that of the total. Means over seeds, at the last step. A token that reaches into several words or signs "
    "is split by bytes between them: crossing is the share of an arm's bits in such tokens, and so much of a gap rests "
    "on that rule. Where tokens end with words, the end of a word is paid for in the word; where not, after it."
)


def byte_pattern_table(results: StudyResults) -> Table:
    """A row per pattern for every arm beside the arm that differs from it in the tokenizer alone, the study's first."""
    probes = sorted({name.partition(PART)[0] for name in results.metric_names if PART in name})
    rows = [
        row
        for probe in probes
        for first, other in tokenizer_pairs(results)
        for row in _rows(results, probe, first, other)
    ]
    head = columns(("arms", "pattern"), ("share of bytes", "first", "second", "gap"))
    return Table("byte-patterns", "Gap between tokenizers by byte pattern", head, tuple(rows), CAPTION, grouped=1)


def tokenizer_pairs(results: StudyResults) -> list[tuple[str, str]]:
    """(arm of the first tokenizer, arm that differs from it in the tokenizer alone), in the order of the study.

    A sibling is compared with the arm that it is matched with.
    """
    runs = {run.arm: run for run in results.runs}
    first = next(iter(runs.values())).factors["tokenizer"] if runs else ""
    pairs = []
    for run in runs.values():
        for other in runs.values():
            same = all(other.factors[name] == run.factors[name] for name in ("mixture", "order", "model"))
            reference = not other.reference or other.reference == run.arm
            if same and reference and run.factors["tokenizer"] == first != other.factors["tokenizer"]:
                pairs.append((run.arm, other.arm))
    return pairs


def matched_in(results: StudyResults, first: str, other: str) -> tuple[str, str | None]:
    """(what two arms are matched in, why they are not compared or None): bytes seen, or what siblings promise."""
    sides = [[run for run in results.of_arm(arm) if run.status == "FINISHED"] for arm in (first, other)]
    if not all(sides):
        return "", "one has no finished run"
    labels = tuple(label for label in MEASURES if label in sides[1][0].matched) or ("bytes",)
    for label in labels:
        one, two = (sum(seen(run, label) for run in side) / len(side) for side in sides)
        if abs(two / one - 1) > MATCHED_WITHIN:
            return "", f"not compared: {two / one:.2f} times the {SEEN[label]}; say matched= in the study"
    return worded(labels), None


def _rows(results: StudyResults, probe: str, first: str, other: str) -> list[tuple[str, ...]]:
    arms = (first, other)
    totals = [last_mean(results, arm, f"{probe}/total.bytes") for arm in arms]
    if not all(totals) or totals[0] != totals[1]:
        return []
    equal, refusal = matched_in(results, first, other)
    if refusal is not None:
        return [(f"{first} → {other}", refusal, NOTHING, NOTHING, NOTHING, NOTHING)]
    title = f"{first} → {other}, at equal {equal}"
    found: list[tuple[str, ...]] = []
    for name in ("total", *(f"pattern.{pattern}" for pattern in PATTERNS)):
        each = [last_mean(results, arm, f"{probe}/{name}") for arm in arms]
        sizes = [last_mean(results, arm, f"{probe}/{name}.bytes") for arm in arms]
        if None in each or None in sizes:
            continue
        share = _ratio(sizes[0], totals[0])
        gap = (each[1] or 0.0) * _ratio(sizes[1], totals[1]) - (each[0] or 0.0) * share
        label = name.removeprefix("pattern.")
        found.append((title, label, percent(share), number(each[0]), number(each[1]), signed(gap)))
    crossing = [last_mean(results, arm, f"{probe}/crossing") for arm in arms]
    if None not in crossing:
        shown = [percent(value) if value is not None else NOTHING for value in crossing]
        found.append((title, "crossing", NOTHING, *shown, NOTHING))
    return found


def _ratio(part: float | None, whole: float | None) -> float:
    return (part or 0.0) / whole if whole else 0.0
