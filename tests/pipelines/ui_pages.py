"""A study's pages in MLflow's UI: served, opened in a browser, and waited for until their content stands there."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browser import Browser

from seedbed.pipelines import tracking_views as views
from seedbed.pipelines.mlflow_client import default_uri
from seedbed.pipelines.tracking import Tracker
from seedbed.pipelines.ui import server_command, server_environment

CLOSE_ASSISTANT = (
    "(document.querySelector('[data-component-id=\"mlflow.assistant.chat_panel.close\"]') || document.body).click()"
)
# The last line of a cell: before a run's name stands its colour, for screen readers.
CELL = "[...document.querySelectorAll('.ag-row [col-id=\"%s\"]')].map(cell => cell.innerText.trim().split('\\n').pop())"
HEADINGS = "[...document.querySelectorAll('.ag-header-cell')].map(cell => cell.getAttribute('col-id'))"
CURVES = (
    "[...document.querySelectorAll('.js-plotly-plot')].flatMap(plot => plot.data)"
    ".filter(line => line.y && line.y.length > 1).map(line => [line.name, [...line.x], [...line.y]])"
)
IMAGE = "Math.max(0, ...[...document.images].map(image => image.complete ? image.naturalWidth : 0))"


@contextmanager
def served(store: Path) -> Iterator[str]:
    """The address of the UI on a store, while it is served."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        server_command(default_uri(store), store, port), env=server_environment(), stderr=subprocess.DEVNULL
    )
    base = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 120
        while not _answers(f"{base}/health"):
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.3)
        yield base
    finally:
        server.terminate()
        server.wait(30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class StudyPages:
    """The pages of one study on record in a store."""

    def __init__(self, browser: Browser, base: str, store: Path, study: str) -> None:
        self.client = client = Tracker(None, store).client
        experiment = client.get_experiment_by_name(study)
        assert experiment is not None, f"no study called {study} is on record"
        self.browser = browser
        self.base = base
        self.experiment = experiment.experiment_id
        runs = client.search_runs([self.experiment])
        self.groups = {
            run.data.tags["seedbed.arm"]: run for run in runs if run.data.tags.get("seedbed.kind") == "group"
        }
        self.seeds = {
            arm: [run for run in runs if run.data.tags.get("mlflow.parentRunId") == group.info.run_id]
            for arm, group in self.groups.items()
        }

    def open_table(self, view: str = views.ARMS) -> None:
        """The experiment's table in one of its views."""
        rows = len(self.groups) if view == views.ARMS else sum(map(len, self.seeds.values()))
        self.browser.open(views.view_url(self.base, self.experiment, view))
        with_metrics = f"{HEADINGS}.some(name => name && name.startsWith('metrics'))"
        self.browser.wait_for(f"{CELL % 'duration'}.length >= {min(rows, 8)} && {with_metrics}")
        self._tidy()

    def open_comparison(self, arm: str, metric: str) -> None:
        """The page that overlays the seeds of an arm."""
        ids = [run.info.run_id for run in self.seeds[arm]]
        self.browser.open(views.compare_url(self.base, self.experiment, ids, [metric]))
        self.browser.wait_for(f"{CURVES}.length >= {len(ids)}")
        self._tidy()

    def open_figure(self, arm: str) -> None:
        """The figure on an arm's group run."""
        self.browser.open(views.artifact_url(self.base, self.experiment, self.groups[arm].info.run_id))
        self.browser.wait_for(f"{IMAGE} > 500")
        self._tidy()

    def _tidy(self) -> None:
        """Close what the UI opens by itself, and let it settle."""
        self.browser.value(CLOSE_ASSISTANT)
        self.browser.value("document.activeElement && document.activeElement.blur()")
        time.sleep(1.5)
