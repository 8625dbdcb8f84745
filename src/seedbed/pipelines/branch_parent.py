"""A finished run with the study that stated it: what is needed to go through it again or to branch off from it.

A run's folder holds no study. The study is sought among the pipeline files of the workbench, or named; it is the right
one only if it states the very run, recipe for recipe, so that nothing is gone through under other choices by mistake.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedbed.errors import RecipeError, SourceError, StoreError, UnknownNameError
from seedbed.pipelines.checkpoints import find_run
from seedbed.pipelines.graph import RunPlan, StudyGraph, study_graph
from seedbed.pipelines.identity import differences
from seedbed.pipelines.jobs import Execution, PreparedRun, prepare_run
from seedbed.pipelines.load import LoadedStudy, load_study
from seedbed.pipelines.plan import describe_reason
from seedbed.pipelines.store import Artifact, Store
from seedbed.workbench import Workbench

if TYPE_CHECKING:
    from seedbed.training.replay import Replay

SMOKE = "smoke."
BRANCH = "branch.json"
"""In the folder of a branch: where it comes from, at which step, and what it changes."""


@dataclass(frozen=True)
class Parent:
    """A finished run, in its study."""

    folder: Path
    plan: RunPlan
    graph: StudyGraph
    loaded: LoadedStudy
    store: Store

    @property
    def name(self) -> str:
        """The run's name in the store."""
        return self.plan.artifact.name


def find_parent(
    name: str, workbench: Workbench, file: str | None = None, options: Mapping[str, str] | None = None
) -> Parent:
    """A finished run by its name (or its folder's) and the study that states it.

    file: its pipeline file, by path or by its name on the shelf; None looks at all that stand on the shelf. options: of
    that file. Errors: UnknownNameError for a run that is not there; StoreError for one that FAILED, that no study
    states as it was made, or whose parents are no longer in the store.
    """
    folder = find_run(name, workbench)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if (folder / BRANCH).is_file():
        origin = json.loads((folder / BRANCH).read_text(encoding="utf-8"))["parent"]
        raise RecipeError(f"{name} is a branch itself, and a branch has one change: branch its parent, {origin}")
    parent = _stated(manifest, folder, workbench, file, options)
    refuse_missing(parent, parent.plan.artifact)
    return parent


def refuse_missing(parent: Parent, artifact: Artifact) -> None:
    """Errors: StoreError, with what to build, if the store lacks something that a run reads."""
    lacking = [other.label for other in artifact.parents.values() if not parent.store.has(other)]
    if lacking:
        more = f" and {len(lacking) - 1} more that it reads are" if len(lacking) > 1 else " is"
        raise StoreError(
            f"{lacking[0]}{more} not in the store; build what is missing (finished runs are reused): "
            f"seedbed run {parent.loaded.file.name}{' --smoke' if parent.graph.study.is_smoke else ''}"
        )


def _stated(
    manifest: dict[str, Any], folder: Path, workbench: Workbench, file: str | None, options: Mapping[str, str] | None
) -> Parent:
    name, reason = manifest["name"], ""
    for loaded, graph in _graphs(name, workbench, file, options):
        for plan in graph.runs:
            if plan.artifact.fingerprint == manifest["fingerprint"]:
                return Parent(folder, plan, graph, loaded, Store.of(workbench))
            if plan.artifact.name == name and not reason:
                told = describe_reason(differences(manifest["recipe"], plan.artifact.description))
                reason = f"{loaded.file.name} now states it otherwise ({told}, old → new)"
    if file is not None and not reason:
        raise StoreError(f"{file} states no run called {name}; give the study that it was a run of: --from FILE")
    told = reason or "no study on the pipelines shelf states it"
    raise StoreError(f"run {name}: {told}; give the study as it was when it ran: --from FILE")


def _graphs(
    name: str, workbench: Workbench, file: str | None, options: Mapping[str, str] | None
) -> Iterator[tuple[LoadedStudy, StudyGraph]]:
    """Studies that have an arm of this run's name."""
    smoke = name.startswith(SMOKE)
    for given in [file] if file is not None else workbench.shelf_names("pipelines", ".py"):
        try:
            loaded = load_study(given, workbench, options)
            study = loaded.study.smoke() if smoke else loaded.study
            bare = name.removeprefix(SMOKE)
            if file is None and not any(bare.startswith(f"{arm.name}.") for arm in study.arms()):
                continue
            yield loaded, study_graph(study, workbench)
        except (RecipeError, SourceError, StoreError, UnknownNameError):
            # Another study of the shelf may be broken, or its sources gone; that is no fault of this run's.
            if file is not None:
                raise


def prepare_parent(parent: Parent, execution: Execution, report: Any = lambda event: None) -> PreparedRun:
    """A finished run's data and task, without probes."""
    return prepare_run(parent.folder, parent.plan, parent.graph, parent.store, execution, report, measured=False)


def replay_run(
    name: str,
    workbench: Workbench,
    file: str | None = None,
    options: Mapping[str, str] | None = None,
    *,
    device: str = "cpu",
) -> Replay:
    """A finished run of a study, to be gone through again: see `seedbed.training.replay.Replay`.

    Errors: as `find_parent`.
    """
    from seedbed.training.replay import Replay

    parent = find_parent(name, workbench, file, options)
    return Replay(replace(prepare_parent(parent, Execution(workbench, device)).task, on_event=None))
