"""Follow runs while they train: read what they wrote and log it, so that training itself waits for nothing.

Only the process that launched the study talks to the tracking server. Runs append their measurements to a file in the
store; this reads what is new every few seconds. What a run measured stands in the store whether or not it was logged.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

from seedbed.errors import TrackingError
from seedbed.pipelines.collect import collect
from seedbed.pipelines.conclusions import Conclusions
from seedbed.pipelines.opening import Opened, RunOptions
from seedbed.pipelines.results import RunResult, StudyResults
from seedbed.pipelines.tracking import Tracker

FOLLOW_SECONDS = 5.0
METRICS_FILE = "metrics.jsonl"


class Follower:
    """Logs a study under way."""

    def __init__(self, opened: Opened, options: RunOptions) -> None:
        self.opened = opened
        self.tracker = Tracker(options.tracking_uri, opened.store.root)
        self.read_up_to: dict[str, int] = {}
        self.ids: dict[str, str] = {}
        self.looked = time.monotonic()
        self.runs: dict[str, RunResult] | None = None

    def check(self) -> None:
        """Errors: TrackingError, at once, if the server does not answer."""
        self.tracker.check()

    def poll(self) -> None:
        """Log what runs under way have measured since the last look; at most every few seconds."""
        if time.monotonic() - self.looked < FOLLOW_SECONDS:
            return
        self.looked = time.monotonic()
        # A server that is gone for a while must not end a study: `finish` logs whatever was missed.
        with suppress(TrackingError):
            self._follow()

    def _follow(self) -> None:
        if self.runs is None:
            results = collect(self.opened.graph, self.opened.store, self.opened.loaded.description)
            self.tracker.begin(results)
            self.runs = {run.fingerprint: run for run in results.runs}
        for plan in self.opened.graph.runs:
            rows = self._new_rows(plan.artifact.fingerprint)
            if rows:
                self._log(self.runs[plan.artifact.fingerprint], rows)

    def _log(self, run: RunResult, rows: list[dict[str, Any]]) -> None:
        if run.fingerprint not in self.ids:
            self.ids[run.fingerprint] = self.tracker.start_run(run)
        self.tracker.log_lines(self.ids[run.fingerprint], rows)

    def _new_rows(self, fingerprint: str) -> list[dict[str, Any]]:
        artifact = next(run.artifact for run in self.opened.graph.runs if run.artifact.fingerprint == fingerprint)
        path = self.opened.store.partial(artifact) / METRICS_FILE
        try:
            with path.open("rb") as file:
                if path.stat().st_size < self.read_up_to.get(fingerprint, 0):
                    self.read_up_to[fingerprint] = 0  # a run that went on from a checkpoint wrote its file anew
                file.seek(self.read_up_to.get(fingerprint, 0))
                text = file.read()
        except OSError:
            return []
        whole = text[: text.rfind(b"\n") + 1]  # the last line may still be being written
        self.read_up_to[fingerprint] = self.read_up_to.get(fingerprint, 0) + len(whole)
        return [json.loads(line) for line in whole.splitlines()]

    def stopped(self) -> None:
        """Say of the runs under way that they were interrupted and can go on."""
        with suppress(TrackingError):
            for run_id in self.ids.values():
                self.tracker.finish_run(run_id, "KILLED")

    def finish(self, results: StudyResults, conclusions: Conclusions) -> None:
        """Bring the tracking server up to date with the store: every run, every group, figures and tables."""
        self.tracker.sync(results, conclusions)
