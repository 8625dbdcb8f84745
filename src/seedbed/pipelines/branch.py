"""A branch of a finished run: it goes on from one of the run's steps with one thing changed, or nothing.

The branch stands in the store as a run of its own, so that it can be probed, exported and compared like any other. What
it is: the run it comes from, the step, the one change, and where it ends. Up to its step it holds its parent's record.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedbed.errors import RecipeError
from seedbed.pipelines.branch_change import RATES, Change, change_of
from seedbed.pipelines.branch_parent import BRANCH, Parent, find_parent, prepare_parent, refuse_missing
from seedbed.pipelines.identity import Json
from seedbed.pipelines.jobs import Event, Execution, PreparedRun, prepare_run, write_context
from seedbed.pipelines.ordering import add_areas
from seedbed.pipelines.results import RunResult, Status
from seedbed.pipelines.store import Artifact
from seedbed.workbench import Workbench

if TYPE_CHECKING:
    from seedbed.training.trainer import TrainTask

BRANCH_VERSION = 1
"""Raised when the same branch would give other bytes because of the code that makes it."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]*")


@dataclass(frozen=True)
class Asked:
    """What a person asks of a branch: see `seedbed branch --help`."""

    run: str
    at: int
    settings: Sequence[str] = ()
    steps: int | None = None
    name: str | None = None
    file: str | None = None
    options: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Branched:
    """A branch that is in the store, beside its parent."""

    parent: Parent
    parent_run: RunResult
    run: RunResult
    at: int
    last_step: int
    change: Change
    built: bool

    @property
    def weights(self) -> tuple[int, bool]:
        """The last step after the branch that both ledgers name, and whether the weights are equal there."""
        ledgers = [json.loads((run.folder / "ledger.json").read_text()) for run in (self.parent_run, self.run)]
        step = max((int(step) for step in ledgers[0] if step in ledgers[1]), default=self.at)
        return step, ledgers[0].get(str(step)) == ledgers[1].get(str(step))


def branch_run(
    asked: Asked,
    workbench: Workbench,
    *,
    device: str = "cpu",
    report: Event = lambda event: None,
    cores: Callable[[int], AbstractContextManager[object]] = nullcontext,
) -> Branched:
    """Make a branch, unless it is in the store.

    Errors: SeedbedError for a run, step, setting or store that allows no such branch, each with the mend.
    """
    parent = find_parent(asked.run, workbench, asked.file, asked.options)
    execution = Execution(workbench, device, cores=cores)
    with_task = prepare_parent(parent, execution, report)
    change = change_of(asked.settings, parent, with_task.run, workbench)
    refuse_missing(parent, change.plan.artifact)
    last_step = _last_step(asked, with_task.task.training.steps, change)
    change = _on_horizon(change, with_task.task, asked.at, last_step)
    artifact = branch_artifact(parent, change, asked.at, last_step, asked.name)
    built = parent.store.build(
        artifact,
        lambda folder: _make(folder, parent, with_task, change, asked.at, last_step, execution, report),
        resumable=True,
        holding=lambda: cores(1),
    )
    folder = parent.store.folder(artifact)
    theirs = _result(parent, parent.plan.artifact, parent.folder)
    ours = replace(_result(parent, artifact, folder), order_seed=change.plan.order_seed)
    return Branched(parent, theirs, ours, asked.at, last_step, change, built)


def branch_artifact(parent: Parent, change: Change, at: int, last_step: int, name: str | None = None) -> Artifact:
    """The branch as the store knows it. name: how it is called, by default after its parent, step and change."""
    made = f"{parent.name}.at-{at}"
    if change.key:
        made += f".{change.key.rpartition('.')[2]}-{re.sub('[^A-Za-z0-9._-]+', '-', change.after).strip('-')}"
    if last_step != parent_steps(parent):
        made += f".to-{last_step}"
    if name is not None and not NAME.fullmatch(name):
        raise RecipeError(f"--name {name!r}: take letters, digits and . _ = - (it names a folder)")
    set_to: dict[str, Json] = {change.key: change.described} if change.key else {}
    description: dict[str, Json] = {
        "version": BRANCH_VERSION,
        "parent": parent.plan.artifact.description,
        "at": at,
        "steps": last_step,
        "change": set_to,
    }
    parents = {"parent": parent.plan.artifact, **change.plan.artifact.parents}
    return Artifact.of("run", name or made, description, parents)


def parent_steps(parent: Parent) -> int:
    """Updates that a finished run made."""
    return int(json.loads((parent.folder / "result.json").read_text(encoding="utf-8"))["steps"])


def _last_step(asked: Asked, parent_steps: int, change: Change) -> int:
    """Where the branch ends. Errors: RecipeError for a step from which, or to which, no branch goes."""
    at, last_step = asked.at, parent_steps if asked.steps is None else asked.steps
    if at == 0:
        raise RecipeError(
            "a branch at step 0 is another run from the start: state it in the study (an arm, or another seed)"
        )
    if not 0 < at <= parent_steps:
        raise RecipeError(f"--at {at}: {asked.run} made {parent_steps} updates; branch at a step from 1 to there")
    if last_step <= at:
        mend = f"give --steps N beyond {at}" if at == parent_steps else f"branch before it, or give --steps beyond {at}"
        raise RecipeError(f"a branch at step {at} that ends at step {last_step} has nothing to do; {mend}")
    return last_step


def _on_horizon(change: Change, task: TrainTask, at: int, last_step: int) -> Change:
    """The change with the recipe's schedule stated over a longer run, where the branch is one."""
    from seedbed.training.branching import same_rates

    theirs, arm = task.training, change.plan.arm
    if change.key.rpartition(".")[2] in RATES and same_rates(arm.model, theirs, at, min(last_step, theirs.steps)):
        raise RecipeError(
            f"{change.text} changes no learning rate after step {at}; leave --set out for an unchanged branch"
        )
    if last_step <= theirs.steps:
        return change
    return replace(change, plan=replace(change.plan, arm=replace(arm, model=replace(arm.model, steps=last_step))))


def branch_task(prepared: PreparedRun, parent: TrainTask, points: tuple[int, int], last_step: int) -> TrainTask:
    """The branch's task on its parent's schedule of rows, probes and checkpoints.

    Where it ends earlier, probes look once more at its end; where it goes on longer, they look from the parent's end on
    at the steps that a run of that length has.
    """
    from seedbed.training.keep import NONE
    from seedbed.training.schedule import probe_steps

    theirs = parent.training.steps
    looks = [step for step in probe_steps(theirs, *points) if step <= last_step]
    if last_step > theirs:
        looks += [step for step in probe_steps(last_step, *points) if step > theirs]
    looks = sorted({*looks, last_step})
    task = prepared.task
    at_end_only = {name for name, steps in task.probe_steps.items() if len(steps) == 1}
    return replace(
        task,
        probe_steps={name: looks[-1:] if name in at_end_only else looks for name in task.probe_steps},
        log_every=parent.log_every,
        checkpoint_every=parent.checkpoint_every,
        keep=NONE,
        stop_at=last_step,
    )


def _make(
    folder: Path,
    parent: Parent,
    with_task: PreparedRun,
    change: Change,
    at: int,
    last_step: int,
    execution: Execution,
    report: Event,
) -> dict[str, Any]:
    from seedbed.training.branching import begin_branch, begun, check_same_past
    from seedbed.training.replay import Replay
    from seedbed.training.trainer import train

    theirs = with_task.task
    prepared = prepare_run(folder, change.plan, parent.graph, parent.store, execution, report)
    task = branch_task(prepared, theirs, parent.graph.study.probe_points, last_step)
    if last_step > theirs.training.steps and not change.on_data:
        check_same_past(task.data, theirs.data, at, theirs.training.batch_size)
    scratch = folder / "replay"
    if not begun(folder):
        begin_branch(task, Replay(theirs).checkpoint(at, scratch), parent.folder)
    shutil.rmtree(scratch, ignore_errors=True)
    result = train(task)
    add_areas(folder, prepared.by_difficulty)
    origin = {"parent": parent.name, "parent_fingerprint": parent.plan.artifact.fingerprint, "at": at}
    told = {"key": change.key, "before": change.before, "after": change.after}
    (folder / BRANCH).write_text(json.dumps({**origin, "steps": last_step, "change": told}, indent=1) + "\n")
    write_context(folder, replace(prepared, task=task), result, parent.store, {"branch": origin})
    return asdict(result)


def _result(parent: Parent, artifact: Artifact, folder: Path) -> RunResult:
    outcome = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    status: Status = outcome["status"]
    plan = parent.plan
    return RunResult(
        name=artifact.name,
        arm=plan.arm.name,
        factors=plan.arm.factors,
        seed=plan.seed,
        init_seed=plan.init_seed,
        order_seed=plan.order_seed,
        fingerprint=artifact.fingerprint,
        folder=folder,
        status=status,
        reason=str(outcome.get("reason") or ""),
        outcome=outcome,
    )
