from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import planted

from seedbed.pipelines.figure_style import svg_text
from seedbed.pipelines.figures_strips import strips_figure, swarm
from seedbed.pipelines.palette import COLORS

METRIC = "addition/all/exact"
PAIRS = "minimal-pairs/grammar-agreement/mean/accuracy_sum"


@settings(max_examples=80)
@given(st.lists(st.floats(0, 60), max_size=50), st.sampled_from([2.8, 4.6]))
def test_no_dot_of_a_swarm_covers_another(places, diameter):
    moved = swarm(places, diameter)
    for i in range(len(places)):
        for j in range(i):
            assert np.hypot(places[i] - places[j], moved[i] - moved[j]) >= diameter * (1 - 1e-6)


def test_dots_that_are_alone_stay_and_equal_ones_stack():
    assert swarm([0, 10, 20], 3).tolist() == [0, 0, 0]
    assert sorted(swarm([5, 5, 5], 3).tolist()) == [-3, 0, 3]
    assert swarm([], 3).tolist() == []


def dots(figure):
    return [line for axes in figure.axes for line in axes.get_lines() if line.get_marker() == "o"]


@pytest.fixture(scope="module")
def study():
    return planted((0.0, 1.0), 24, probes=("addition",), heads=False, never=0.4)


def test_every_seed_is_a_dot_at_its_value_and_no_dot_covers_another(study):
    results, conclusions = study
    drawing = strips_figure(results, conclusions.dynamics, [METRIC])
    drawing.figure.draw_without_rendering()
    for arm, line in zip(results.arms, dots(drawing.figure), strict=True):
        last = [run.curves[METRIC].last for run in results.of_arm(arm)]
        assert line.get_xdata().tolist() == last
        assert [each["value"] for each in drawing.of("seed") if each["arm"] == arm] == last
    every = np.concatenate(
        [line.get_transform().transform(np.column_stack(line.get_data())) for line in dots(drawing.figure)]
    )
    size = dots(drawing.figure)[0].get_markersize() * drawing.figure.dpi / 72
    apart = np.hypot(*(every[:, None] - every[None]).T) + 1e9 * np.eye(len(every))
    assert len(every) == 48
    assert apart.min() >= 0.95 * size


def test_two_modes_are_shaded_and_said(study):
    results, conclusions = study
    drawing = strips_figure(results, conclusions.dynamics, [METRIC])
    for each in conclusions.dynamics.seeds:
        assert each.modes.kind == "two modes"
        low, high = each.modes.modes
        texts = [text.get_text() for axes in drawing.figure.axes for text in axes.texts]
        assert f"two modes: {low.seeds} seeds at {low.mean:.2f}, {high.seeds} at {high.mean:.2f}" in texts
        rows = [row for row in drawing.of("group") if row["arm"] == each.arm]
        assert [(row["value"], row["seeds"]) for row in rows] == [(low.mean, low.seeds), (high.mean, high.seeds)]
    patches = [patch for axes in drawing.figure.axes for patch in axes.patches]
    assert len(patches) == 4


def test_few_seeds_have_no_verdict_and_means_their_interval():
    results, conclusions = planted((0.0, 1.0), 4, probes=("addition",), heads=False, never=0.4, failed="dose-1.seed-3")
    drawing = strips_figure(results, conclusions.dynamics, [METRIC])
    assert drawing.of("group") == []
    assert "under 20 seeds: no verdict on modes" in drawing.figure.get_supxlabel()
    last = [run.curves[METRIC].last for run in results.of_arm("dose-1") if run.status == "FINISHED"]
    (row,) = [row for row in drawing.of("mean") if row["arm"] == "dose-1"]
    assert len(drawing.of("seed")) == 7
    assert row["seeds"] == 3
    assert row["value"] == pytest.approx(np.mean(last))
    assert row["upper"] - row["value"] == pytest.approx(4.303 * np.std(last, ddof=1) / np.sqrt(3), rel=1e-3)
    assert {line.get_color() for line in dots(drawing.figure)} == set(COLORS[:2])


def test_chance_is_in_sight_and_labels_are_inside():
    results, conclusions = planted((0.0, 1.0), 3, probes=("addition", "grammar-agreement"), heads=False, never=0)
    drawing = strips_figure(results, conclusions.dynamics, [METRIC, PAIRS])
    drawing.figure.draw_without_rendering()
    first, second = drawing.figure.axes
    assert second.get_xlim()[0] < 0.5 < second.get_xlim()[1]
    assert any(set(line.get_xdata()) == {0.5} for line in second.get_lines())
    assert not any(set(line.get_xdata()) == {0.5} for line in first.get_lines())
    assert [label.get_text() for label in first.get_yticklabels()] == results.arms
    for axes in (first, second):
        assert axes.get_tightbbox().x0 >= 0
        assert axes.get_tightbbox().x1 <= drawing.figure.bbox.x1
    note = drawing.figure._supxlabel.get_window_extent()
    assert note.x1 <= drawing.figure.bbox.x1


def test_one_seed_no_number_and_nothing():
    results, conclusions = planted((0.1,), 1, probes=("addition",), heads=False)
    drawing = strips_figure(results, conclusions.dynamics, [METRIC])
    assert len(drawing.of("seed")) == 1
    assert np.isnan(drawing.of("mean")[0]["lower"])
    svg_text(drawing.figure)
    assert strips_figure(results, None, ["nothing"]) is None
    run = replace(results.runs[0])
    run.__dict__["curves"] = dict(results.runs[0].curves)
    curve = run.__dict__["curves"][METRIC]
    run.__dict__["curves"][METRIC] = replace(curve, values=np.full(len(curve.values), np.nan))
    assert strips_figure(replace(results, runs=[run]), None, [METRIC]) is None


def test_metrics_beyond_eight_are_left_out_and_said():
    results, conclusions = planted((0.1,), 2, heads=False)
    metrics = conclusions.headline_metrics
    assert len(metrics) == 9
    drawing = strips_figure(results, conclusions.dynamics, metrics)
    assert drawing.left_out == "1 of 9 metrics are not drawn."
    assert {row["metric"] for row in drawing.rows} == set(metrics[:8])


def test_an_arm_without_the_metric_has_an_empty_row_and_the_rest_its_place():
    results, conclusions = planted((0.0, 1.0), 3, probes=("addition", "grammar-agreement"), heads=False, never=0)
    runs = []
    for run in results.runs:
        made = replace(run)
        held = {name: curve for name, curve in run.curves.items() if run.arm == "dose-1" or name != METRIC}
        made.__dict__["curves"] = held
        runs.append(made)
    drawing = strips_figure(replace(results, runs=runs), conclusions.dynamics, [METRIC, PAIRS])
    drawing.figure.draw_without_rendering()
    assert {row["arm"] for row in drawing.of("seed") if row["metric"] == METRIC} == {"dose-1"}
    boxes = [axes.get_tightbbox() for axes in drawing.figure.axes]
    assert all(box.x0 >= 0 and box.x1 <= drawing.figure.bbox.x1 for box in boxes)
    assert drawing.figure.axes[0].get_position().width > 0.3
