"""Whether two arms may be compared: what they are declared to have in common, and whether they have it.

Arms are matched in all bytes seen, unless a mixture declares another measure (`seedbed.data.matched.Matched`): an
additive arm holds more bytes on purpose, and is compared by those of the language. A measure that only one side
declares is taken for both. Arms of two tokenizers are matched in what the study asks for (`Study.matched`). Sides that
differ in order must hold the same documents, and sides of one model recipe as many parameters outside the embedding.
What else differs is said beside every verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seedbed.data.certificate import difference
from seedbed.data.matched import Matched
from seedbed.data.recipes import Mixture
from seedbed.pipelines.results import RunResult, StudyResults
from seedbed.pipelines.siblings import MEASURES, SEEN, Measure, outside_embedding, worded
from seedbed.pipelines.study import Study

MATCHED_WITHIN = 0.02
"""Budgets count as matched when they differ by at most this share: corpora with equal numbers of documents and words
can still differ by so much in bytes, as their words do. What they differ by stands beside every answer. (It was 1 %
until arms matched in words were seen to differ by 1.2 % in bytes.)"""

Pair = tuple[RunResult, RunResult]


@dataclass(frozen=True)
class Match:
    """Whether two levels may be compared.

    words: in what they are equal. refusal: why they are not compared, or None. note: what a verdict must say, '' where
    all bytes seen were matched.
    """

    words: str
    gap: float = 0.0
    """By what share the sides differ in it."""
    refusal: str | None = None
    note: str = ""


def match(study: Study, results: StudyResults, pairs: Sequence[Pair], labels: Sequence[Measure] = ()) -> Match:
    """Compare the budgets of pairs of runs, the arms of one factor's two levels in turn.

    labels: what arms of different tokenizers (in a crossed design, all arms) are matched in; none: all bytes seen.
    """
    mixtures = {mixture.name: mixture for mixture in study.mixtures}
    told: list[Match] = []
    siblings: list[Pair] = []
    sizes = ""
    for run_a, run_b in pairs:
        if run_a.factors.get("order") != run_b.factors.get("order"):
            reason = difference(run_a.outcome.get("certificate", {}), run_b.outcome.get("certificate", {}))
            if reason is not None:
                return Match("", refusal=reason)
        sized = _sizes((run_a, run_b))
        if sized.refusal is not None:
            return sized
        sizes = sizes or sized.note
        sides = [mixtures[run.factors["mixture"]] for run in (run_a, run_b)]
        # One mixture under two tokenizers, say, is matched in whatever it may declare against others.
        measure = common_measure(sides[0].matched, sides[1].matched) if sides[0] != sides[1] else None
        if isinstance(measure, str):
            return Match("", refusal=measure)
        apart = run_a.factors.get("tokenizer") != run_b.factors.get("tokenizer")
        if labels and measure is None and (apart or study.is_crossed):
            siblings.append((run_a, run_b))
        else:
            told.append(_compared(results, measure, (run_a, run_b), sides))
    if siblings:
        told.append(_labelled(labels, siblings))
    worst = max(told, key=lambda each: (each.refusal is not None, each.gap))
    return replace(worst, note="; ".join(filter(None, (worst.note, sizes))))


def non_embedding(run: RunResult) -> int | None:
    """Parameters outside the embedding: attention, MLP and norms; None where the run does not tell."""
    split = run.outcome.get("parameters")
    return outside_embedding(split) if split else None


def _sizes(pair: Pair) -> Match:
    """Models of one recipe must be equal outside the embedding; of two recipes, what they differ by is said."""
    one, other = (non_embedding(run) for run in pair)
    if one is None or other is None or one == other:
        return Match("")
    told = f"{one:,} and {other:,} parameters outside the embedding"
    if pair[0].factors["model"] != pair[1].factors["model"]:
        return Match("", note=f"the models have {told}")
    return Match("", refusal=f"they have {told}; give both one model recipe, whose vocabulary alone may differ")


def seen(run: RunResult, measure: Measure) -> float:
    """How much of a measure a finished run came to. Errors: KeyError for a run that does not tell."""
    name = {"bytes": "total_bytes", "tokens": "tokens", "updates": "steps", "flops": "flops"}[measure]
    return float(run.outcome[name])


def _labelled(labels: Sequence[Measure], pairs: Sequence[Pair]) -> Match:
    """Whether siblings are equal in what they promise; gaps are the largest of all pairs."""
    gaps = {measure: max(_gap(*(seen(run, measure) for run in pair)) for pair in pairs) for measure in MEASURES}
    worst = max(labels, key=lambda measure: gaps[measure])
    if gaps[worst] > MATCHED_WITHIN:
        computed = any(run.outcome.get("matched") for pair in pairs for run in pair)
        mend = (
            "steps are whole numbers, so take more of them"
            if computed
            else "documents longer than the context are cut, by each tokenizer at other places; raise context, or take "
            "layout='packed'"
        )
        return Match(
            "",
            gap=gaps[worst],
            refusal=f"they are to be equal in {SEEN[worst]}, which differ by {gaps[worst]:.1%}; {mend}",
        )
    equal = " and ".join(_equal(SEEN[measure], gaps[measure]) for measure in labels)
    others = [measure for measure in MEASURES if measure not in labels and gaps[measure] > MATCHED_WITHIN]
    rest = ", ".join(f"{SEEN[measure]} by {gaps[measure]:.1%}" for measure in others)
    words = f"{equal}; they differ in {rest}" if rest else equal
    apart = "bytes" not in labels and gaps["bytes"] > MATCHED_WITHIN
    note = f"compared at equal {worded(labels)}" + (", not at equal bytes" if apart else "")
    return Match(words, gap=gaps[worst], note=note)


def common_measure(one: Matched | None, other: Matched | None) -> Matched | str | None:
    """The measure two arms are compared by, None for all bytes seen; in words why there is none."""
    if one is None or other is None or one == other:
        return other if one is None else one
    shared = set(one.weights or ()) & set(other.weights or ())
    alike = (one.what, one.counted) == (other.what, other.counted) and None not in (one.weights, other.weights)
    if alike and all((one.weights or {})[name] == (other.weights or {})[name] for name in shared):
        return replace(one, weights={**(one.weights or {}), **(other.weights or {})})
    # What is held by both is what both declare, however often each reads it.
    if (one.what, one.weights) == (other.what, other.weights):
        return replace(one, counted="held")
    return f"one is matched in {one.what} {one.counted}, the other in {other.what} {other.counted}"


def _compared(results: StudyResults, measure: Matched | None, pair: Pair, sides: list[Mixture]) -> Match:
    apart = _gap(*(float(run.outcome["total_bytes"]) for run in pair))
    if measure is None:
        if apart > MATCHED_WITHIN:
            return Match(
                "",
                gap=apart,
                refusal=f"the bytes they saw differ by {apart:.1%}; match their budgets (same documents, layout "
                "'documents', same steps and batch_size, a context that holds the longest document)",
            )
        return Match(_equal("bytes seen", apart), gap=apart)
    gap = _gap(*(amount(results, measure, run, side) for run, side in zip(pair, sides, strict=True)))
    named = "steps" if measure.counted == "steps" else f"{measure.what} {measure.counted}"
    if gap > MATCHED_WITHIN:
        return Match(
            "",
            gap=gap,
            refusal=f"they are declared to be matched in {named}, which differ by {gap:.1%}; mend total_bytes, "
            "steps_times or the declaration",
        )
    rest = f"all bytes seen differ by {apart:.1%}" if apart > MATCHED_WITHIN else _equal("all bytes seen", apart)
    return Match(
        f"{_equal(named, gap)}, as declared; {rest}",
        gap=gap,
        note=f"compared at equal {named}, not at equal bytes"
        if apart > MATCHED_WITHIN
        else f"compared at equal {named}",
    )


def _equal(what: str, gap: float) -> str:
    return f"{what} equal" if gap == 0 else f"{what} equal within {gap:.2%}"


def _gap(one: float, other: float) -> float:
    return abs(one - other) / max(one, other, 1.0)


def amount(results: StudyResults, measure: Matched, run: RunResult, mixture: Mixture) -> float:
    """How much of what is measured a run saw, its mixture held, or how many steps it took.

    Of the bytes seen, each component's part is its achieved share of the mixture (exact over whole epochs).
    """
    if measure.counted == "steps":
        return float(run.outcome["steps"])
    rows = [row for row in results.mixtures if row.mixture == mixture.name]
    achieved = {row.component: float(row.achieved_bytes) for row in rows} or {
        component.name: share * mixture.total_bytes for component, share in mixture.shares.items()
    }
    weights = measure.weights
    worth = sum(size * (1.0 if weights is None else weights.get(name, 0.0)) for name, size in achieved.items())
    if measure.counted == "held":
        return worth
    return float(run.outcome["total_bytes"]) * worth / max(sum(achieved.values()), 1.0)
