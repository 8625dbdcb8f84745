"""One experiment in MLflow: finding and making its runs, and logging to them what is not on record yet."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seedbed.pipelines import tracking_content as content
from seedbed.pipelines.results import RunResult, StudyResults
from seedbed.pipelines.tracking_content import Point

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

METRICS_PER_CALL = 1000
PARAMETERS_PER_CALL = 100
RUNS_PER_PAGE = 500


class StudyRecord:
    """The runs of one study in one experiment. Callers hold the store's lock."""

    def __init__(self, client: MlflowClient, experiment_id: str, study: StudyResults) -> None:
        self.client = client
        self.experiment_id = experiment_id
        self.study = study
        self._steps: dict[str, dict[str, int]] = {}
        self._groups: dict[str, str] = {}

    def find(self, kind: str, **tags: str) -> Iterator[Run]:
        """Runs of a kind (run, group, study) with these seedbed tags, newest first."""
        where = [f"tags.`{content.KIND}` = '{kind}'"]
        where += [f"tags.`seedbed.{name}` = {_quoted(value)}" for name, value in tags.items()]
        token: str | None = None
        while True:
            page = self.client.search_runs(
                [self.experiment_id], " and ".join(where), max_results=RUNS_PER_PAGE, page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return

    def seed_run(self, run: RunResult, found: Run | None = None, started_ms: int | None = None) -> str:
        """The MLflow run of a seed under its arm's group run: `found`, the one on record, or a new one."""
        group = self.group(run.arm)
        if found is None:
            found = next(self.find("run", fingerprint=run.fingerprint), None)
        if found is None:
            tags = {**content.run_tags(self.study, run), content.PARENT: group}
            run_id = self.make(run.name, tags, content.run_parameters(run), started_ms)
            self.log_datasets(run_id, run.factors["mixture"])
            self._steps[run_id] = {}
            return run_id
        run_id = str(found.info.run_id)
        self.set_tags(found, {content.PARENT: group, content.CURRENT: content.YES})
        if run_id not in self._steps:
            self._steps[run_id] = self._last_steps(found)
        return run_id

    def group(self, arm: str) -> str:
        """An arm's group run, made unless it is there."""
        if arm not in self._groups:
            found = next(self.find("group", arm=arm), None)
            self._groups[arm] = self.new_group(arm) if found is None else str(found.info.run_id)
        return self._groups[arm]

    def new_group(self, arm: str) -> str:
        """A new group run for an arm, which takes the place of any other."""
        runs = self.study.of_arm(arm)
        tags = content.group_tags(self.study, arm)
        started_ms = min(content.run_times_ms(run)[0] for run in runs)
        self._groups[arm] = self.make(arm, tags, content.group_parameters(runs), started_ms)
        self.log_datasets(self._groups[arm], runs[0].factors["mixture"])
        return self._groups[arm]

    def make(
        self, name: str, tags: dict[str, str], parameters: Mapping[str, str], started_ms: int | None = None
    ) -> str:
        """A new run with tags and parameters."""
        made = self.client.create_run(self.experiment_id, start_time=started_ms, tags=tags, run_name=name)
        run_id = str(made.info.run_id)
        self.log_parameters(run_id, parameters)
        return run_id

    def set_tags(self, found: Run, tags: Mapping[str, str]) -> None:
        """Set those tags of a run that differ."""
        for name, value in tags.items():
            if found.data.tags.get(name) != value:
                self.client.set_tag(found.info.run_id, name, value)

    def log_parameters(self, run_id: str, parameters: Mapping[str, str]) -> None:
        """Log parameters, as many per call as MLflow takes."""
        from mlflow.entities import Param

        made = [Param(name, value) for name, value in parameters.items()]
        for start in range(0, len(made), PARAMETERS_PER_CALL):
            self.client.log_batch(run_id, params=made[start : start + PARAMETERS_PER_CALL])

    def log_points(self, run_id: str, points: Sequence[Point]) -> int:
        """Log the values that lie beyond the last step on record of their metric; return how many."""
        from mlflow.entities import Metric

        last = self._steps.setdefault(run_id, {})
        fresh = [point for point in points if point.step > last.get(point.key, -1)]
        now_ms = int(time.time() * 1000)
        metrics = [Metric(point.key, point.value, now_ms, point.step) for point in fresh]
        for start in range(0, len(metrics), METRICS_PER_CALL):
            self.client.log_batch(run_id, metrics=metrics[start : start + METRICS_PER_CALL])
        for point in fresh:
            last[point.key] = max(point.step, last.get(point.key, -1))
        return len(fresh)

    def log_datasets(self, run_id: str, mixture: str) -> None:
        """Log the components of a mixture as datasets with their digests."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        inputs = [
            DatasetInput(Dataset(**content.dataset_fields(found)), [InputTag("mlflow.data.context", "training")])
            for found in content.datasets_of(self.study, mixture)
        ]
        if inputs:
            self.client.log_inputs(run_id, datasets=inputs)

    def log_folder(self, run_id: str, folder: Path) -> None:
        """Log everything in a folder as artifacts."""
        self.client.log_artifacts(run_id, str(folder))

    def retire(self, found: Run) -> None:
        """Take a run of an older recipe out of its group and say so in its tags."""
        self.set_tags(found, {content.CURRENT: content.NO})
        if content.PARENT in found.data.tags:
            self.client.delete_tag(found.info.run_id, content.PARENT)

    def _last_steps(self, found: Run) -> dict[str, int]:
        """The last step on record of every metric of a run."""
        run_id = found.info.run_id
        return {
            key: max(point.step for point in self.client.get_metric_history(run_id, key)) for key in found.data.metrics
        }


def _quoted(value: str) -> str:
    return f'"{value}"' if "'" in value else f"'{value}'"
