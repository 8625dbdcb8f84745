"""Open a study without building anything: options, graph, plan; and lay out a new workbench."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seedbed.data.executors import Executor
from seedbed.errors import StoreError
from seedbed.pipelines.graph import StudyGraph, study_graph
from seedbed.pipelines.load import LoadedStudy, load_study
from seedbed.pipelines.plan import Plan, make_plan
from seedbed.pipelines.store import Store
from seedbed.workbench import SHELVES, Workbench, carried_shelves


@dataclass(frozen=True)
class RunOptions:
    """How a study is run; nothing here is part of an identity."""

    workbench: Workbench
    smoke: bool = False
    jobs: int | None = None
    """Runs side by side; by default one per core that this process may use (one in all on an accelerator)."""
    device: str = "cpu"
    tasks: int = 1
    """Parallel datatrove tasks while a component is built."""
    executor: Executor = "local"
    """Where these tasks run."""
    tracking_uri: str | None = None
    track: bool = True
    options: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Opened:
    """A study with its graph and store."""

    loaded: LoadedStudy
    graph: StudyGraph
    store: Store


def open_study(given: str, options: RunOptions) -> Opened:
    """Load a pipeline file and name its artifacts; builds nothing."""
    loaded = load_study(given, options.workbench, options.options)
    study = loaded.study.smoke() if options.smoke else loaded.study
    return Opened(loaded, study_graph(study, options.workbench), Store.of(options.workbench))


def plan_study(given: str, options: RunOptions) -> Plan:
    """What a run of the study would reuse and build."""
    opened = open_study(given, options)
    return make_plan(opened.graph, opened.store)


def lay_out_workbench(folder: Path) -> Path:
    """Copy the shelves that came with seedbed into a new folder.

    Errors: StoreError if the folder holds something already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise StoreError(f"{folder} is not empty; name a new folder")
    for shelf in SHELVES:
        shutil.copytree(carried_shelves() / shelf, folder / shelf, ignore=shutil.ignore_patterns("__pycache__"))
    return folder
