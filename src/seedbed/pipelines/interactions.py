"""Interactions: does the effect of one factor depend on another? The difference of differences, seed by seed.

Four arms make a square: two levels of a factor under two levels of another. For every seed that all four have,
the effect of the factor is taken twice, and the verdict is on the difference of the two, with its interval, permutation
test and smallest detectable effect. A factor of more levels has a square for every level against its reference. Four
levels of one factor can be a square too, where they are two by two by themselves (`Question.square`): an order among
documents, and one within them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from seedbed.dynamics.power import POWER
from seedbed.dynamics.verdict import Verdict
from seedbed.dynamics.wording import number
from seedbed.pipelines.conclusions import Answer
from seedbed.pipelines.contrasts import comparable, comparisons, decide, stratum
from seedbed.pipelines.headlines import headline_of
from seedbed.pipelines.matching import match
from seedbed.pipelines.results import RunResult, StudyResults
from seedbed.pipelines.siblings import Measure, worded
from seedbed.pipelines.study import FACTORS, Question, Study

Cell = dict[str, str]
"""Factor -> level."""


@dataclass(frozen=True)
class Square:
    """Two effects to compare: each from its first cell to its second, and how each is called."""

    cells: tuple[tuple[Cell, Cell], tuple[Cell, Cell]]
    names: tuple[str, str]
    factors: tuple[str, ...]


def interaction_answers(study: Study, results: StudyResults, question: Question) -> Iterator[Answer | str]:
    """An answer for every square of a question, or in words why there is none."""
    for square in _squares(study, results, question):
        for group in comparable(study, results, square.factors):
            found = _quadruples(study, group.runs, square, question.metric)
            if found:
                yield _answer(study, results, question, square, found, group.labels)


def _squares(study: Study, results: StudyResults, question: Question) -> Iterator[Square]:
    factor, by = question.factor, question.by
    if question.square is not None:
        first, second = (({factor: one}, {factor: other}) for one, other in question.square)
        (a, b), (c, d) = question.square
        yield Square((first, second), (f"{b} − {a}", f"{d} − {c}"), (factor,))
    elif by is not None:
        for a, b in comparisons(study, results, factor):
            for c, d in comparisons(study, results, by):
                one, other = (({factor: a, by: level}, {factor: b, by: level}) for level in (c, d))
                yield Square((one, other), (f"{b} − {a} with {c}", f"{b} − {a} with {d}"), (factor, by))


Quadruple = tuple[RunResult, RunResult, RunResult, RunResult]


def _quadruples(study: Study, runs: Sequence[RunResult], square: Square, metric: str) -> dict[str, list[Quadruple]]:
    """The four runs of every seed that has all of them, by stratum of the other factors."""

    def rest(run: RunResult) -> tuple[object, ...]:
        return (*(run.factors[name] for name in FACTORS if name not in square.factors), run.seed)

    def of_cell(cell: Cell) -> dict[tuple[object, ...], RunResult]:
        held = (run for run in runs if metric in run.curves)
        return {rest(run): run for run in held if all(run.factors[name] == level for name, level in cell.items())}

    a, b, c, d = (of_cell(cell) for effect in square.cells for cell in effect)
    found: dict[str, list[Quadruple]] = {}
    for key, run in a.items():
        if key in b and key in c and key in d:
            four = (run, b[key], c[key], d[key])
            found.setdefault(stratum(study, run, square.factors), []).append(four)
    return found


def _answer(
    study: Study,
    results: StudyResults,
    question: Question,
    square: Square,
    strata: dict[str, list[Quadruple]],
    measures: tuple[Measure, ...],
) -> Answer | str:
    fours = [four for found in strata.values() for four in found]
    pairs = [pair for a, b, c, d in fours for pair in ((a, b), (c, d), (a, c), (b, d))]
    matched = match(study, results, pairs, measures)
    if matched.refusal is not None:
        return f"{square.names[0]} and {square.names[1]} are not compared: {matched.refusal}"

    def effects(chosen: list[Quadruple]) -> list[tuple[float, float]]:
        last = [[run.curves[question.metric].last for run in four] for four in chosen]
        return [(b - a, d - c) for a, b, c, d in last]

    labels = [name for name, found in strata.items() for _ in found]
    headline = headline_of(study, question.metric)
    pooled = decide(effects(fours), labels, question, headline, square.names, direction=False)
    return Answer(
        question=question.text,
        factor=" × ".join(square.factors) if len(square.factors) > 1 else f"{square.factors[0]}, two by two",
        level_a=square.names[0],
        level_b=square.names[1],
        metric=question.metric,
        strata=tuple(strata),
        matched=matched.words,
        verdict=replace(pooled, note="; ".join(filter(None, (pooled.note, _detectable(pooled), matched.note)))),
        by_stratum={
            name: decide(
                effects(found), [name] * len(found), question, headline, square.names, within=True, direction=False
            )
            for name, found in strata.items()
        },
        label=worded(measures),
    )


def _detectable(found: Verdict) -> str:
    """The smallest interaction that so many seeds would find, as a verdict's note says it."""
    if found.minimum_detectable is None:
        return ""
    return f"an interaction of {number(found.minimum_detectable, found.unit)} is found with {POWER:.0%} power"
