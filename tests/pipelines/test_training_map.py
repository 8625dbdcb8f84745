"""Runs with planted states are mapped, and the tables and the figure say so."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from seedbed.dynamics.checks import MeasurementError
from seedbed.errors import StoreError
from seedbed.pipelines.results import Curve, RunResult, StudyResults
from seedbed.pipelines.training_map import map_figure, map_runs, map_tables, write_map

STEPS = np.arange(0, 600, 20)


def results(tmp_path, runs=16, *, detour=True):
    """Runs whose norm rises in three stages; the middle one is longer in some, and those are late."""
    rng = np.random.default_rng(0)
    made = []
    for seed in range(runs):
        stay = 6 + (seed % 4 if detour else 0)
        stage = np.repeat([0, 1, 2], [10, stay, len(STEPS) - 10 - stay])
        curves = {
            "weights/all/l2": np.array([0.0, 5.0, 9.0])[stage] + rng.normal(0, 0.2, len(STEPS)),
            "weights/all/trace": np.array([0.0, -4.0, 6.0])[stage] + rng.normal(0, 0.2, len(STEPS)),
            "weights/all/sparsity": np.zeros(len(STEPS)),
            "probe/all/exact": (np.arange(len(STEPS)) >= 10 + stay).astype(float),
        }
        run = RunResult(
            name=f"arm.seed-{seed}", arm="arm", factors={}, seed=seed, init_seed=0, order_seed=0, fingerprint="f",
            folder=tmp_path, status="FINISHED",
        )  # fmt: skip
        run.__dict__["curves"] = {name: Curve(STEPS.astype(np.int64), values) for name, values in curves.items()}
        made.append(run)
    return StudyResults("study", "", made, [], [])


def test_three_stages_are_three_states_and_the_middle_one_is_a_detour(tmp_path):
    made = map_runs(results(tmp_path), metric="probe/all/exact", most_states=3)
    assert made.found.states == 3
    assert made.statistics == ("l2", "trace")
    assert made.note == "left out, as they never change in some run: sparsity"
    (middle,) = [effect for effect in made.late if effect.state == 1]
    assert middle.detour
    assert middle.steps_per_checkpoint == pytest.approx(20, abs=5)
    states, stays = map_tables(made)
    assert [row[0] for row in states.rows] == ["1", "2", "3 (chosen)"]
    assert [row[0] for row in stays.rows] == ["1", "2", "3"]
    assert stays.rows[1][-1] == "yes"
    assert "0 runs never have it" in stays.caption


def test_what_is_written_holds_the_paths_and_the_figure(tmp_path):
    made = map_runs(results(tmp_path), most_states=3)
    files = {path.name for path in write_map(made, tmp_path / "map")}
    assert files == {"map-states.csv", "map-detours.csv", "map-paths.parquet", "map.png", "map.svg"}
    paths = pq.read_table(tmp_path / "map" / "map-paths.parquet")
    assert paths.num_rows == 16 * len(STEPS)
    assert set(paths["state"].to_pylist()) == {1, 2, 3}
    assert len(map_figure(made).axes[0].patches) == 16 * len(STEPS)


def test_runs_that_never_get_there_are_counted_and_too_few_that_do_say_nothing(tmp_path):
    made = map_runs(results(tmp_path), metric="probe/all/exact", threshold=2.0, most_states=3)
    assert made.never == 16
    assert made.late is None
    assert made.note.startswith("0 runs have the onset, too few to say which of 3 states makes a run late")


def test_what_cannot_be_mapped_is_refused(tmp_path):
    with pytest.raises(StoreError, match=r"holds weight statistics called 'norms'; add probe\('weights'\)"):
        map_runs(results(tmp_path), probe="norms")
    with pytest.raises(StoreError, match="holds no metric 'probe/none'"):
        map_runs(results(tmp_path), metric="probe/none", most_states=1)
    with pytest.raises(MeasurementError, match="3 runs of 30 checkpoints make no map"):
        map_runs(results(tmp_path, runs=3))
