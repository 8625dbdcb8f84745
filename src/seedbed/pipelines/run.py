"""Do a study: plan, build what is missing, record it, conclude."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from seedbed.errors import SeedbedError
from seedbed.pipelines.collect import collect
from seedbed.pipelines.conclude import conclude
from seedbed.pipelines.conclusions import Conclusions
from seedbed.pipelines.follow import Follower
from seedbed.pipelines.launcher import Launcher, Outcome
from seedbed.pipelines.opening import Opened, RunOptions, open_study
from seedbed.pipelines.plan import Plan, make_plan
from seedbed.pipelines.progress import StudyProgress, clock
from seedbed.pipelines.results import StudyResults
from seedbed.pipelines.worker import cores


@dataclass(frozen=True)
class Finished:
    """What `run_study` leaves: the outcome of the jobs, and what the store now says."""

    opened: Opened
    outcome: Outcome
    results: StudyResults
    conclusions: Conclusions
    wall_seconds: float


def run_study(given: str, options: RunOptions, console: Console) -> Finished:
    """Build what is missing, log it, and conclude.

    Errors: SeedbedError before anything is built (pipeline file, sources, tracking server); a job that fails later is
    in `outcome.failed`, and the others go on.
    """
    started = time.monotonic()
    opened = open_study(given, options)
    plan = make_plan(opened.graph, opened.store)
    follower = Follower(opened, options) if options.track else None
    if follower is not None:
        follower.check()
    console.print(headline(plan), highlight=False, markup=False)
    outcome = Outcome()
    if opened.graph.untrained:
        # What is made with these is named after their content, so they come first, and the study is opened anew.
        outcome = _build(opened, _first(plan, opened), options, console, None)
        if not outcome.failed:
            opened = open_study(given, options)
            plan = make_plan(opened.graph, opened.store)
            follower = Follower(opened, options) if options.track else None
    if not outcome.failed:
        outcome = _both(outcome, _build(opened, plan, options, console, follower))
    results = collect(opened.graph, opened.store, opened.loaded.description)
    conclusions = conclude(opened.graph.study, results)
    if follower is not None:
        follower.finish(results, conclusions)
    return Finished(opened, outcome, results, conclusions, time.monotonic() - started)


def headline(plan: Plan) -> str:
    """One line: how much there is to do."""
    made = plan.count("build") + plan.count("rebuild")
    if not made:
        return f"{plan.study}: everything is in the store ({plan.count('reuse')} artifacts); nothing to build"
    return f"{plan.study}: {made} things to make, {plan.count('reuse')} to reuse"


def _first(plan: Plan, opened: Opened) -> Plan:
    """The part of a plan that makes the tokenizers whose content others are named after."""
    wanted: set[str] = set()
    for tokenizer in opened.graph.untrained:
        wanted |= {tokenizer.fingerprint, *(parent.fingerprint for parent in tokenizer.parents.values())}
    return Plan(plan.study, [step for step in plan.steps if step.fingerprint in wanted])


def _both(first: Outcome, then: Outcome) -> Outcome:
    """What became of the jobs of two builds, the first of which failed in nothing."""
    then.built[:0] = first.built
    then.reused[:0] = first.reused
    return then


def _build(opened: Opened, plan: Plan, options: RunOptions, console: Console, follower: Follower | None) -> Outcome:
    missing = {step.fingerprint: step.seconds for step in plan.steps if step.action != "reuse"}
    if not missing:
        return Outcome()
    workbench = options.workbench
    setup = {
        "file": str(Path(opened.loaded.file).resolve()),
        "root": str(workbench.root),
        "store": workbench.store_location,
        "options": dict(options.options or {}),
        "smoke": options.smoke,
        "device": options.device,
        "tasks": options.tasks,
        "executor": options.executor,
    }
    count = options.jobs or (len(cores()) if options.device == "cpu" else 1)
    with StudyProgress(console, missing, count) as progress:
        launcher = Launcher(setup, count, progress, follower.poll if follower else lambda: None)
        artifacts = [a for a in opened.graph.artifacts() if a.fingerprint in missing]
        try:
            return launcher.build(artifacts, missing)
        except KeyboardInterrupt:
            if follower is not None:
                follower.stopped()
            raise InterruptedStudyError(opened.loaded.file.name) from None


class InterruptedStudyError(SeedbedError):
    """The person stopped the study with ^C."""

    def __init__(self, file_name: str) -> None:
        super().__init__(
            "stopped: whatever was finished is kept, and runs go on from their last checkpoint with the same command "
            f"(seedbed run {file_name})"
        )


def took(finished: Finished) -> str:
    """`built 12, reused 0 in 3 min 5 s`."""
    outcome = finished.outcome
    return f"built {len(outcome.built)}, failed {len(outcome.failed)}, in {clock(finished.wall_seconds)}"
