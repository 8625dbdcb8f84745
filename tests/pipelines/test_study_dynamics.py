"""Curves with planted onsets, through the study's dynamics and into its tables."""

import numpy as np
import pytest

from seedbed import Component, Grammar, Mixture, Seeds, Study, model, probe, tokenizer
from seedbed.errors import RecipeError
from seedbed.pipelines.results import Curve, RunResult, StudyResults
from seedbed.pipelines.study_dynamics import axis_of, study_dynamics
from seedbed.pipelines.tables_dynamics import dynamics_tables

STEPS = np.arange(0, 2001, 50)
FIRST, THEN = "addition/all/exact", "minimal-pairs/grammar-agreement/mean/accuracy_sum"


def study(**more):
    part = Component("copies", Grammar("english", task="copy", documents=100))
    choices = {
        "name": "planted",
        "mixtures": [Mixture("copies", total_bytes=1000, shares={part: 1.0})],
        "tokenizers": [tokenizer("byte")],
        "models": [model("nano", steps=2000)],
        "probes": [probe("addition"), probe("grammar-agreement"), probe("bits-per-byte")],
    }
    return Study(**choices | more)


def logistic(middle, width=60.0):
    return 1 / (1 + np.exp(-(STEPS - middle) / width))


def run(tmp_path, seed, *, first, then, init=None, order=None, rng):
    """A run whose two abilities rise at these steps (None: never), each with its margin."""
    curves = {}
    planted = (
        (FIRST, "addition/all/margin", first),
        (THEN, "minimal-pairs/grammar-agreement/mean/margin_nats", then),
    )
    for metric, soft, middle in planted:
        rise = np.zeros(len(STEPS)) if middle is None else logistic(middle)
        curves[metric] = rise + rng.normal(0, 0.01, len(STEPS))
        curves[soft] = 6 * rise - 2 + rng.normal(0, 0.05, len(STEPS))
    curves["bits-per-byte/total"] = 1 + np.exp(-STEPS / 300) + rng.normal(0, 0.005, len(STEPS))
    curves["train/bytes_seen"] = 100.0 * STEPS
    curves["train/loss_bits_per_byte"] = 1 + np.exp(-STEPS / 300)
    made = RunResult(
        name=f"copies.seed-{seed}",
        arm="copies",
        factors={"mixture": "copies", "tokenizer": "byte", "order": "shuffled", "model": "nano"},
        seed=seed,
        init_seed=2 * seed if init is None else init,
        order_seed=2 * seed + 1 if order is None else order,
        fingerprint="f",
        folder=tmp_path,
        status="FINISHED",
    )
    made.__dict__["curves"] = {name: Curve(STEPS.astype(np.int64), values) for name, values in curves.items()}
    return made


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("runs")
    runs = [run(folder, s, first=500 + 20 * s, then=1200 + 20 * s, rng=rng) for s in range(7)]
    runs.append(run(folder, 7, first=600, then=None, rng=rng))
    results = StudyResults("planted", "", runs, [], [])
    asked = study(needs={"grammar-agreement": ("addition",)}, seeds=Seeds(8))
    return study_dynamics(asked, results)


def test_every_ability_has_a_record_per_run_and_those_without_it_are_counted(found):
    first, then = found.of(FIRST, "copies"), found.of(THEN, "copies")
    assert len(first.records) == len(then.records) == 8
    assert then.kinds["none"] == 1
    # 10 % of a logistic of scale 60 lies 2.2 x 60 steps before its middle.
    assert first.median.step == pytest.approx(560 - 132, abs=60)
    assert then.median.step == pytest.approx(1260 - 132, abs=80)
    assert all(record.robust for record in first.records)
    assert first.records[0].axes["total_bytes"]["onset"] == 100 * first.records[0].onset.step
    assert found.of("bits-per-byte/total", "copies").records[0].size < -0.5, "bits per byte get better by falling"
    assert found.of("nothing", "copies") is None


def test_what_is_declared_to_come_first_does_in_every_seed(found):
    (lead,) = found.leads
    assert (lead.first, lead.then, lead.arm) == (FIRST, THEN, "copies")
    assert lead.found.a_first == 8
    assert lead.found.kind == "a first"
    (order,) = found.orders
    assert order.found.correlation == 1
    assert order.found.needs[0].kept == 8


def test_what_seeds_alone_do_is_told_per_arm(found):
    by_metric = {each.metric: each for each in found.seeds}
    then = by_metric[THEN]
    assert (then.succeed.successes, then.succeed.seeds) == (7, 8)
    assert then.modes.kind == "no verdict"
    assert then.noise.sd == pytest.approx(np.std(then.finals, ddof=1))
    assert then.detectable > 1.4 * then.noise.sd
    assert by_metric["bits-per-byte/total"].succeed is None
    assert len(then.variation) == 8
    assert found.variances == ()


def test_the_tables_say_it_and_the_wide_ones_are_for_the_page(found):
    tables = {table.key: table for table in dynamics_tables(found)}
    assert [row[0] for row in tables["transitions"].rows] == [FIRST, THEN, "bits-per-byte/total"]
    assert "1 none" in tables["transitions"].rows[1][2]
    assert tables["leads"].rows[0][3] == "8 : 0 : 0"
    assert tables["leads"].rows[0][-1] == "as declared"
    assert tables["order-of-onsets"].rows[0][1] == "1.00"
    assert len(tables["estimators"].rows) == 24
    assert {key for key, table in tables.items() if table.page_only} == {
        "transition-places",
        "estimators",
        "seed-spreads",
        "seed-variance",
    }
    assert tables["seed-variance"].rows == ()


def test_crossed_seeds_split_the_variance(tmp_path):
    rng = np.random.default_rng(1)
    runs = []
    for number, (i, j) in enumerate((i, j) for i in range(3) for j in range(3)):
        made = run(tmp_path, number, first=500, then=900, init=i, order=j, rng=rng)
        curve = made.curves[FIRST]
        curve.values[-1] = 0.5 + 0.2 * i + 0.001 * j
        runs.append(made)
    (variance,) = [
        v for v in study_dynamics(study(), StudyResults("s", "", runs, [], [])).variances if v.metric == FIRST
    ]
    assert variance.found.init.share > 0.9
    assert (variance.found.inits, variance.found.orders) == (3, 3)
    assert dynamics_tables(study_dynamics(study(), StudyResults("s", "", runs, [], [])))[-1].rows


def test_a_run_that_recorded_no_loss_has_no_such_axis(tmp_path):
    made = run(tmp_path, 0, first=500, then=900, rng=np.random.default_rng(2))
    assert axis_of(made, "bytes", np.array([0, 25, 100])).tolist() == [0, 2500, 10000]
    assert axis_of(made, "learning rate", np.array([0, 100])) is None


def test_what_cannot_be_needed_is_refused():
    with pytest.raises(RecipeError, match="did you mean 'addition'"):
        study(needs={"grammar-agreement": ("additon",)})
    with pytest.raises(RecipeError, match="need each other in a circle"):
        study(needs={"grammar-agreement": ("addition",), "addition": ("grammar-agreement",)})


def test_a_study_of_one_evaluation_has_seeds_and_no_transitions(tmp_path):
    made = run(tmp_path, 0, first=500, then=900, rng=np.random.default_rng(3))
    made.__dict__["curves"] = {name: Curve(curve.steps[-1:], curve.values[-1:]) for name, curve in made.curves.items()}
    found = study_dynamics(study(), StudyResults("s", "", [made], [], []))
    assert found.transitions == ()
    assert len(found.seeds) == 3
    assert found.seeds[0].detectable is None


def test_an_ability_that_never_comes_is_no_order(tmp_path):
    rng = np.random.default_rng(4)
    runs = [run(tmp_path, s, first=500, then=None, rng=rng) for s in range(6)]
    found = study_dynamics(study(needs={"grammar-agreement": ("addition",)}), StudyResults("s", "", runs, [], []))
    (table,) = [table for table in dynamics_tables(found) if table.key == "leads"]
    assert found.leads[0].found.kind == "a first"
    assert table.rows[0][-1] == "only one came"


def test_a_last_value_that_is_no_number_takes_no_report_down(tmp_path):
    rng = np.random.default_rng(5)
    runs = [run(tmp_path, s, first=500, then=900, rng=rng) for s in range(4)]
    runs[2].curves[FIRST].values[-1] = np.nan
    found = study_dynamics(study(), StudyResults("s", "", runs, [], []))
    assert [len(each.finals) for each in found.seeds if each.metric in (FIRST, THEN)] == [3, 4]
