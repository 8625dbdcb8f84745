"""The record of a study in MLflow: an experiment, an overview run, a group run per arm, and a run per seed within it.

Everything on record follows from the store: `sync` logs whatever of it is not there yet, and finds in one query that
nothing is left. While runs train, the launcher's process logs their metric lines (`start_run`, `log_lines`,
`finish_run`), so that training itself pays nothing. A run is found by its fingerprint, so one that was killed goes on
where its record ends, and two processes on one store log each run once.

A run of an older recipe stays on record, outside its group and tagged `seedbed.current = no`. Group and overview runs
hold nothing of their own; where they no longer fit the store, new ones take their place.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from seedbed.errors import TrackingError
from seedbed.pipelines import tracking_content as content
from seedbed.pipelines.conclusions import Conclusions
from seedbed.pipelines.mlflow_client import check_server, creation_lock, default_uri, open_client, told
from seedbed.pipelines.results import RunResult, StudyResults
from seedbed.pipelines.tracking_runs import StudyRecord
from seedbed.pipelines.tracking_views import experiment_tags

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

RunStatus = Literal["RUNNING", "FINISHED", "FAILED", "KILLED"]
ENDED = ("FINISHED", "FAILED")


@dataclass(frozen=True)
class Synced:
    """What a sync found and did. overview: id of the study's own run; logged: runs of any kind that were written."""

    experiment_id: str
    overview: str
    logged: int


class Tracker:
    """Logs studies to one tracking URI (by default an SQLite database in the store).

    Every method raises TrackingError, in one line, when MLflow does not take what it is given.
    """

    def __init__(self, uri: str | None, store: Path) -> None:
        self.uri = uri or default_uri(store)
        self.store = store
        self._record: StudyRecord | None = None

    @cached_property
    def client(self) -> MlflowClient:
        """MLflow's client, opened when first needed."""
        return open_client(self.uri, self.store)

    @property
    def record(self) -> StudyRecord:
        """The study's record, known after `begin`."""
        if self._record is None:
            raise TrackingError("the tracker does not know the study yet; call begin() before logging runs")
        return self._record

    def check(self) -> None:
        """Make sure, within a few seconds and before anything is built, that the server answers."""
        self.client = check_server(self.uri, self.store)

    def begin(self, results: StudyResults) -> str:
        """Make the study's experiment unless it is there, and return its id. Runs may be MISSING as yet."""
        client = self.client
        with told(self.uri), creation_lock(self.store):
            self._record = StudyRecord(client, self._experiment(results), results)
            return self._record.experiment_id

    def start_run(self, run: RunResult) -> str:
        """The MLflow run of a seed, made or taken up again; it stands under its arm's group run. After `begin`."""
        with told(self.uri), creation_lock(self.store):
            run_id = self.record.seed_run(run)
            self.client.update_run(run_id, status="RUNNING")
        return run_id

    def log_lines(self, run_id: str, lines: Iterable[Mapping[str, Any]]) -> int:
        """Log lines of metrics.jsonl, as many as are not on record yet; return how many values that were."""
        points = content.line_points(lines)
        if not points:
            return 0
        with told(self.uri), creation_lock(self.store):
            # Whoever ended this run meanwhile (another process on the same store) has logged all of it.
            if self.client.get_run(run_id).info.status in ENDED:
                return 0
            return self.record.log_points(run_id, points)

    def finish_run(self, run_id: str, status: RunStatus, reason: str = "") -> None:
        """Set how a run ended; `sync` adds its artifacts. KILLED: interrupted, it can go on."""
        with told(self.uri), creation_lock(self.store):
            if self.client.get_run(run_id).info.status not in ENDED:
                if reason:
                    self.client.set_tag(run_id, content.REASON, reason[: content.TAG_LENGTH])
                self.client.set_terminated(run_id, status=status)

    def sync(self, results: StudyResults, conclusions: Conclusions | None) -> Synced:
        """Bring the record up to the store; one query when nothing is left to log.

        conclusions: give the headline metrics that group runs carry, and the verdicts on the overview run.
        """
        client = self.client
        wanted = content.study_digest(results, conclusions)
        with told(self.uri):
            if (done := self._up_to_date(results.name, wanted)) is not None:
                return done
            with creation_lock(self.store):
                record = StudyRecord(client, self._experiment(results, conclusions), results)
                self._record = record
                return _Sync(record, results, conclusions).do(wanted)

    def _up_to_date(self, study: str, wanted: str) -> Synced | None:
        experiment = self.client.get_experiment_by_name(study)
        if experiment is None or experiment.lifecycle_stage != "active":
            return None
        where = f"tags.`{content.KIND}` = 'study' and tags.`{content.DIGEST}` = '{wanted}'"
        found = self.client.search_runs([experiment.experiment_id], where, max_results=1)
        return Synced(experiment.experiment_id, str(found[0].info.run_id), 0) if found else None

    def _experiment(self, results: StudyResults, conclusions: Conclusions | None = None) -> str:
        """The id of the study's experiment, made or restored where need be, its description and views up to date."""
        experiment = self.client.get_experiment_by_name(results.name)
        if experiment is None:
            # A server keeps artifacts where it was told to; with a bare database they lie in the store.
            bare = not self.uri.startswith(("http", "databricks"))
            place = (self.store.resolve() / "mlartifacts" / results.name).as_uri() if bare else None
            experiment_id = str(self.client.create_experiment(results.name, artifact_location=place))
            known: dict[str, str] = {}
        else:
            experiment_id, known = str(experiment.experiment_id), experiment.tags
            if experiment.lifecycle_stage != "active":
                self.client.restore_experiment(experiment_id)
        for name, value in experiment_tags(results, conclusions).items():
            if name not in known or (conclusions is not None and known[name] != value):
                self.client.set_experiment_tag(experiment_id, name, value)
        return experiment_id


class _Sync:
    """One pass over a study: seeds first, then their groups, then the overview, each marked when it is whole."""

    def __init__(self, record: StudyRecord, results: StudyResults, conclusions: Conclusions | None) -> None:
        self.record = record
        self.client = record.client
        self.results = results
        self.conclusions = conclusions
        self.logged = 0

    def do(self, wanted: str) -> Synced:
        known = {run.data.tags[content.FINGERPRINT]: run for run in self.record.find("run")}
        stale = {arm: self._stale_group(arm) for arm in self.results.arms}
        for run in self.results.runs:
            if run.status != "MISSING":
                self._seed(run, known.get(run.fingerprint), regrouped=stale[run.arm])
        for arm in self.results.arms:
            self._group(arm)
        present = {run.fingerprint for run in self.results.runs}
        for fingerprint, found in known.items():
            if fingerprint not in present:
                self.record.retire(found)
        for group in list(self.record.find("group")):
            if group.info.run_id not in [self.record.group(arm) for arm in self.results.arms]:
                self.client.delete_run(group.info.run_id)
        return Synced(self.record.experiment_id, self._overview(wanted), self.logged)

    def _stale_group(self, arm: str) -> bool:
        """Put a new group run in the place of one that no longer fits; say whether that was needed."""
        found = next(self.record.find("group", arm=arm), None)
        if found is None:
            return False
        held = found.data.tags.get(content.DIGEST)
        # Metrics without a digest are what a sync left that was killed half way.
        if held == content.group_digest(self.results, arm, self.conclusions) or (
            held is None and not found.data.metrics
        ):
            return False
        self.record.new_group(arm)
        return True

    def _seed(self, run: RunResult, found: Run | None, *, regrouped: bool) -> None:
        tags = found.data.tags if found is not None else {}
        # A run that was tried again after it failed is marked whole from before, but its status is not that of its end.
        whole = found is not None and tags.get(content.WHOLE) == found.info.status == run.status
        if whole and not regrouped and tags.get(content.CURRENT) == content.YES:
            return
        started_ms, ended_ms = content.run_times_ms(run)
        run_id = self.record.seed_run(run, found, started_ms)
        if whole:
            return
        self.record.log_points(run_id, content.run_points(run))
        self.record.log_parameters(run_id, content.outcome_parameters(run))
        if run.reason:
            self.client.set_tag(run_id, content.REASON, run.reason[: content.TAG_LENGTH])
        for path in run.item_tables().values():
            self.client.log_artifact(run_id, str(path), "items")
        for name in ("ledger.json", "result.json", "certificate.json", "order.parquet"):
            if (run.folder / name).is_file():
                self.client.log_artifact(run_id, str(run.folder / name))
        self.client.set_terminated(run_id, status=run.status, end_time=None if found is not None else ended_ms)
        self.client.set_tag(run_id, content.WHOLE, run.status)
        self.logged += 1

    def _group(self, arm: str) -> None:
        from seedbed.pipelines.tracking_artifacts import write_group

        group = self.record.group(arm)
        wanted = content.group_digest(self.results, arm, self.conclusions)
        if self.client.get_run(group).data.tags.get(content.DIGEST) == wanted:
            return
        headline = self.conclusions.headline_metrics if self.conclusions else []
        self.record.log_points(group, content.group_points(self.results, arm, headline))
        with tempfile.TemporaryDirectory() as folder:
            write_group(self.results, arm, headline, Path(folder))
            self.record.log_folder(group, Path(folder))
        self._end(group, self.results.of_arm(arm))
        self.client.set_tag(group, content.DIGEST, wanted)
        self.logged += 1

    def _overview(self, wanted: str) -> str:
        """The study's own run: verdicts, every figure and table, the report's page."""
        from seedbed.pipelines.tracking_artifacts import write_overview

        older = list(self.record.find("study"))
        tags = content.study_tags(self.results.name, "study")
        tags[content.NOTE] = content.study_note(self.results, self.conclusions)
        started_ms = min((content.run_times_ms(run)[0] for run in self.results.runs), default=0)
        parameters = {"runs": str(len(self.results.runs))}
        overview = self.record.make(f"{self.results.name}: overview", tags, parameters, started_ms)
        with tempfile.TemporaryDirectory() as folder:
            write_overview(self.results, self.conclusions, Path(folder))
            self.record.log_folder(overview, Path(folder))
        self._end(overview, self.results.runs)
        self.client.set_tag(overview, content.DIGEST, wanted)
        for found in older:
            self.client.delete_run(found.info.run_id)
        self.logged += 1
        return overview

    def _end(self, run_id: str, runs: Sequence[RunResult]) -> None:
        """Say of a group how and when its runs ended; while some are missing it goes on."""
        statuses = {run.status for run in runs}
        if "MISSING" not in statuses:
            status = "FAILED" if "FAILED" in statuses else "FINISHED"
            self.client.set_terminated(
                run_id, status=status, end_time=max(content.run_times_ms(run)[1] for run in runs)
            )
