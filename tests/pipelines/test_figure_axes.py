from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure
from planted import STEPS, planted

from seedbed.pipelines.figure_axes import lay_out_x, mean_places, trace
from seedbed.pipelines.results import Curve

METRIC = "addition/all/exact"


@pytest.fixture(scope="module")
def results():
    return planted((0.0, 1.0), 3, probes=("addition",), heads=False, failed="dose-1.seed-2")[0]


def changed(run, **curves):
    """The run with some curves others, or None: gone."""
    made = replace(run)
    held = {**run.curves, **curves}
    made.__dict__["curves"] = {name: curve for name, curve in held.items() if curve is not None}
    return made


def test_a_trace_stands_at_updates_bytes_or_loss(results):
    run = results.runs[0]
    assert trace(run, METRIC, "updates").x.tolist() == STEPS.tolist()
    assert trace(run, METRIC, "bytes").x.tolist() == (6400.0 * STEPS).tolist()
    assert trace(run, METRIC, "loss").x.tolist() == run.curves["train/loss_bits_per_byte"].values.tolist()
    assert trace(run, "nothing", "updates") is None
    assert trace(changed(run, **{"train/bytes_seen": None}), METRIC, "bytes") is None


def test_points_that_are_no_numbers_are_left_out(results):
    curve = results.runs[0].curves[METRIC]
    values = curve.values.copy()
    values[[0, 4]] = np.nan, np.inf
    found = trace(changed(results.runs[0], **{METRIC: Curve(curve.steps, values)}), METRIC, "updates")
    assert found.steps.tolist() == [step for step in STEPS if step not in (0, 80)]
    assert found.at(80) is None
    assert found.at(160) == (160.0, curve.values[5])
    nothing = Curve(curve.steps, np.full(len(values), np.nan))
    assert trace(changed(results.runs[0], **{METRIC: nothing}), METRIC, "updates") is None


def test_an_untrained_model_has_no_training_loss(results):
    loss = results.runs[0].curves["train/loss_bits_per_byte"]
    later = changed(results.runs[0], **{"train/loss_bits_per_byte": Curve(loss.steps[1:], loss.values[1:])})
    assert trace(later, METRIC, "loss").steps.tolist() == STEPS[1:].tolist()


def test_a_mean_stands_at_the_mean_of_its_seeds_places(results):
    x, band = mean_places(results, "dose-1", METRIC, "loss")
    finished = [run for run in results.of_arm("dose-1") if run.status == "FINISHED"]
    assert band.seeds == len(finished) == 2
    assert x == pytest.approx(np.mean([run.curves["train/loss_bits_per_byte"].values for run in finished], axis=0))
    one_without = [changed(run, **{"train/bytes_seen": None}) if run.seed == 0 else run for run in results.runs]
    x, _ = mean_places(replace(results, runs=one_without), "dose-1", METRIC, "bytes")
    assert np.isnan(x).all()


@pytest.mark.parametrize("axis", ["updates", "bytes", "loss"])
@pytest.mark.parametrize("narrow", [False, True])
def test_training_runs_to_the_right_and_labels_do_not_cover_each_other(results, axis, narrow):
    figure = Figure(figsize=(2.6 if narrow else 6, 2))
    axes = figure.add_subplot()
    traces = [trace(run, METRIC, axis) for run in results.runs]
    for each in traces:
        axes.plot(each.x, each.values)
    axes.tick_params(labelsize=8)
    lay_out_x(axes, traces, axis, narrow=narrow)
    figure.draw_without_rendering()
    ends = [axes.transData.transform((x, 0))[0] for x in (traces[0].x[0], traces[0].x[-1])]
    assert ends[0] < ends[1]
    edges = sorted(axes.get_xlim())
    assert all(edges[0] <= x <= edges[1] for each in traces for x in each.x)
    labels = [
        label
        for label, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True)
        if edges[0] <= place <= edges[1]
    ]
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.x0)
    assert len(boxes) >= 2
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
