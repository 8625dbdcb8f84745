"""From a study's results to its conclusions: a verdict per question and factor, an onset per seed.

A factor's two levels are compared on pairs of runs that are equal in every other factor and in their seed. Pairs from
several levels of the other factors are pooled as strata, and each stratum's own verdict stands beside the pooled one.
Sides that saw different amounts of text are not compared at all, unless their mixtures declare what else they have in
common (`seedbed.pipelines.matching`). A level is compared with the first of its factor, a mixture with those that it
names (`Mixture.against`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from seedbed.data.certificate import difference
from seedbed.dynamics.breaks import break_point, resample
from seedbed.dynamics.onset import Onset, confirm, onset
from seedbed.dynamics.verdict import Verdict, verdict
from seedbed.pipelines.conclusions import Answer, Conclusions, OnsetRow
from seedbed.pipelines.headlines import ABLE_MARGIN_NATS, ABLE_SHARE, headline_of, headlines
from seedbed.pipelines.matching import match
from seedbed.pipelines.results import Curve, RunResult, StudyResults
from seedbed.pipelines.study import FACTORS, Question, Study
from seedbed.probes.recipe_base import Headline

PAIRED_FROM = 6
"""Pairs from which sign flips can reach p < .05. Fewer pairs of a single stratum are compared unpaired, which can from
4 seeds per arm on. The choice goes by the number of seeds and strata alone, never by what was measured."""
SUSTAINED_EVALUATIONS = 2
LEAST_POINTS = 3


def conclude(study: Study, results: StudyResults) -> Conclusions:
    """All answers and onsets of a study, as far as its runs are finished."""
    answers: list[Answer] = []
    refusals: dict[str, list[str]] = {}
    for question in all_questions(study):
        for reference, level in _comparisons(study, results, question.factor):
            made = _answer(study, results, question, reference, level)
            if isinstance(made, Answer):
                answers.append(made)
            elif made is not None:
                refusals.setdefault(made, []).append(question.metric)
    return Conclusions(
        answers=answers,
        onsets=list(_onsets(study, results)),
        headline_metrics=[headline.metric for headline in headlines(study)],
        refusals=[f"{why} (asked of {', '.join(metrics)})" for why, metrics in refusals.items()],
    )


def _comparisons(study: Study, results: StudyResults, factor: str) -> Iterator[tuple[str, str]]:
    """(reference, level) for every comparison of a factor's levels."""
    levels = results.levels(factor)
    against = {mixture.name: mixture.against for mixture in study.mixtures} if factor == "mixture" else {}
    for level in levels:
        for reference in against.get(level, ()) or levels[:1]:
            if reference != level and reference in levels:
                yield reference, level


def all_questions(study: Study) -> list[Question]:
    """The study's own questions, then every factor that varies against every headline metric."""
    asked = list(study.questions)
    stated = {(question.factor, question.metric) for question in asked}
    sizes = {
        "mixture": len(study.mixtures),
        "tokenizer": len(study.tokenizers),
        "order": len(study.orders),
        "model": len(study.models),
    }
    for factor in FACTORS:
        for headline in headlines(study):
            if headline.asked and sizes[factor] > 1 and (factor, headline.metric) not in stated:
                asked.append(Question(f"Does the {factor} change {headline.metric}?", headline.metric, factor))
    return asked


def _answer(study: Study, results: StudyResults, question: Question, level_a: str, level_b: str) -> Answer | str | None:
    """The answer for one pair of levels; a refusal in words; None where no pair of runs is finished."""
    strata: dict[str, list[tuple[RunResult, RunResult]]] = {}
    for run_a, run_b in _pairs(results, question.factor, level_a, level_b):
        if question.metric in run_a.curves and question.metric in run_b.curves:
            strata.setdefault(_stratum(study, run_a, question.factor), []).append((run_a, run_b))
    if not strata:
        return None
    if question.factor == "order":
        for run_a, run_b in (pair for found in strata.values() for pair in found):
            reason = difference(run_a.outcome.get("certificate", {}), run_b.outcome.get("certificate", {}))
            if reason is not None:
                return f"{level_a} and {level_b} are not compared: {reason}"
    matched = match(study, results, [pair for found in strata.values() for pair in found])
    if matched.refusal is not None:
        return f"{level_a} and {level_b} are not compared: {matched.refusal}"
    headline = headline_of(study, question.metric)
    labels = [stratum for stratum, found in strata.items() for _ in found]
    pooled = _verdict([pair for found in strata.values() for pair in found], question, headline, labels)
    return Answer(
        question=question.text,
        factor=question.factor,
        level_a=level_a,
        level_b=level_b,
        metric=question.metric,
        strata=tuple(strata),
        matched=matched.words,
        verdict=replace(pooled, note="; ".join(filter(None, (pooled.note, matched.note)))),
        by_stratum={stratum: _verdict(found, question, headline, None) for stratum, found in strata.items()},
    )


def _pairs(results: StudyResults, factor: str, level_a: str, level_b: str) -> Iterator[tuple[RunResult, RunResult]]:
    """Finished runs of two levels that agree in all else."""

    def rest(run: RunResult) -> tuple[object, ...]:
        return (*(level for name, level in run.factors.items() if name != factor), run.seed)

    others = {rest(run): run for run in results.runs if run.factors[factor] == level_b and run.status == "FINISHED"}
    for run in results.runs:
        if run.factors[factor] == level_a and run.status == "FINISHED" and rest(run) in others:
            yield run, others[rest(run)]


def _stratum(study: Study, run: RunResult, factor: str) -> str:
    """The levels of the other factors that vary, e.g. `bpe-512`."""
    varying = {
        "mixture": len(study.mixtures) > 1,
        "tokenizer": len(study.tokenizers) > 1,
        "order": len(study.orders) > 1,
        "model": len(study.models) > 1,
    }
    return ".".join(level for name, level in run.factors.items() if name != factor and varying[name]) or "all"


def _verdict(
    pairs: list[tuple[RunResult, RunResult]], question: Question, headline: Headline, strata: list[str] | None
) -> Verdict:
    factor = question.factor
    pooled = strata is not None and len(set(strata)) > 1
    paired = pooled or len(pairs) >= PAIRED_FROM
    return verdict(
        np.array([a.curves[question.metric].last for a, _ in pairs]),
        np.array([b.curves[question.metric].last for _, b in pairs]),
        paired=paired,
        higher_is=headline.higher_is,
        margin_of_equivalence=question.equivalence,
        strata=strata if paired else None,
        label_a=pairs[0][0].factors[factor],
        label_b=pairs[0][1].factors[factor],
        metric=question.metric,
        unit=headline.unit,
    )


def _onsets(study: Study, results: StudyResults) -> Iterator[OnsetRow]:
    for headline in headlines(study):
        if headline.soft_metric is None:
            continue
        for run in results.runs:
            hard, soft = run.curves.get(headline.metric), run.curves.get(headline.soft_metric)
            if hard is not None and soft is not None and len(hard.steps) >= LEAST_POINTS:
                yield _onset_row(run, headline, headline.soft_metric, hard, soft)


def _onset_row(run: RunResult, headline: Headline, soft_metric: str, hard: Curve, soft: Curve) -> OnsetRow:
    found = onset(hard.steps, hard.values, threshold=ABLE_SHARE, sustain=SUSTAINED_EVALUATIONS)
    soft_found = onset(soft.steps, soft.values, threshold=ABLE_MARGIN_NATS, sustain=SUSTAINED_EVALUATIONS)
    spacing = int(np.diff(hard.steps).max())
    return OnsetRow(
        arm=run.arm,
        seed=run.seed,
        metric=headline.metric,
        threshold=ABLE_SHARE,
        onset_step=found.step,
        lower_step=found.lower_step,
        last_step=int(hard.steps[-1]),
        soft_metric=soft_metric,
        soft_onset_step=soft_found.step,
        confirmed=_confirmed(found, soft_found, spacing),
        break_step=_break_step(soft, spacing),
        final_value=hard.last,
    )


def _confirmed(found: Onset, soft_found: Onset, spacing: int) -> bool:
    """A margin that is past its threshold before any training (bytes favour the shorter word, say) confirms nothing."""
    crossed = soft_found.step is not None and soft_found.lower_step is not None
    return found.step is not None and crossed and confirm(found, soft_found, spacing).robust


def _break_step(curve: Curve, spacing: int) -> int | None:
    """The break point of the soft form on evenly spaced steps, as far apart as the sparsest evaluations."""
    steps, values = resample(curve.steps, curve.values, spacing_steps=spacing)
    if len(steps) < LEAST_POINTS:
        return None
    return break_point(steps, values, distance_steps=spacing).step
