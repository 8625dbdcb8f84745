"""One real study, from a pipeline file to verdicts: datatrove, tokenizers, Lightning and MLflow, all of them real."""

import hashlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from seedbed.pipelines.graph import study_graph
from seedbed.pipelines.load import load_study
from seedbed.pipelines.store import Store
from seedbed.workbench import Workbench
from tests.pipelines.studies import TINY, write_pipeline

pytestmark = pytest.mark.slow

SEEDBED = str(Path(sys.executable).with_name("seedbed"))


def seedbed(folder, *arguments, check=True):
    done = subprocess.run([SEEDBED, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return done


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A workbench in which the tiny study was run once, and what that printed."""
    folder = tmp_path_factory.mktemp("workbench")
    write_pipeline(folder)
    return folder, seedbed(folder, "run", "tiny.py").stdout


def weights(folder):
    return {
        json.loads((path.parent / "manifest.json").read_text())["name"]: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (folder / "store" / "runs").glob("*/weights.safetensors")
    }


def test_a_run_ends_with_shares_verdicts_and_the_command_that_opens_the_ui(finished):
    _, printed = finished
    for words in ("share", "questions", "branching", "verdict", "seedbed report", "ui"):
        assert words in printed
    assert printed.strip().splitlines()[-1].endswith("seedbed ui")


def test_a_second_run_rebuilds_nothing(finished):
    folder, _ = finished
    before = {path: path.stat().st_mtime_ns for path in (folder / "store").glob("*/*/manifest.json")}
    assert "nothing to build" in seedbed(folder, "run", "tiny.py").stdout
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "store").glob("*/*/manifest.json")}


def test_the_plan_says_reuse_and_then_which_field_rebuilds_what(finished):
    folder, _ = finished
    plan = json.loads(seedbed(folder, "plan", "tiny.py", "--json").stdout)
    assert {step["action"] for step in plan["steps"]} == {"reuse"}
    write_pipeline(folder, TINY.replace("steps=6", "steps=7"), "longer.py")
    plan = json.loads(seedbed(folder, "plan", "longer.py", "--json").stdout)
    actions = {(step["kind"], step["action"]) for step in plan["steps"]}
    assert actions == {("component", "reuse"), ("tokenizer", "reuse"), ("tokens", "reuse"), ("run", "rebuild")}
    reasons = {tuple(map(tuple, step["because"])) for step in plan["steps"] if step["action"] == "rebuild"}
    assert reasons == {(("training.steps", "6", "7"),)}
    assert "field training.steps: 6 → 7" in seedbed(folder, "plan", "longer.py").stdout


def test_manifests_hold_recipe_parents_counts_and_no_path(finished):
    folder, _ = finished
    for path in (folder / "store").glob("*/*/manifest.json"):
        text = path.read_text()
        manifest = json.loads(text)
        assert manifest["recipe"]
        assert manifest["counts"]
        assert manifest["wall_seconds"] > 0
        assert str(folder) not in text
        assert path.parent.name == f"{manifest['name']}-{manifest['fingerprint']}"


def test_runs_hold_curves_items_and_a_ledger(finished):
    folder, _ = finished
    for run in (folder / "store" / "runs").iterdir():
        metrics = pq.read_table(run / "metrics.parquet")
        assert {"step", "metric", "value"} <= set(metrics.column_names)
        names = set(metrics["metric"].to_pylist())
        assert "question-formation/ood-hard/hierarchical" in names
        assert "bits-per-byte/total" in names
        assert any(name.startswith("train/questions/") for name in names)
        assert "step" in pq.read_table(run / "items" / "question-formation.parquet").column_names
        assert json.loads((run / "ledger.json").read_text())["6"]
        assert json.loads((run / "result.json").read_text())["status"] == "FINISHED"


def test_the_report_is_one_page_that_needs_nothing_else(finished):
    folder, _ = finished
    out = seedbed(folder, "report", "tiny.py", "--out", "page.html", "--axis", "bytes").stdout
    assert "report: page.html" in out
    assert "page-figures" in out
    kinds = {path.stem: set() for path in (folder / "page-figures").iterdir()}
    for path in (folder / "page-figures").iterdir():
        kinds[path.stem].add(path.suffix)
    assert "seeds" in kinds
    assert all(found == {".svg", ".png", ".csv"} for found in kinds.values())
    assert "bytes" in (folder / "page-figures" / "headline-1.csv").read_text().splitlines()[0].split(",")
    page = (folder / "page.html").read_text()
    assert "<svg" in page
    assert "Two doses of center embedding" in page
    assert 'src="http' not in page
    assert "<script src" not in page


def test_two_processes_on_one_store_build_each_artifact_once(finished, tmp_path):
    first, _ = finished
    write_pipeline(tmp_path)
    both = [
        subprocess.Popen([SEEDBED, "run", "tiny.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    outs = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outs
    built = [int(line.split()[1].rstrip(",")) for out in outs for line in out.splitlines() if line.startswith("built ")]
    assert sum(built) == 19
    assert weights(tmp_path) == weights(first)  # another folder, another process, the same bytes


def test_a_study_killed_anywhere_goes_on_to_the_same_weights(finished, tmp_path):
    first, _ = finished
    write_pipeline(tmp_path)
    for seconds in (6, 9):
        process = subprocess.Popen(
            [SEEDBED, "run", "tiny.py", "--no-tracking"], cwd=tmp_path, stdout=subprocess.DEVNULL
        )
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    seedbed(tmp_path, "run", "tiny.py", "--no-tracking")
    assert weights(tmp_path) == weights(first)


def test_control_c_ends_tidily_and_says_how_to_go_on(tmp_path):
    write_pipeline(tmp_path, TINY.replace("steps=6", "steps=5000"))
    process = subprocess.Popen(
        [SEEDBED, "run", "tiny.py", "--no-tracking"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    time.sleep(14)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told.count("\n") == 1
    assert "go on from their last checkpoint with the same command" in told
    assert "Traceback" not in told


def test_a_loss_that_is_not_finite_fails_that_run_alone(tmp_path):
    models = 'models=[model("nano", steps=6, batch_size=8, warmup_steps=2, layers=1, width=16, heads=2)]'
    wild = (
        'models=[model("nano", steps=6, batch_size=8, warmup_steps=0, layers=1, width=16, heads=2, name="tame"),'
        ' model("nano", steps=6, batch_size=8, warmup_steps=0, layers=1, width=16, heads=2, clip=None,'
        ' norm="none", learning_rate=1e30, name="wild")]'
    )
    assert models in TINY
    write_pipeline(tmp_path, TINY.replace(models, wild).replace("seeds=Seeds(2)", "seeds=Seeds(1)"))
    done = seedbed(tmp_path, "run", "tiny.py", "--no-tracking", check=False)
    assert done.returncode == 1
    states = {}
    for path in (tmp_path / "store" / "runs").glob("*/result.json"):
        name = json.loads((path.parent / "manifest.json").read_text())["name"]
        states[name] = json.loads(path.read_text())["status"]
    assert {status for name, status in states.items() if ".wild." in name} == {"FAILED"}
    assert {status for name, status in states.items() if ".tame." in name} == {"FINISHED"}
    assert "the loss is not finite at step" in done.stderr


def test_a_run_can_be_exported_and_probed(finished, tmp_path):
    folder, _ = finished
    out = seedbed(folder, "export", "center.byte.seed-0", str(tmp_path / "model")).stdout
    assert "AutoModelForCausalLM" in out
    assert (tmp_path / "model" / "config.json").is_file()
    ours = json.loads(seedbed(folder, "probe", "center.byte.seed-0", "grammar-agreement", "--json").stdout)
    theirs = json.loads(seedbed(folder, "probe", str(tmp_path / "model"), "grammar-agreement", "--json").stdout)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert theirs[name] == pytest.approx(value, abs=1e-3), name


def test_preview_prints_every_component(finished):
    folder, _ = finished
    printed = seedbed(folder, "preview", "tiny.py", "-n", "2").stdout
    for words in ("questions:", "center:", "branching:", " quest ", " decl ", " nsubj", "share asked"):
        assert words in printed


def test_the_graph_of_a_worker_is_that_of_the_launcher(finished):
    folder, _ = finished
    workbench = Workbench(folder)
    graph = study_graph(load_study(str(folder / "tiny.py"), workbench).study, workbench)
    assert all(Store(workbench.store).has(artifact) for artifact in graph.artifacts())
    assert list((folder / "store" / "partial").iterdir()) == []
