import numpy as np
import pytest
from scipy import stats

from seedbed.pipelines.aggregate import band, question_metrics, t_interval, train_loss_metric
from seedbed.pipelines.results import Curve


def curve(steps, values):
    return Curve(np.array(steps, np.int64), np.array(values, float))


def test_t_interval_is_scipys():
    values = np.random.default_rng(0).normal(size=(5, 3))
    lower, upper = t_interval(values)
    for column in range(3):
        wanted = stats.t.interval(0.95, 4, values[:, column].mean(), stats.sem(values[:, column]))
        assert (lower[column], upper[column]) == pytest.approx(wanted)


def test_one_seed_has_a_mean_and_no_interval():
    found = band([curve([0, 1], [0.2, 0.4])])
    assert found.mean.tolist() == [0.2, 0.4]
    assert np.isnan(found.lower).all()
    assert np.isnan(found.upper).all()
    assert found.seeds == 1


def test_equal_seeds_have_an_interval_of_no_width():
    found = band([curve([0, 1], [0.2, 0.4])] * 3)
    assert found.lower == pytest.approx([0.2, 0.4], abs=1e-12)
    assert found.upper == pytest.approx([0.2, 0.4], abs=1e-12)


def test_only_shared_steps_are_averaged():
    found = band([curve([0, 1, 2], [1, 2, 3]), curve([1, 2, 5], [4, 5, 6]), curve([], [])])
    assert found.steps.tolist() == [1, 2]
    assert found.mean.tolist() == [3, 4]
    assert found.seeds == 2


def test_nothing_gives_an_empty_band():
    assert len(band([]).steps) == 0


def test_question_metrics_are_found_by_what_they_score():
    names = [
        "qf/ood-hard/hierarchical",
        "qf/ood-hard.rc-si/move-first",
        "qf/ood-hard/margin",
        "minimal-pairs/agreement/accuracy_sum",
        "bits-per-byte/total",
    ]
    found = question_metrics(names)
    assert set(found) == set(names[:3])
    parsed = found["qf/ood-hard.rc-si/move-first"]
    assert (parsed.probe, parsed.item_set, parsed.clause_kind, parsed.what) == ("qf", "ood-hard", "si", "move-first")


def test_training_loss_is_bits_per_byte_where_it_is_known():
    assert train_loss_metric(["train/loss", "train/loss_bits_per_byte"]) == "train/loss_bits_per_byte"
    assert train_loss_metric(["train/loss"]) == "train/loss"
    assert train_loss_metric(["bits-per-byte/total"]) is None
