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

from seedbed.dynamics.breaks import break_point, resample
from seedbed.dynamics.onset import Onset, confirm, onset
from seedbed.pipelines.conclusions import Answer, Conclusions, OnsetRow
from seedbed.pipelines.contrasts import (
    Comparable,
    Pair,
    all_questions,
    comparable,
    comparisons,
    decide,
    pairs_by_stratum,
)
from seedbed.pipelines.headlines import headline_of, headlines
from seedbed.pipelines.interactions import interaction_answers
from seedbed.pipelines.matching import match
from seedbed.pipelines.results import Curve, RunResult, StudyResults
from seedbed.pipelines.siblings import worded
from seedbed.pipelines.study import Question, Study
from seedbed.pipelines.study_dynamics import study_dynamics
from seedbed.probes.recipe_base import Headline

SUSTAINED_EVALUATIONS = 2
LEAST_POINTS = 3


def conclude(study: Study, results: StudyResults) -> Conclusions:
    """All answers and onsets of a study, as far as its runs are finished."""
    answers: list[Answer] = []
    refusals: dict[str, list[str]] = {}
    for question in all_questions(study):
        for made in _answers(study, results, question):
            if isinstance(made, Answer):
                answers.append(made)
            else:
                refusals.setdefault(made, []).append(question.metric)
    return Conclusions(
        answers=answers,
        onsets=list(_onsets(study, results)),
        headline_metrics=[headline.metric for headline in headlines(study)],
        refusals=[f"{why} (asked of {', '.join(metrics)})" for why, metrics in refusals.items()],
        dynamics=study_dynamics(study, results),
    )


def _answers(study: Study, results: StudyResults, question: Question) -> Iterator[Answer | str]:
    """Every answer to a question, or in words why there is none."""
    if question.by is not None or question.square is not None:
        yield from interaction_answers(study, results, question)
        return
    for levels in comparisons(study, results, question.factor):
        for group in comparable(study, results, {question.factor}):
            made = _answer(study, results, question, levels, group)
            if made is not None:
                yield made


def _answer(
    study: Study, results: StudyResults, question: Question, levels: tuple[str, str], group: Comparable
) -> Answer | str | None:
    """The answer for one pair of levels; a refusal in words; None where no pair of runs is finished."""
    strata = pairs_by_stratum(study, group.runs, question.factor, *levels, question.metric)
    if not strata:
        return None
    pairs = [pair for found in strata.values() for pair in found]
    matched = match(study, results, pairs, group.labels)
    if matched.refusal is not None:
        return f"{levels[0]} and {levels[1]} are not compared: {matched.refusal}"

    def last(found: list[Pair]) -> list[tuple[float, float]]:
        return [(a.curves[question.metric].last, b.curves[question.metric].last) for a, b in found]

    headline = headline_of(study, question.metric)
    labels = [name for name, found in strata.items() for _ in found]
    pooled = decide(last(pairs), labels, question, headline, levels)
    return Answer(
        question=question.text,
        factor=question.factor,
        level_a=levels[0],
        level_b=levels[1],
        metric=question.metric,
        strata=tuple(strata),
        matched=matched.words,
        verdict=replace(pooled, note="; ".join(filter(None, (pooled.note, matched.note)))),
        by_stratum={
            name: decide(last(found), [name] * len(found), question, headline, levels, within=True)
            for name, found in strata.items()
        },
        label=worded(group.labels) if question.factor == "tokenizer" else "",
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
    found = onset(hard.steps, hard.values, threshold=headline.able, sustain=SUSTAINED_EVALUATIONS)
    soft_found = onset(soft.steps, soft.values, threshold=headline.soft_able, sustain=SUSTAINED_EVALUATIONS)
    spacing = int(np.diff(hard.steps).max())
    return OnsetRow(
        arm=run.arm,
        seed=run.seed,
        metric=headline.metric,
        threshold=headline.able,
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
