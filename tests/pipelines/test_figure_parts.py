import pytest
from matplotlib.figure import Figure
from numpy import array, nan
from planted import planted

from seedbed.pipelines.figure_parts import broken, panel_columns, seeds_text, value_limits


def test_long_names_stand_on_two_lines():
    assert broken("bits-per-byte/total") == "bits-per-byte/total"
    assert broken("minimal-pairs/grammar-agreement/mean/accuracy_sum").split("\n") == [
        "minimal-pairs/grammar-agreement/mean/",
        "accuracy_sum",
    ]
    assert broken("a" * 60) == "a" * 60


@pytest.mark.parametrize(("panels", "columns"), [(0, 1), (1, 1), (2, 2), (3, 3), (4, 2), (5, 3), (10, 3)])
def test_panels_leave_few_places_empty(panels, columns):
    assert panel_columns(panels) == columns


def test_seeds_are_counted_per_arm():
    results, _ = planted((0.0, 1.0), 3, probes=("addition",), heads=False, failed="dose-1.seed-2")
    assert seeds_text(results, ["dose-0"]) == "n = 3 seeds"
    assert seeds_text(results, results.arms) == "n = 2 to 3 seeds"


def test_limits_hold_every_number():
    axes = Figure().add_subplot()
    value_limits(axes, array([2.0, nan, 5.0]), "bits-per-byte/total")
    low, high = axes.get_ylim()
    assert low < 2
    assert high > 5
    value_limits(axes, array([0.4]), "addition/all/exact")
    assert axes.get_ylim() == (-0.03, 1.03)
    value_limits(axes, array([0.01, 0.02]), "induction/heads/prefix")
    low, high = axes.get_ylim()
    assert low < 0
    assert 0.02 < high < 0.03
    value_limits(axes, array([nan]), "bits-per-byte/total")
