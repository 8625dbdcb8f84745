"""Known answers of PROTOCOLS 5.4: simulated chains are recovered, data of one state choose one, a detour lengthens."""

import numpy as np
import pytest

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.training_maps import detours, training_map, z_scores

CENTRES = np.array([[-2.0, 0.0, 1.0, 0.0], [1.0, 2.0, -1.0, 1.0], [2.0, -2.0, 0.0, -1.0]])
LENGTH = 40


def chains(rng, runs, *, detour):
    """Runs from state 0 to state 2; some take a detour over state 1, of a random length. Returns values and paths."""
    paths = np.full((runs, LENGTH), 2)
    for path in paths:
        leave = rng.integers(6, 12)
        path[:leave] = 0
        path[leave : leave + (rng.integers(5, 20) if rng.random() < detour else 3)] = 1
    return CENTRES[paths] + rng.normal(0, 0.25, (runs, LENGTH, CENTRES.shape[1])), paths


def test_three_simulated_states_are_found_in_the_order_in_which_runs_reach_them():
    # Scores are taken within each run, so runs that spend very different times in a state would give it several means.
    rng = np.random.default_rng(0)
    paths = np.stack([np.repeat([0, 1, 2], [12 + k, 13 - k, 15]) for k in rng.integers(-1, 2, 24)])
    values = CENTRES[paths] + rng.normal(0, 0.25, (24, LENGTH, CENTRES.shape[1]))
    found = training_map(values, most_states=5)
    assert found.states == 3
    assert np.mean(found.paths == paths) > 0.98
    assert found.transitions.sum(axis=1) == pytest.approx(1)
    assert found.transitions[0, 1] > found.transitions[0, 2], "nobody goes from the first to the last at once"
    assert len(found.heldout) == 5
    assert [count.states for count in found.counts] == [1, 2, 3, 4, 5]


def test_data_of_one_state_choose_one():
    values = np.random.default_rng(1).normal(size=(12, 30, 3))
    for criterion in ("bic", "heldout"):
        assert training_map(values, most_states=3, criterion=criterion).states == 1


def test_a_state_that_lengthens_training_is_a_detour_and_the_others_are_not():
    rng = np.random.default_rng(2)
    values, paths = chains(rng, 40, detour=0.6)
    found = training_map(values, most_states=3)
    steps = 1000 + 50 * (paths == 1).sum(axis=1) + rng.normal(0, 40, len(paths))
    effects = {effect.state: effect for effect in detours(found, steps)}
    assert effects[1].detour
    assert effects[1].steps_per_checkpoint == pytest.approx(50, abs=10)
    assert not effects[0].detour
    assert not any(effect.detour for effect in detours(found, rng.normal(1000, 40, len(paths))))


def test_the_map_is_one_for_one_seed_and_does_not_depend_on_the_scale_of_the_statistics():
    values, _ = chains(np.random.default_rng(3), 10, detour=0.5)
    one, other = training_map(values, most_states=3), training_map(values * 100 + 7, most_states=3)
    assert np.array_equal(one.paths, training_map(values, most_states=3).paths)
    assert np.array_equal(one.paths, other.paths)


def test_z_scores_have_mean_0_and_deviation_1_within_every_run():
    scored = z_scores(np.random.default_rng(4).exponential(5, (3, 20, 2)))
    assert scored.mean(axis=1) == pytest.approx(0, abs=1e-12)
    assert scored.std(axis=1) == pytest.approx(1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((2, 10, 3)), "2 runs of 10 checkpoints make no map; give at least 5 runs"),
        (np.zeros((9, 2, 3)), "9 runs of 2 checkpoints make no map"),
        (np.full((9, 9, 3), np.nan), "not finite"),
        (np.zeros((9, 9, 3)), "statistic 0 never changes in run 0; leave that statistic out"),
    ],
)
def test_what_makes_no_map_is_refused(values, message):
    with pytest.raises(MeasurementError, match=message):
        training_map(values)


def test_detours_need_a_step_for_every_run():
    values, _ = chains(np.random.default_rng(5), 10, detour=0.5)
    found = training_map(values, most_states=3)
    with pytest.raises(MeasurementError, match="3 convergence steps for 10 runs"):
        detours(found, [1.0, 2.0, 3.0])
