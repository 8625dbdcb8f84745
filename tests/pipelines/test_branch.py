"""Branches of a real tiny run: made from its store, beside it, and refused where they make no sense."""

import json
import subprocess
import sys
from textwrap import dedent

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from seedbed.errors import RecipeError, StoreError, UnknownNameError
from seedbed.pipelines.branch import Asked, branch_run
from seedbed.pipelines.branch_parent import find_parent, replay_run
from seedbed.pipelines.branch_report import branch_table, notes, rows, show_branch
from seedbed.pipelines.checkpoints import find_run, probe_model
from seedbed.pipelines.graph import study_graph
from seedbed.pipelines.jobs import Execution, make
from seedbed.pipelines.load import load_study
from seedbed.pipelines.mlflow_client import default_uri, open_client
from seedbed.pipelines.store import Store
from seedbed.training.checkpoint import load_model, weights_hash
from seedbed.workbench import Workbench

STUDY = '''
    """Two mixtures and two orders, as small as can be."""
    from seedbed import *
    from seedbed.training.keep import Keep

    questions = Component("questions", Grammar("english", task="question", documents=200), distinct=True)
    copies = Component("copies", Grammar("english", task="copy", documents=200), distinct=True)
    study = Study(
        name="branches",
        mixtures=[
            Mixture("some", total_bytes=6_000, shares={questions: 0.5, copies: 0.5}),
            Mixture("more", total_bytes=6_000, shares={questions: 0.9, copies: 0.1}),
        ],
        tokenizers=[tokenizer("byte")],
        orders=[order.shuffled(), order.easy_first("words")],
        models=[model("nano", steps=12, batch_size=4, warmup_steps=2, learning_rate=0.001,
                      final_lr_share=1.0, layers=1, width=16, heads=2)],
        probes=[probe("question-formation", items_per_set=4), probe("bits-per-byte", bytes_per_source=500)],
        seeds=Seeds(1),
        probe_points=(1, 2),
        keep_checkpoints=Keep(steps=(4,)),
    )
'''
RUN = "some.shuffled.seed-0"


@pytest.fixture(scope="module")
def workbench(tmp_path_factory):
    """A workbench in which every component is there, and one run of the study."""
    root = tmp_path_factory.mktemp("workbench")
    (root / "pipelines").mkdir()
    (root / "pipelines" / "branches.py").write_text(dedent(STUDY).lstrip())
    (root / "pipelines" / "broken.py").write_text("this is no Python\n")
    found = Workbench(root)
    graph = study_graph(load_study("branches", found).study, found)
    store = Store.of(found)
    for artifact in graph.artifacts():
        if artifact.kind != "run" or artifact.name == RUN:
            make(artifact, graph, store, Execution(found), lambda event: None)
    return found


@pytest.fixture(scope="module")
def learning_rate(workbench):
    return branch_run(Asked(RUN, 6, ["training.learning_rate=0.0003"]), workbench)


@pytest.fixture(scope="module")
def unchanged(workbench):
    return {at: branch_run(Asked(RUN, at), workbench) for at in (4, 5)}


def metrics(folder):
    found = pq.read_table(folder / "metrics.parquet").to_pylist()
    return [tuple(row.values()) for row in found if row["metric"] != "train/tokens_per_second"]


def ledger(folder):
    return json.loads((folder / "ledger.json").read_text())


@pytest.mark.parametrize("at", [4, 5])
def test_an_unchanged_branch_is_its_parent_bit_for_bit(workbench, unchanged, at):
    parent, branch = find_run(RUN, workbench), unchanged[at].run.folder
    assert branch != parent
    assert unchanged[at].weights == (12, True)
    assert weights_hash(load_model(branch)) == weights_hash(load_model(parent)) == ledger(parent)["12"]
    assert metrics(branch) == metrics(parent)
    items = "items/question-formation.parquet"
    assert pq.read_table(branch / items).equals(pq.read_table(parent / items))
    outcomes = [json.loads((folder / "result.json").read_text()) for folder in (parent, branch)]
    assert outcomes[0] | {"seconds": 0} == outcomes[1] | {"seconds": 0}


def test_a_branch_leaves_the_files_of_a_run_and_where_it_comes_from(learning_rate, workbench):
    parent, branch = find_run(RUN, workbench), learning_rate.run.folder
    assert branch.name.startswith(f"{RUN}.at-6.learning_rate-0.0003-")
    names = [
        {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} for folder in (parent, branch)
    ]
    assert names[1] - names[0] == {"branch.json"}
    kept = {
        f"checkpoints/step-000000004/{name}" for name in ("weights.safetensors", "optimizer.safetensors", "state.json")
    }
    assert names[0] - names[1] == {"certificate.json", "order.parquet", "kept.json", *kept}
    assert json.loads((branch / "branch.json").read_text()) == {
        "parent": RUN,
        "parent_fingerprint": parent.name.rpartition("-")[2],
        "at": 6,
        "steps": 12,
        "change": {"key": "training.learning_rate", "before": "0.001", "after": "0.0003"},
    }
    manifest = json.loads((branch / "manifest.json").read_text())
    assert manifest["recipe"]["change"] == {"training.learning_rate": 0.0003}
    assert manifest["recipe"]["parent"] == json.loads((parent / "manifest.json").read_text())["recipe"]


def test_a_change_acts_from_the_branch_on(learning_rate):
    parent, branch = learning_rate.parent_run.folder, learning_rate.run.folder
    before = [[row for row in metrics(folder) if row[0] <= 6] for folder in (parent, branch)]
    assert before[0] == before[1]
    rates = {step: value for step, metric, value in metrics(branch) if metric == "train/learning_rate"}
    theirs = {step: value for step, metric, value in metrics(parent) if metric == "train/learning_rate"}
    assert rates[7] == pytest.approx(0.3 * theirs[7])
    assert learning_rate.weights == (12, False)


def test_a_branch_is_made_once_and_found_by_its_name(learning_rate, workbench):
    again = branch_run(Asked(RUN, 6, ["training.learning_rate=3e-4"]), workbench)
    assert learning_rate.built
    assert not again.built
    assert again.run.fingerprint == learning_rate.run.fingerprint
    measured = probe_model(learning_rate.run.name, "grammar-agreement", workbench, None)
    assert measured.scalars
    with pytest.raises(RecipeError, match=f"is a branch itself, and a branch has one change: branch its parent, {RUN}"):
        branch_run(Asked(learning_rate.run.name, 8), workbench)


def test_which_checkpoints_stay_is_no_part_of_what_a_run_is(workbench):
    path = workbench.root / "unkept.py"
    path.write_text(dedent(STUDY).lstrip().replace("keep_checkpoints=Keep(steps=(4,)),", ""))
    kept, unkept = (study_graph(load_study(name, workbench).study, workbench) for name in ("branches", str(path)))
    assert kept.study.keep_checkpoints != unkept.study.keep_checkpoints
    assert [run.artifact.fingerprint for run in kept.runs] == [run.artifact.fingerprint for run in unkept.runs]
    assert kept.study.smoke().keep_checkpoints.every == 4


@pytest.mark.parametrize("setting", ["order=easy-first-words", "mixture=more", "seeds.order=7"])
def test_data_and_order_may_change(workbench, setting):
    branched = branch_run(Asked(RUN, 6, [setting]), workbench)
    parent, branch = branched.parent_run.folder, branched.run.folder
    assert [row for row in metrics(branch) if row[0] <= 6] == [row for row in metrics(parent) if row[0] <= 6]
    assert ledger(branch)["6"] == ledger(parent)["6"]
    assert branched.weights == (12, False)
    assert any("may come twice or not at all" in note for note in notes(branched))


def test_a_branch_may_end_earlier_or_go_on_longer(workbench):
    shorter = branch_run(Asked(RUN, 6, steps=9, name="shorter"), workbench)
    assert shorter.run.name == "shorter"
    assert shorter.weights == (9, True)
    theirs, ours = (run.curves["train/loss_bits_per_byte"] for run in (shorter.parent_run, shorter.run))
    assert ours.steps.tolist() == list(range(1, 10))
    assert ours.values.tolist() == theirs.values[:9].tolist()
    assert shorter.run.curves["bits-per-byte/total"].steps[-1] == 9
    longer = branch_run(Asked(RUN, 12, steps=18), workbench)
    assert longer.run.name == f"{RUN}.at-12.to-18"
    assert ledger(longer.run.folder)["12"] == ledger(longer.parent_run.folder)["12"]
    assert longer.run.curves["bits-per-byte/total"].steps[-1] == 18
    assert "branch at 18" in [column.name for column in branch_table(longer).columns]


def test_the_table_shows_both_at_the_step_they_share(learning_rate):
    found = {row.metric: row for row in rows(learning_rate)}
    loss = found["train/loss_bits_per_byte"]
    parent, branch = (run.curves[loss.metric] for run in (learning_rate.parent_run, learning_rate.run))
    assert (loss.step, loss.parent, loss.branch) == (12, parent.last, branch.last)
    assert loss.at_branch == parent.values[list(parent.steps).index(6)]
    assert {"question-formation/ood-hard/hierarchical", "bits-per-byte/total"} <= found.keys()
    table = branch_table(learning_rate)
    assert table.title == f"{learning_rate.run.name}, from step 6 on with training.learning_rate: 0.001 → 0.0003"
    assert len(table.rows) == len(found)


@pytest.mark.slow
def test_it_is_shown_with_a_figure_and_stands_in_mlflow_once(learning_rate, workbench, capsys):
    for _ in range(2):
        show_branch(learning_rate, Console(width=100), None, track=True)
    printed = capsys.readouterr().out
    assert "weights at step 12: others than the parent has there" in printed
    place = workbench.store / "reports" / "branches"
    assert {path.suffix for path in place.glob(f"{learning_rate.run.folder.name}*")} == {".png", ".svg", ".csv"}
    data = (place / f"{learning_rate.run.folder.name}.csv").read_text().splitlines()
    assert data[0] == "run,metric,step,value"
    client = open_client(default_uri(workbench.store), workbench.store)
    experiment = client.get_experiment_by_name("branches")
    (logged,) = client.search_runs([experiment.experiment_id], "tags.`seedbed.kind` = 'branch'")
    assert logged.data.tags["seedbed.parent"] == RUN
    assert logged.data.tags["seedbed.branch_step"] == "6"
    assert logged.data.tags["seedbed.branch_change"] == "training.learning_rate: 0.001 → 0.0003"
    assert logged.data.metrics["train/loss_bits_per_byte"] == learning_rate.run.curves["train/loss_bits_per_byte"].last
    assert {file.path for file in client.list_artifacts(logged.info.run_id, "figures")} >= {
        f"figures/{learning_rate.run.folder.name}.png"
    }


SEEDBED = [sys.executable, "-c", "from seedbed.cli import main; main()"]


@pytest.mark.slow
def test_the_command_prints_the_table_or_one_line(workbench, unchanged):
    def branch(*arguments):
        command = [*SEEDBED, "branch", RUN, *arguments, "--no-tracking"]
        return subprocess.run(command, cwd=workbench.root, capture_output=True, text=True, check=False)

    again = branch("--at", "4")
    assert (again.returncode, again.stderr) == (0, "")
    assert "weights at step 12: the same, bit for bit" in again.stdout
    assert f"in the store already: {unchanged[4].run.name}" in again.stdout
    refused = branch("--at", "6", "--set", "training.clip=0.5", "--seeds", "order=3")
    assert refused.returncode == 2
    assert refused.stderr == (
        "seedbed: a branch changes one thing, these are training.clip and seeds.order; make a branch for each of them\n"
    )


def test_a_run_of_a_study_can_be_gone_through_again(workbench):
    seen = []
    replay = replay_run(RUN, workbench)
    found = dict(replay.models([2, 5], lambda step, model, batch: seen.append((step, batch.tokens))))
    assert list(found) == [2, 5]
    assert [step for step, _ in seen] == [3, 4, 5]
    assert replay.kept == [4]


@pytest.mark.parametrize(
    ("asked", "error", "fault"),
    [
        ({"at": 0}, RecipeError, "a branch at step 0 is another run from the start: state it in the study"),
        ({"at": 13}, RecipeError, "made 12 updates; branch at a step from 1 to there"),
        ({"at": 12}, RecipeError, "ends at step 12 has nothing to do; give --steps N beyond 12"),
        ({"at": 6, "steps": 5}, RecipeError, "ends at step 5 has nothing to do"),
        ({"run": "some.shufled.seed-0"}, UnknownNameError, f"did you mean '{RUN}'"),
        ({"settings": ["training.clip=0.5", "order=x"]}, RecipeError, "changes one thing, these are training.clip and"),
        ({"settings": ["training.learning_rat=1"]}, UnknownNameError, "did you mean 'training.learning_rate'"),
        (
            {"settings": ["training.dropout=0.1"]},
            UnknownNameError,
            "no setting of a branch is called",
        ),
        ({"settings": ["training.clip"]}, RecipeError, "write KEY=VALUE"),
        ({"settings": ["training.clip=1.0"]}, RecipeError, "training.clip is 1.0 already; leave --set out"),
        ({"settings": ["training.learning_rate=-1"]}, RecipeError, "greater than 0"),
        ({"settings": ["training.batch_size=8"]}, RecipeError, "cannot change training.batch_size: a row's place"),
        ({"settings": ["training.model.width=8"]}, RecipeError, "a model keeps its shape"),
        ({"settings": ["tokenizer=bpe"]}, RecipeError, "one vocabulary for life"),
        ({"settings": ["seeds.init=3"]}, RecipeError, "the initialisation lies before any branch"),
        ({"settings": ["seeds.order=1"]}, RecipeError, "seeds.order is 1 already"),
        ({"settings": ["seeds.order=x"]}, RecipeError, "a seed is a whole number"),
        ({"settings": ["order=easy-first-word"]}, UnknownNameError, "did you mean 'easy-first-words'"),
        ({"settings": ["mixture=some"]}, RecipeError, "mixture is 'some' already"),
        ({"name": "no/path"}, RecipeError, "take letters, digits"),
        ({"file": "broken"}, RecipeError, "broken.py:1"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(workbench, asked, error, fault):
    with pytest.raises(error) as refused:
        branch_run(Asked(**{"run": RUN, "at": 6, **asked}), workbench)
    assert fault in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_change_of_the_warm_up_that_is_over_is_refused(workbench):
    # The recipe's rate is constant after its warm-up.
    with pytest.raises(RecipeError, match="changes no learning rate after step 6; leave --set out"):
        branch_run(Asked(RUN, 6, ["training.warmup_steps=3"]), workbench)


def test_a_study_that_states_the_run_otherwise_is_refused_with_the_field(workbench):
    path = workbench.root / "elsewhere.py"
    path.write_text(dedent(STUDY).lstrip().replace("steps=12", "steps=13"))
    with pytest.raises(StoreError, match=r"elsewhere.py now states it otherwise \(field training.steps: 12 → 13"):
        find_parent(RUN, workbench, str(path))
    path.write_text(dedent(STUDY).lstrip().replace('"some"', '"few"').replace("6_000", "7_000"))
    with pytest.raises(StoreError, match=f"states no run called {RUN}"):
        find_parent(RUN, workbench, str(path))
    path.write_text(dedent(STUDY).lstrip())
    assert find_parent(RUN, workbench, str(path)).loaded.file == path


def test_a_store_that_lost_what_the_run_reads_says_what_to_build(workbench):
    (lost,) = (workbench.store / "tokens").glob("copies.byte-*")
    lost.rename(workbench.root / "lost")
    try:
        with pytest.raises(
            StoreError, match=r"tokens copies.byte is not in the store; build .* seedbed run branches.py"
        ):
            branch_run(Asked(RUN, 6), workbench)
    finally:
        (workbench.root / "lost").rename(lost)


def test_a_parent_that_failed_is_refused(workbench):
    folder = find_run(RUN, workbench)
    whole = (folder / "result.json").read_text()
    failed = {**json.loads(whole), "status": "FAILED", "reason": "the loss is not finite at step 3"}
    (folder / "result.json").write_text(json.dumps(failed))
    try:
        with pytest.raises(StoreError, match="FAILED"):
            branch_run(Asked(RUN, 2), workbench)
    finally:
        (folder / "result.json").write_text(whole)
