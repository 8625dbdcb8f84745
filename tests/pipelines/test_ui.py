import socket

import numpy as np
import pytest
from browser import Browser, find_browser
from synthetic import FAILED_RUN, HEADLINES, synthetic_conclusions, synthetic_results
from ui_pages import CELL, CURVES, HEADINGS, IMAGE, StudyPages, served

from seedbed.errors import TrackingError
from seedbed.pipelines.aggregate import arm_band
from seedbed.pipelines.mlflow_client import default_uri
from seedbed.pipelines.tracking import Tracker
from seedbed.pipelines.tracking_views import SEEDS, compare_url
from seedbed.pipelines.ui import HOST, serve_ui, server_command, server_environment

needs_browser = pytest.mark.skipif(
    find_browser() is None, reason="no Chromium or Chrome is on the PATH, so the UI's pages cannot be looked at"
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("ui") / "store"


@pytest.fixture(scope="module")
def results(store):
    made = synthetic_results(store.parent / "study", failed=True)
    Tracker(None, store).sync(made, synthetic_conclusions(made))
    return made


@pytest.fixture(scope="module")
def pages(store, results, tmp_path_factory):
    with served(store) as base, Browser(find_browser(), tmp_path_factory.mktemp("profile"), 2400, 1000) as browser:
        yield StudyPages(browser, base, store, results.name)


@pytest.mark.slow
@needs_browser
def test_the_experiments_table_has_the_columns_a_person_needs(pages, results):
    pages.open_table()
    browser = pages.browser
    mean = f"metrics.`{HEADLINES[0]}/mean`"
    headings = browser.value(HEADINGS)
    wanted = ["attributes.`Run Name`", "params.`mixture`", "params.`tokenizer`", "params.`seeds`", mean]
    assert set(wanted) <= set(headings)
    rows = dict(zip(*(browser.value(CELL % name) for name in ("attributes.`Run Name`", mean)), strict=True))
    assert set(rows) == set(results.arms)
    for arm, shown in rows.items():
        assert float(shown.rstrip("…")) == pytest.approx(float(arm_band(results, arm, HEADLINES[0]).mean[-1]), abs=1e-3)


@pytest.mark.slow
@needs_browser
def test_every_seed_has_a_row_with_its_budget(pages, results):
    pages.open_table(SEEDS)
    names = pages.browser.value(CELL % "attributes.`Run Name`")
    assert sorted(names) == sorted(run.name for run in results.runs)
    seen = pages.browser.value(CELL % "params.`seed`")
    assert sorted(seen) == sorted(str(run.seed) for run in results.runs)
    assert f"metrics.`{HEADLINES[0]}`" in pages.browser.value(HEADINGS)


@pytest.mark.slow
@needs_browser
def test_the_compare_page_overlays_an_arms_seeds(pages, results):
    arm = results.arms[0]
    pages.open_comparison(arm, HEADLINES[0])
    drawn = {name.split(" ")[0]: (steps, values) for name, steps, values in pages.browser.value(CURVES)}
    assert set(drawn) == {run.name for run in results.of_arm(arm)}
    for run in results.of_arm(arm):
        steps, values = drawn[run.name]
        assert steps == run.curves[HEADLINES[0]].steps.tolist()
        assert np.allclose(values, run.curves[HEADLINES[0]].values)


@pytest.mark.slow
@needs_browser
def test_the_group_run_shows_its_figure(pages, results):
    pages.open_figure(results.arms[0])
    assert pages.browser.value(IMAGE) > 500
    text = pages.browser.text()
    assert results.arms[0] in text
    assert "headline.png" in text


@pytest.mark.slow
@needs_browser
def test_a_failed_run_tells_its_reason(pages, results):
    run = next(run for seeds in pages.seeds.values() for run in seeds if run.info.run_name == FAILED_RUN)
    pages.browser.open(f"{pages.base}/#/experiments/{pages.experiment}/runs/{run.info.run_id}")
    pages.browser.wait_for("document.body.innerText.includes('the loss was not finite at step 325')")


@pytest.mark.slow
def test_a_study_is_logged_through_a_server_too(tmp_path, capfd):
    few = synthetic_results(tmp_path / "study", (0,), only=tuple(HEADLINES[:1]))
    with served(tmp_path / "server") as base:
        tracker = Tracker(base, tmp_path / "store")
        tracker.check()
        capfd.readouterr()
        assert tracker.sync(few, None).logged == 2 * len(few.arms) + 1
        assert tracker.sync(few, None).logged == 0
        assert capfd.readouterr().out == ""
        experiment = tracker.client.get_experiment_by_name(few.name).experiment_id
        assert len(tracker.client.search_runs([experiment])) == 2 * len(few.arms) + 1
    with pytest.raises(TrackingError) as caught:
        tracker.begin(few)
    assert "\n" not in str(caught.value)


def test_the_server_listens_on_this_machine_only_and_calls_nobody(tmp_path):
    command = server_command(default_uri(tmp_path), tmp_path, 5000)
    assert command[command.index("--host") + 1] == HOST == "127.0.0.1"
    assert command[command.index("--backend-store-uri") + 1] == f"sqlite:///{tmp_path}/mlflow.db"
    assert server_environment()["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_a_server_has_a_ui_of_its_own(tmp_path):
    with pytest.raises(TrackingError, match="open that address"):
        serve_ui("http://127.0.0.1:5000", tmp_path, 5001)


def test_a_store_without_a_record_is_refused(tmp_path):
    with pytest.raises(TrackingError, match="first: seedbed run"):
        serve_ui(None, tmp_path, 5001)
    assert not (tmp_path / "mlflow.db").exists()


def test_a_taken_port_is_refused(tmp_path):
    (tmp_path / "mlflow.db").touch()
    with (
        socket.create_server((HOST, 0)) as taken,
        pytest.raises(TrackingError, match=r"is taken .* --port"),
    ):
        serve_ui(None, tmp_path, taken.getsockname()[1])


def test_a_comparison_names_runs_and_metrics():
    url = compare_url("http://here", "7", ["a", "b"], [HEADLINES[0]])
    assert url.startswith("http://here/#/metric?")
    assert "runs=%5B%22a%22%2C%20%22b%22%5D" in url
    assert "experiments=%5B%227%22%5D" in url
