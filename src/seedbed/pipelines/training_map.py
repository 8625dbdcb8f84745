"""A map of a study's runs: the states of their weights through training, and which state makes a run late.

Needs the probe "weights" among the study's probes and as many evaluations as one can afford; five runs at least, tens
for a map that can be trusted. See `seedbed.dynamics.training_maps`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from seedbed.dynamics.onset import onset
from seedbed.dynamics.training_maps import MOST_STATES, StateEffect, TrainingMap, detours, training_map
from seedbed.errors import StoreError
from seedbed.pipelines.figure_style import figure_of, save, steps_axis, styled
from seedbed.pipelines.palette import COLORS
from seedbed.pipelines.results import RunResult, StudyResults
from seedbed.pipelines.table import Table, columns, count, number, p_value, to_csv

SUSTAINED = 2


@dataclass(frozen=True)
class StudyMap:
    """What was found. runs: their names, in the order of the map's paths. steps: int64[k], of every run.

    late: of runs with an onset, what more time in each state goes with; None where too few runs have one. never: runs
    without it.
    """

    study: str
    runs: tuple[str, ...]
    steps: NDArray[np.int64]
    statistics: tuple[str, ...]
    found: TrainingMap
    metric: str
    late: tuple[StateEffect, ...] | None
    never: int
    note: str


def map_runs(
    results: StudyResults,
    *,
    probe: str = "weights",
    metric: str = "",
    threshold: float = 0.75,
    most_states: int = MOST_STATES,
) -> StudyMap:
    """Fit a map to the weight statistics of a study's finished runs.

    probe: the name of its weight-statistics probe; the means over all matrices are taken, but for those that never
    change in some run. metric: the ability by whose onset (first two evaluations at or past `threshold`) runs are early
    or late; "" for none. Errors: StoreError where the runs hold no such statistics, or share fewer than 3 steps;
    MeasurementError for fewer than 5 runs.
    """
    prefix = f"{probe}/all/"
    runs = [
        run for run in results.runs if run.status == "FINISHED" and any(name.startswith(prefix) for name in run.curves)
    ]
    if not runs:
        raise StoreError(
            f"no finished run of {results.name} holds weight statistics called {probe!r}; add probe('weights') to its "
            "probes and run it, or name the probe it has"
        )
    names = sorted(set.intersection(*({n for n in run.curves if n.startswith(prefix)} for run in runs)))
    steps = reduce(np.intersect1d, (run.curves[names[0]].steps for run in runs))
    values = np.stack([np.stack([_at(run, name, steps) for name in names], axis=1) for run in runs])
    moving = np.ptp(values, axis=1).min(axis=0) > 0
    still = [name.removeprefix(prefix) for name, moves in zip(names, moving, strict=True) if not moves]
    found = training_map(values[:, :, moving], most_states=most_states)
    reached = [_onset(run, metric, threshold) for run in runs] if metric else []
    late, note = _lateness(found, reached)
    if still:
        note = "; ".join(filter(None, (note, f"left out, as they never change in some run: {', '.join(still)}")))
    return StudyMap(
        study=results.name,
        runs=tuple(run.name for run in runs),
        steps=steps,
        statistics=tuple(n.removeprefix(prefix) for n, moves in zip(names, moving, strict=True) if moves),
        found=found,
        metric=metric,
        late=late,
        never=sum(step is None for step in reached),
        note=note,
    )


def _at(run: RunResult, metric: str, steps: NDArray[np.int64]) -> NDArray[np.float64]:
    curve = run.curves[metric]
    return curve.values[np.searchsorted(curve.steps, steps)]


def _onset(run: RunResult, metric: str, threshold: float) -> int | None:
    if metric not in run.curves:
        raise StoreError(f"run {run.name} holds no metric {metric!r}; name one that every run has")
    curve = run.curves[metric]
    return onset(curve.steps, curve.values, threshold=threshold, sustain=SUSTAINED).step


def _lateness(found: TrainingMap, reached: list[int | None]) -> tuple[tuple[StateEffect, ...] | None, str]:
    """Which states go with a late onset, among the runs that have one."""
    if not reached:
        return None, ""
    able = [place for place, step in enumerate(reached) if step is not None]
    if len(able) <= found.states + 1:
        return None, f"{len(able)} runs have the onset, too few to say which of {found.states} states makes a run late"
    some = TrainingMap(
        found.states, found.criterion, found.counts, found.paths[able], found.transitions, found.means, found.heldout
    )
    return tuple(detours(some, [float(step) for step in reached if step is not None])), ""


def map_tables(made: StudyMap) -> list[Table]:
    """How many states fit, how long runs stay in each, and which make them late."""
    chosen = made.found.states
    counts = [
        (
            f"{each.states}{' (chosen)' if each.states == chosen else ''}",
            number(each.log_likelihood),
            number(each.heldout_log_likelihood),
            count(each.aic),
            count(each.bic),
        )
        for each in made.found.counts
    ]
    head = columns(("states",), ("log-likelihood", "of held-out runs", "AIC", "BIC"))
    caption = (
        f"{len(made.runs)} runs of {len(made.steps)} evaluations, {len(made.statistics)} statistics; log-likelihoods "
        f"in nats per evaluation; held out of the fit: {len(made.found.heldout)}. {made.note}"
    ).strip()
    tables = [
        Table("map-states", f"How many states the runs of {made.study} pass through", head, tuple(counts), caption)
    ]
    effects = {effect.state: effect for effect in made.late or ()}
    rows = []
    for state in range(chosen):
        times = (made.found.paths == state).sum(axis=1)
        effect = effects.get(state)
        rows.append(
            (
                str(state + 1),
                f"{np.count_nonzero(times)} of {len(times)}",
                number(float(times.mean()), 1),
                number(None if effect is None else effect.steps_per_checkpoint, 1),
                "–" if effect is None else p_value(effect.p_value),
                "–" if effect is None else "yes" if effect.detour else "no",
            )
        )
    head = columns(("state", "visited by"), ("mean evaluations", "later by steps each", "p (Holm)"))
    title = "Where runs stay, and what it costs"
    caption = (
        f"Later: by how many steps {made.metric} comes later for each evaluation spent in the state (least squares); "
        f"{made.never} runs never have it and are not in the regression."
        if made.metric
        else "No metric was named, so nothing is said of lateness."
    )
    tables.append(Table("map-detours", title, (*head, *columns(("detour",))), tuple(rows), caption))
    return tables


def map_figure(made: StudyMap) -> Figure:
    """The state of every run at every evaluation: a row per run, a colour per state."""
    rows = len(made.runs)
    with styled():
        figure = figure_of(6.4, 1.1 + 0.16 * max(rows, 4))
        axes = figure.add_subplot()
        edges = np.concatenate([made.steps, [made.steps[-1] + max(1, int(np.diff(made.steps)[-1]))]])
        for row, path in enumerate(made.found.paths):
            for state, left, right in zip(path, edges[:-1], edges[1:], strict=True):
                axes.barh(row, right - left, left=left, height=0.9, color=COLORS[state % len(COLORS)], linewidth=0)
        axes.set_yticks(range(rows), made.runs, fontsize=6)
        axes.invert_yaxis()
        axes.grid(visible=False)
        steps_axis(axes, made.steps.tolist(), log=True)
        axes.set_xlim(int(edges[0]), int(edges[-1]))
        axes.set_title("States of the weights that each run passes through")
        handles = [Patch(color=COLORS[s % len(COLORS)], label=f"state {s + 1}") for s in range(made.found.states)]
        figure.legend(handles=handles, loc="outside lower left", ncols=8)
    return figure


def write_map(made: StudyMap, folder: Path) -> list[Path]:
    """Write both tables, the figure, and the paths behind it; return the files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for table in map_tables(made):
        files.append(folder / f"{table.key}.csv")
        files[-1].write_text(to_csv(table), encoding="utf-8")
    paths = folder / "map-paths.parquet"
    rows = [
        {"run": run, "step": int(step), "state": int(state) + 1}
        for run, path in zip(made.runs, made.found.paths, strict=True)
        for step, state in zip(made.steps, path, strict=True)
    ]
    pq.write_table(pa.Table.from_pylist(rows), paths, compression="zstd")
    return [*files, paths, *save(map_figure(made), folder / "map")]
