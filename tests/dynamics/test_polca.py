"""A planted breakthrough of a few tokens along one direction is found, though the mean loss does not show it."""

import numpy as np
import pytest

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.polca import NOISE, cumulative, homogeneity, loss_clusters

STEPS = np.arange(0, 1001, 20)
SPANS = len(STEPS) - 1
TOKENS = 200
EARLY, LATE = np.arange(0, 40), np.arange(40, 70)


def planted(seed=0):
    """Two directions: along the first, forty tokens learn at step 300, and thirty others at 700; all learn slowly."""
    rng = np.random.default_rng(seed)
    changes = rng.normal(0, 0.002, (2, TOKENS, SPANS))
    slow = np.exp(-STEPS[:-1] / 250)
    changes[1] -= 0.05 * slow
    for tokens, step in ((EARLY, 300), (LATE, 700)):
        changes[0, tokens, np.searchsorted(STEPS, step) : np.searchsorted(STEPS, step) + 3] -= 0.5
    losses = 4 + cumulative(changes.sum(axis=0))
    return changes, losses


def test_groups_of_tokens_that_learn_together_are_found_with_their_steps():
    changes, losses = planted()
    found = loss_clusters(STEPS, changes, losses, distance_steps=60)
    assert found.kept == (0, 1)
    along = [cluster for cluster in found.clusters if cluster.direction == 0 and cluster.fall > 1]
    by_step = {cluster.break_step: cluster for cluster in along}
    assert len(by_step) == 2
    for step, tokens in ((300, EARLY), (700, LATE)):
        (near,) = [s for s in by_step if abs(s - step) <= 20]
        assert set(tokens) <= set(by_step[near].tokens)
        assert by_step[near].fall == pytest.approx(1.5, abs=0.1)
        assert by_step[near].acceleration > 2 * by_step[near].chance_acceleration > 0
    assert found.explained == pytest.approx(1)


def test_they_are_hidden_only_where_the_mean_loss_does_not_turn():
    changes, losses = planted()
    # All tokens fall at once, sharply, at step 500: the mean loss shows that and nothing else.
    falling = losses - 3.0 * (STEPS >= 500)
    hidden = [c for c in loss_clusters(STEPS, changes, falling, distance_steps=60).clusters if c.hidden]
    assert sorted(round(c.break_step / 100) for c in hidden) == [3, 7]
    alone = losses - 3.0 * (STEPS >= 300) - 3.0 * (STEPS >= 700)
    shown = loss_clusters(STEPS, changes, alone, distance_steps=60).clusters
    assert not any(c.hidden for c in shown if c.direction == 0)


def test_a_direction_along_which_the_loss_rises_is_dropped():
    changes, losses = planted()
    found = loss_clusters(STEPS, np.concatenate([changes, -changes[1:]]), losses)
    assert found.kept == (0, 1)
    assert {cluster.direction for cluster in found.clusters} <= {0, 1}
    assert len(found.unclustered) == 2


def test_tokens_that_all_do_the_same_show_no_sharp_group():
    rng = np.random.default_rng(1)
    changes = -0.02 + rng.normal(0, 0.002, (1, TOKENS, SPANS))
    found = loss_clusters(STEPS, changes, 4 + cumulative(changes[0]))
    assert not any(cluster.hidden for cluster in found.clusters)


def test_curves_add_up_their_changes():
    assert cumulative(np.array([[1.0, -2.0, 0.5]])).tolist() == [[0, 1, -1, -0.5]]


def test_homogeneity_is_one_where_clusters_hold_one_kind_and_leaves_out_the_rest():
    assert homogeneity([0, 0, 1, 1, NOISE], ["a", "a", "b", "b", "a"]) == 1
    assert homogeneity([0, 0, 0, 0], ["a", "a", "b", "b"]) == pytest.approx(0)
    with pytest.raises(MeasurementError, match="no token belongs to a cluster"):
        homogeneity([NOISE, NOISE], ["a", "b"])


def test_shapes_that_do_not_fit_are_refused():
    changes, losses = planted()
    with pytest.raises(MeasurementError, match=r"50 steps, .* do not fit"):
        loss_clusters(STEPS[:-1], changes, losses)
    with pytest.raises(MeasurementError, match="2 steps show no turn"):
        loss_clusters(STEPS[:2], changes[:, :, :1], losses[:, :2])
