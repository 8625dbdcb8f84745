from dataclasses import replace
from itertools import pairwise

import pytest
from matplotlib.figure import Figure
from synthetic import synthetic_results

from seedbed.pipelines.figure_style import arm_styles, chance_of, is_share, steps_axis, value_label
from seedbed.pipelines.palette import COLORS


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return synthetic_results(tmp_path_factory.mktemp("study"), only=("train/loss_bits_per_byte",))


def test_two_factors_get_colour_and_dashes(results):
    styles = arm_styles(results)
    assert styles["branching.byte"].color == styles["branching.bpe-512"].color != styles["centered.byte"].color
    assert styles["branching.byte"].line == styles["centered.byte"].line != styles["centered.bpe-512"].line


def test_many_arms_stay_distinct(results):
    runs = [replace(results.runs[0], arm=f"arm-{i}", factors={"mixture": f"m{i}"}) for i in range(3 * len(COLORS))]
    styles = arm_styles(replace(results, runs=runs)).values()
    assert len({(style.color, str(style.line)) for style in styles}) == len(runs)


def test_what_metrics_are():
    assert chance_of("minimal-pairs/blimp/x/accuracy_sum") == 0.5
    assert chance_of("induction/repeated/accuracy") is None, "there are as many wrong answers as tokens"
    assert chance_of("question-formation/ood-hard/margin") == 0.0
    assert chance_of("bits-per-byte/total") is None
    assert is_share("question-formation/ood-hard/hierarchical")
    assert is_share("addition/all/exact")
    assert not is_share("train/loss")
    assert value_label("bits-per-byte/total") == "bits per byte"


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("steps", [[0, 1, 10, 500, 2500], [0, 500, 1000, 2500], [30, 60, 90], [0, 1600], [0]])
def test_labels_of_steps_do_not_cover_each_other(steps, narrow):
    figure = Figure(figsize=(2.6 if narrow else 6, 2))
    axes = figure.add_subplot()
    axes.plot(steps, steps)
    axes.tick_params(labelsize=8)
    steps_axis(axes, steps, log=True, narrow=narrow)
    figure.draw_without_rendering()
    low, high = axes.get_xlim()
    shown = [
        label for label, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True) if low <= place <= high
    ]
    boxes = sorted((label.get_window_extent() for label in shown), key=lambda box: box.x0)
    assert len(boxes) >= 2
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
