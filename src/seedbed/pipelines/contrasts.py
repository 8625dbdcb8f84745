"""What is compared with what: a study's questions, the levels of each factor, and the runs that make pairs.

Two runs make a pair if they are equal in every other factor and in their seed. Where a study has siblings, tokenizers
are compared once for each measure that it asks for, among the arms that are matched in it; every other factor is
compared among the arms matched in the first of these measures, so that nothing is counted twice. Of crossed seeds, only
runs that share neither seed with another are compared: the others would count one seed's luck several times.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from seedbed.dynamics.verdict import Verdict, verdict
from seedbed.pipelines.headlines import headlines
from seedbed.pipelines.results import RunResult, StudyResults
from seedbed.pipelines.siblings import Measure
from seedbed.pipelines.study import FACTORS, Question, Study
from seedbed.probes.recipe_base import Headline

Pair = tuple[RunResult, RunResult]

PAIRED_FROM = 6
"""Pairs from which sign flips can reach p < .05. Fewer pairs of a single stratum are compared unpaired, which can from
4 seeds per arm on. The choice goes by the number of seeds and strata alone, never by what was measured."""


@dataclass(frozen=True)
class Comparable:
    """Finished runs that may be compared with each other, and the measures they are matched in (none: not said)."""

    labels: tuple[Measure, ...]
    runs: tuple[RunResult, ...]


def all_questions(study: Study) -> list[Question]:
    """The study's own questions, then every factor that varies against every headline metric.

    A crossed design also asks whether what the mixture does depends on the tokenizer's text.
    """
    asked = list(study.questions)
    stated = {(question.factor, question.by, question.metric) for question in asked if question.square is None}
    metrics = [headline.metric for headline in headlines(study) if headline.asked]
    for factor in FACTORS:
        for metric in metrics:
            if study.varies(factor) and (factor, None, metric) not in stated:
                asked.append(Question(f"Does the {factor} change {metric}?", metric, factor))
    if study.is_crossed:
        for metric in metrics:
            if ("mixture", "tokenizer", metric) not in stated:
                text = f"Does what the mixture does to {metric} depend on the tokenizer's text?"
                asked.append(Question(text, metric, "mixture", by="tokenizer"))
    return asked


def comparisons(study: Study, results: StudyResults, factor: str) -> Iterator[tuple[str, str]]:
    """(reference, level) for every comparison of a factor's levels.

    A level is compared with the first, a mixture with those that it names, a tokenizer that learns from a text of its
    own with those that differ from it in one thing alone.
    """
    levels = results.levels(factor)
    against = {mixture.name: mixture.against for mixture in study.mixtures} if factor == "mixture" else {}
    for level in levels:
        references: Sequence[str] = against.get(level, ())
        if factor == "tokenizer":
            references = _tokenizer_references(study, level)
        for reference in references or levels[:1]:
            if reference != level and reference in levels:
                yield reference, level


def _tokenizer_references(study: Study, name: str) -> list[str]:
    """The same tokenizer with its first text, and the first tokenizer with the same text, else its first level."""
    levels = list(study.tokenizer_levels.values())
    level = study.tokenizer_levels[name]
    found = [next(other for other in levels if other.tokenizer == level.tokenizer)]
    if level.tokenizer != levels[0].tokenizer:
        alike = (other for other in levels if (other.tokenizer, other.text) == (levels[0].tokenizer, level.text))
        found.append(next(alike, levels[0]))
    return list(dict.fromkeys(other.name for other in found))


def comparable(study: Study, results: StudyResults, factors: Collection[str]) -> list[Comparable]:
    """The finished runs in which levels of these factors are compared, apart for what they are matched in.

    Measures that hold for just the same runs are one entry.
    """
    runs = [run for run in results.runs if run.status == "FINISHED" and run.alone]
    if not study.says_matched:
        return [Comparable((), tuple(runs))]
    found: dict[tuple[str, ...], Comparable] = {}
    for measure in study.matched if "tokenizer" in factors else study.matched[:1]:
        matched = tuple(run for run in runs if measure in run.matched)
        key = tuple(run.name for run in matched)
        labels = found[key].labels if key in found else ()
        found[key] = Comparable((*labels, measure), matched)
    return list(found.values())


def pairs_by_stratum(
    study: Study, runs: Sequence[RunResult], factor: str, level_a: str, level_b: str, metric: str
) -> dict[str, list[Pair]]:
    """Runs of two levels that hold the metric and agree in all else, by the levels of the other factors that vary."""

    def rest(run: RunResult) -> tuple[object, ...]:
        return (*(run.factors[name] for name in FACTORS if name != factor), run.seed)

    held = [run for run in runs if metric in run.curves]
    others = {rest(run): run for run in held if run.factors[factor] == level_b}
    found: dict[str, list[Pair]] = {}
    for run in held:
        if run.factors[factor] == level_a and rest(run) in others:
            found.setdefault(stratum(study, run, {factor}), []).append((run, others[rest(run)]))
    return found


def stratum(study: Study, run: RunResult, compared: Collection[str]) -> str:
    """The levels of the factors that vary and are not compared, e.g. `bpe-512`."""
    kept = [run.factors[name] for name in FACTORS if name not in compared and study.varies(name)]
    return ".".join(kept) or "all"


def decide(
    values: Sequence[tuple[float, float]],
    strata: Sequence[str],
    question: Question,
    headline: Headline,
    levels: tuple[str, str],
    *,
    within: bool = False,
    direction: bool = True,
) -> Verdict:
    """The verdict on pairs of values, one of each side.

    within: the pairs are one stratum's own, of several. direction: higher values are better or worse, as the headline
    says; not so for values that are differences themselves.
    """
    pooled = not within and len(set(strata)) > 1
    paired = pooled or len(values) >= PAIRED_FROM
    return verdict(
        np.array([a for a, _ in values]),
        np.array([b for _, b in values]),
        paired=paired,
        higher_is=headline.higher_is if direction else None,
        margin_of_equivalence=question.equivalence,
        strata=list(strata) if paired and not within else None,
        label_a=levels[0],
        label_b=levels[1],
        metric=question.metric,
        unit=headline.unit,
    )
