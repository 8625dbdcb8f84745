import json
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import _validate_metric_name, _validate_param_name
from synthetic import FAILED_RUN, HEADLINES, synthetic_results

from seedbed.errors import TrackingError
from seedbed.pipelines.aggregate import arm_band
from seedbed.pipelines.conclusions import Conclusions
from seedbed.pipelines.mlflow_client import default_uri, open_client, shown_uri
from seedbed.pipelines.tracking import Tracker
from seedbed.pipelines.tracking_content import NAME_LENGTH, line_points, logged_name, run_points
from seedbed.pipelines.tracking_views import ARMS, SEEDS, VIEW_TAG

FEW = (HEADLINES[0], "bits-per-byte/code 50%", "train/loss_bits_per_byte", "train/bytes_seen", "train/tokens_seen")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """A store with MLflow's tables and nothing in them; making them takes seconds, copying them nothing."""
    store = tmp_path_factory.mktemp("empty-store")
    open_client(default_uri(store), store)
    return store


@pytest.fixture
def store(empty_store, tmp_path):
    shutil.copytree(empty_store, tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    made = synthetic_results(tmp_path_factory.mktemp("study"), (0, 1), failed=True, only=FEW)
    first, *_, last = made.arms
    return replace(made, runs=[*made.of_arm(first), *made.of_arm(last)])


@pytest.fixture(scope="module")
def conclusions():
    return Conclusions(answers=[], onsets=[], headline_metrics=HEADLINES[:1])


def on_record(tracker, results, kind):
    experiment = tracker.client.get_experiment_by_name(results.name)
    found = tracker.client.search_runs([experiment.experiment_id], f"tags.`seedbed.kind` = '{kind}'")
    return {run.info.run_name: run for run in found}


def history(tracker, run_id, key):
    found = tracker.client.get_metric_history(run_id, key)
    return [(point.step, point.value) for point in sorted(found, key=lambda point: point.step)]


def artifacts(tracker, run_id, path=None):
    return {found.path for found in tracker.client.list_artifacts(run_id, path)}


def points_of(run, metric):
    curve = run.curves[metric]
    return list(zip(curve.steps.tolist(), curve.values.tolist(), strict=True))


@pytest.fixture(scope="module")
def synced(empty_store, results, conclusions, tmp_path_factory):
    """One study logged after the fact, for the tests that only look."""
    store = tmp_path_factory.mktemp("synced") / "store"
    shutil.copytree(empty_store, store)
    tracker = Tracker(None, store)
    assert tracker.sync(results, conclusions).logged == len(results.runs) + len(results.arms) + 1
    return tracker


def test_every_value_of_every_run_is_on_record(synced, results):
    runs = on_record(synced, results, "run")
    assert set(runs) == {run.name for run in results.runs}
    for run in results.runs:
        latest = runs[run.name].data.metrics
        assert {point.key for point in run_points(run)} == set(latest)
        for metric in (HEADLINES[0], "train/tokens_seen"):
            assert history(synced, runs[run.name].info.run_id, metric) == points_of(run, metric)


def test_runs_stand_under_their_arms_group(synced, results):
    groups, runs = on_record(synced, results, "group"), on_record(synced, results, "run")
    assert set(groups) == set(results.arms)
    for run in results.runs:
        assert runs[run.name].data.tags["mlflow.parentRunId"] == groups[run.arm].info.run_id


def test_groups_carry_mean_and_interval_by_step(synced, results):
    for arm, group in on_record(synced, results, "group").items():
        band = arm_band(results, arm, HEADLINES[0])
        for end, values in (("mean", band.mean), ("lower", band.lower), ("upper", band.upper)):
            logged = history(synced, group.info.run_id, f"{HEADLINES[0]}/{end}")
            assert [step for step, _ in logged] == band.steps.tolist()
            assert np.allclose([value for _, value in logged], values)


def test_a_failed_run_says_so(synced, tmp_path):
    made = synthetic_results(tmp_path, failed=True, only=FEW)
    failed = next(run for run in made.runs if run.name == FAILED_RUN)
    tracker = Tracker(synced.uri, synced.store)
    tracker.begin(replace(made, name="broken", runs=made.of_arm(failed.arm)))
    tracker.sync(replace(made, name="broken", runs=[failed]), None)
    run = on_record(tracker, replace(made, name="broken"), "run")[FAILED_RUN]
    assert run.info.status == "FAILED"
    assert run.data.tags["seedbed.reason"] == failed.reason


def test_recipes_are_flat_parameters_and_tags_can_be_searched(synced, results):
    experiment = synced.client.get_experiment_by_name(results.name).experiment_id
    where = "params.`mixture.branching` = '0.59' and tags.`seedbed.seed` = '1'"
    (found,) = synced.client.search_runs([experiment], where)
    run = next(run for run in results.runs if run.name == found.info.run_name)
    assert (found.data.params["init_seed"], found.data.params["model.width"]) == (str(run.init_seed), "64")
    assert found.data.params["parameters.total"] == str(run.outcome["parameters"]["total"])
    assert found.data.tags["seedbed.fingerprint"] == run.fingerprint
    assert found.data.tags["seedbed.mixture"] == run.factors["mixture"]
    assert found.data.tags["mlflow.note.content"]


def test_datasets_are_logged_with_their_digests(synced, results):
    run = on_record(synced, results, "run")[results.runs[0].name]
    logged = {entry.dataset.name: entry.dataset for entry in run.inputs.dataset_inputs}
    assert set(logged) == {"questions", "branching", "code 50%"}
    assert logged["questions"].digest == "questions-digest"
    assert json.loads(logged["questions"].profile)["num_rows"] == 50_000
    everything = json.dumps([entry.to_dictionary() for entry in run.inputs.dataset_inputs])
    assert str(results.datasets[0].folder.parent) not in everything


def test_artifacts(synced, results):
    run = on_record(synced, results, "run")[results.runs[0].name].info.run_id
    assert artifacts(synced, run, "items") == {"items/question-formation.parquet"}
    assert "ledger.json" in artifacts(synced, run)
    group = on_record(synced, results, "group")[results.arms[0]].info.run_id
    assert artifacts(synced, group, "figures") == {
        "figures/headline.csv",
        "figures/headline.png",
        "figures/headline.svg",
    }
    assert artifacts(synced, group, "tables") == {"tables/values.csv"}
    (overview,) = on_record(synced, results, "study").values()
    assert "report.html" in artifacts(synced, overview.info.run_id)
    drawn = artifacts(synced, overview.info.run_id, "figures")
    assert {f"figures/headline-1.{kind}" for kind in ("csv", "png", "svg")} <= drawn
    assert "tables/final-values.csv" in artifacts(synced, overview.info.run_id, "tables")


def test_artifacts_lie_in_the_store(synced, results):
    run = on_record(synced, results, "run")[results.runs[0].name]
    assert Path(run.info.artifact_uri.removeprefix("file://")).is_relative_to(synced.store / "mlartifacts")


def test_views_name_columns_that_exist(synced, results):
    experiment = synced.client.get_experiment_by_name(results.name)
    assert experiment.tags["mlflow.note.content"] == results.description
    for view, kind in ((ARMS, "group"), (SEEDS, "run")):
        state = json.loads(json.loads(experiment.tags[VIEW_TAG + view])["state"])
        found = synced.client.search_runs([experiment.experiment_id], state["searchFilter"])
        assert {run.info.run_name for run in found} == set(on_record(synced, results, kind))
        known = {f"{what}.`{name}`" for what in ("metrics", "params") for name in getattr(found[0].data, what)}
        assert set(state["selectedColumns"]) <= known


def test_syncing_again_logs_nothing(synced, results, conclusions):
    def ids():
        return {
            run.info.run_id for kind in ("run", "group", "study") for run in on_record(synced, results, kind).values()
        }

    before = ids()
    again = Tracker(synced.uri, synced.store).sync(results, conclusions)
    assert again.logged == 0
    assert ids() == before


def lines_of(run, until):
    steps = sorted({int(step) for curve in run.curves.values() for step in curve.steps})
    for step in (step for step in steps if step <= until):
        at = {
            name: float(curve.values[curve.steps == step][0])
            for name, curve in run.curves.items()
            if step in curve.steps
        }
        yield {"step": step, "metrics": at}


def test_a_killed_run_goes_on_without_doubled_values(store, results, conclusions):
    run = results.runs[0]
    planned = replace(results, runs=[replace(other, status="MISSING", outcome={}) for other in results.runs])
    tracker = Tracker(None, store)
    tracker.begin(planned)
    first = tracker.start_run(planned.runs[0])
    tracker.log_lines(first, lines_of(run, 160))
    # The process ends here, and training goes on from an earlier checkpoint, whose lines come again.
    tracker = Tracker(None, store)
    tracker.begin(planned)
    assert tracker.start_run(planned.runs[0]) == first
    assert tracker.log_lines(first, lines_of(run, 80)) == 0
    tracker.log_lines(first, lines_of(run, 640))
    tracker.finish_run(first, "FINISHED")
    assert tracker.client.get_run(first).info.status == "FINISHED"
    tracker.sync(results, conclusions)
    assert on_record(tracker, results, "run")[run.name].info.run_id == first
    for metric in (HEADLINES[0], "train/loss_bits_per_byte"):
        assert history(tracker, first, metric) == points_of(run, metric)


def test_values_that_come_before_their_run_has_ended_elsewhere_are_dropped_after(store, results):
    planned = replace(results, runs=[replace(other, status="MISSING") for other in results.runs])
    slow, quick = Tracker(None, store), Tracker(None, store)
    slow.begin(planned)
    run_id = slow.start_run(planned.runs[0])
    quick.sync(results, None)
    assert slow.log_lines(run_id, lines_of(results.runs[0], 1600)) == 0
    slow.finish_run(run_id, "KILLED")
    assert slow.client.get_run(run_id).info.status == "FINISHED"


def test_a_failed_run_that_is_tried_again_ends_as_it_ended_then(store, results, conclusions):
    tracker = Tracker(None, store)
    for second in ("FAILED", "FINISHED"):
        broken = replace(results, runs=[replace(results.runs[0], status="FAILED", reason="not finite")])
        tracker.sync(broken, conclusions)
        tracker.begin(replace(broken, runs=[replace(broken.runs[0], status="MISSING")]))
        run_id = tracker.start_run(broken.runs[0])
        again = replace(broken, runs=[replace(broken.runs[0], status=second)])
        tracker.sync(again, Conclusions([], [], []))
        assert tracker.client.get_run(run_id).info.status == second


def test_logging_needs_a_study(store, results):
    with pytest.raises(TrackingError, match="begin"):
        Tracker(None, store).start_run(results.runs[0])


@pytest.mark.slow
def test_more_seeds_give_new_groups_that_hold_all(store, results, conclusions, tmp_path):
    tracker = Tracker(None, store)
    arm = results.arms[0]
    fewer = replace(results, runs=results.of_arm(arm)[:1])
    tracker.sync(fewer, conclusions)
    old_group = on_record(tracker, fewer, "group")[arm].info.run_id
    old_run = on_record(tracker, fewer, "run")[fewer.runs[0].name].info.run_id
    more = replace(results, runs=results.of_arm(arm))
    assert tracker.sync(more, conclusions).logged == 3  # one seed, the group, the overview
    group = on_record(tracker, more, "group")[arm]
    assert group.info.run_id != old_group
    assert tracker.client.get_run(old_group).info.lifecycle_stage == "deleted"
    runs = on_record(tracker, more, "run")
    assert runs[fewer.runs[0].name].info.run_id == old_run
    assert {run.data.tags["mlflow.parentRunId"] for run in runs.values()} == {group.info.run_id}
    assert len(on_record(tracker, more, "study")) == 1


@pytest.mark.slow
def test_a_run_of_an_older_recipe_is_kept_apart(store, results, conclusions):
    tracker = Tracker(None, store)
    one = replace(results, runs=results.runs[:1])
    tracker.sync(one, conclusions)
    old = on_record(tracker, one, "run")[one.runs[0].name].info.run_id
    changed = replace(one, runs=[replace(one.runs[0], fingerprint="c" * 16)])
    tracker.sync(changed, conclusions)
    tags = tracker.client.get_run(old).data.tags
    assert tags["seedbed.current"] == "no"
    assert "mlflow.parentRunId" not in tags
    tracker.sync(one, conclusions)  # back to the first recipe: its run is taken up again
    tags = tracker.client.get_run(old).data.tags
    assert tags["seedbed.current"] == "yes"
    assert tags["mlflow.parentRunId"] == on_record(tracker, one, "group")[one.arms[0]].info.run_id


def test_a_group_that_was_left_half_way_is_made_anew(store, results, conclusions):
    tracker = Tracker(None, store)
    one = replace(results, runs=results.runs[:1])
    tracker.begin(one)
    group = tracker.record.group(one.arms[0])
    tracker.client.log_metric(group, f"{HEADLINES[0]}/mean", 0.5, step=7)
    tracker.sync(one, conclusions)
    found = on_record(tracker, one, "group")[one.arms[0]].info.run_id
    assert found != group
    assert history(tracker, found, f"{HEADLINES[0]}/mean") == points_of(one.runs[0], HEADLINES[0])


def test_a_deleted_experiment_comes_back(store, results):
    tracker = Tracker(None, store)
    tracker.client.delete_experiment(tracker.begin(results))
    tracker.begin(results)
    assert tracker.client.get_experiment_by_name(results.name).lifecycle_stage == "active"


def test_lines_in_either_form():
    points = line_points([{"step": 1, "metrics": {"a": 0.5, "b": None}}, {"step": 2, "metric": "a", "value": 1}])
    assert [(point.key, point.step) for point in points] == [("a", 1), ("b", 1), ("a", 2)]
    assert np.isnan(points[1].value)
    assert np.isnan(line_points([{"step": 1, "metrics": {"a": float("inf")}}])[0].value)


@given(st.text(min_size=1, max_size=400))
def test_any_name_becomes_one_that_mlflow_takes(name):
    logged = logged_name(name)
    assert len(logged) <= NAME_LENGTH
    _validate_metric_name(logged)
    _validate_param_name(logged)
    if logged != name:
        assert logged[-5] == "."


def test_names_that_are_fine_stay():
    for name in ("bits-per-byte/total", "question-formation/ood-hard.rc-o/hierarchical", "mixture.centered 1:2"):
        assert logged_name(name) == name
    assert logged_name("code 50%") != logged_name("code 50_")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("scheme", ["http://127.0.0.1:{}", "postgresql://user:secret@127.0.0.1:{}/mlflow"])
def test_a_server_that_is_not_there_is_one_line(scheme, tmp_path):
    with pytest.raises(TrackingError, match="does not answer") as caught:
        Tracker(scheme.format(free_port()), tmp_path).check()
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_server_that_never_answers_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TrackingError, match="does not answer"):
        Tracker(f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path).check()


def test_a_damaged_database_is_one_line(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(TrackingError, match=r"mlflow\.db cannot be opened .* move mlflow\.db away"):
        Tracker(None, tmp_path).check()


def test_the_stores_own_database_answers(store):
    Tracker(None, store).check()


def test_passwords_are_not_shown():
    assert shown_uri("https://me:secret@host/x") == "https://me:…@host/x"


@pytest.mark.slow
def test_a_new_database_is_made_in_silence(tmp_path):
    script = "import sys; from pathlib import Path; from seedbed.pipelines.tracking import Tracker; "
    script += "Tracker(None, Path(sys.argv[1])).check()"
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


SYNC = """
import sys
from pathlib import Path
sys.path.append(sys.argv[1])
from synthetic import synthetic_results
from seedbed.pipelines.tracking import Tracker
few = ("question-formation/ood-hard/hierarchical",)
Tracker(None, Path(sys.argv[2])).sync(synthetic_results(Path(sys.argv[3]), (0,), only=few), None)
"""


@pytest.mark.slow
def test_two_processes_log_each_run_once(tmp_path):
    results = synthetic_results(tmp_path / "study", (0,), only=tuple(HEADLINES[:1]))
    command = [sys.executable, "-c", SYNC, Path(__file__).parent, tmp_path / "store", tmp_path / "study"]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    tracker = Tracker(None, tmp_path / "store")
    experiment = tracker.client.get_experiment_by_name(results.name).experiment_id
    names = sorted(run.info.run_name for run in tracker.client.search_runs([experiment]))
    assert names == sorted([*(run.name for run in results.runs), *results.arms, f"{results.name}: overview"])
    for name, run in on_record(tracker, results, "run").items():
        wanted = next(other for other in results.runs if other.name == name)
        assert history(tracker, run.info.run_id, HEADLINES[0]) == points_of(wanted, HEADLINES[0])
