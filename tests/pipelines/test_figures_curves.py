from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from planted import planted

from seedbed.pipelines.figure_data import rows_csv
from seedbed.pipelines.figure_style import svg_text
from seedbed.pipelines.figures_curves import aligned_figure
from seedbed.pipelines.palette import COLORS
from seedbed.pipelines.results import Curve

METRIC = "addition/all/exact"
FAILED = "dose-1.seed-3"


@pytest.fixture(scope="module")
def study():
    return planted((0.0, 1.0), 4, probes=("addition",), heads=False, never=0.4, failed=FAILED)


@pytest.fixture(scope="module", params=["updates", "bytes", "loss"])
def drawn(request, study):
    results, conclusions = study
    return request.param, aligned_figure(results, conclusions.dynamics, METRIC, request.param)


def lines(figure):
    return [line for axes in figure.axes for line in axes.get_lines()]


def marks(figure):
    return [line for line in lines(figure) if line.get_marker() == "o"]


def open_marks(figure):
    return [mark for mark in marks(figure) if mark.get_markerfacecolor() == "white"]


def test_every_seed_is_a_line_at_its_own_places(drawn, study):
    axis, drawing = drawn
    shown = [np.column_stack(line.get_data()).tolist() for line in lines(drawing.figure)]
    for run in study[0].runs:
        rows = [each for each in drawing.of("seed") if each["run"] == run.name]
        x = "step" if axis == "updates" else axis
        assert [[each[x], each["value"]] for each in rows] in shown
        assert [each["value"] for each in rows] == run.curves[METRIC].values.tolist()


def test_every_finished_seed_has_one_mark_where_its_onset_is(drawn, study):
    axis, drawing = drawn
    records = [record for arm in study[0].arms for record in study[1].dynamics.of(METRIC, arm).records]
    assert len(records) == 7
    without = sum(record.onset.step is None for record in records)
    assert 0 < without < 7
    assert len(marks(drawing.figure)) == 7
    assert len(open_marks(drawing.figure)) == without
    rows = {each["run"]: each for each in [*drawing.of("onset"), *drawing.of("never")]}
    for record in records:
        found = rows[record.curve.run]
        assert (found["what"] == "never") == (record.onset.step is None)
        if record.onset.step is None:
            continue
        assert found["step"] == record.onset.step
        expected = {"updates": None, "bytes": "total_bytes", "loss": "loss"}[axis]
        if expected:
            assert found[axis] == pytest.approx(record.axes[expected]["onset"])
    places = {(float(mark.get_xdata()[0]), float(mark.get_ydata()[0])) for mark in marks(drawing.figure)}
    x = "step" if axis == "updates" else axis
    assert places == {(each[x], each["value"]) for each in rows.values()}


def test_means_are_those_of_finished_seeds_and_labels_count(drawn, study):
    _, drawing = drawn
    for arm in study[0].arms:
        runs = [run for run in study[0].of_arm(arm) if run.status == "FINISHED"]
        mean = np.mean([run.curves[METRIC].values for run in runs], axis=0)
        assert [each["value"] for each in drawing.of("mean") if each["arm"] == arm] == pytest.approx(mean.tolist())
        records = study[1].dynamics.of(METRIC, arm).records
        came = sum(record.onset.step is not None for record in records)
        texts = [text for axes in drawing.figure.axes for text in axes.texts]
        assert f"{arm}: {came} of {len(records)}" in [text.get_text() for text in texts]


def test_a_failed_run_ends_in_a_cross_and_has_no_mark(drawn):
    _, drawing = drawn
    assert sum(line.get_marker() == "x" for line in lines(drawing.figure)) == 1
    assert FAILED not in {each["run"] for each in [*drawing.of("onset"), *drawing.of("never")]}


def test_labels_do_not_cover_each_other_stay_inside_and_take_the_colours_of_their_arms(drawn):
    _, drawing = drawn
    drawing.figure.draw_without_rendering()
    texts = [text for axes in drawing.figure.axes for text in axes.texts]
    boxes = sorted((text.get_window_extent() for text in texts), key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 + 2 for low, high in pairwise(boxes))
    assert all(box.x1 <= drawing.figure.bbox.x1 for box in boxes)
    assert {text.get_color() for text in texts} == set(COLORS[:2])


def test_the_csv_is_what_is_drawn(drawn):
    axis, drawing = drawn
    head = rows_csv(drawing.rows).splitlines()[0].split(",")
    assert (axis in head) == (axis != "updates")
    assert len(rows_csv(drawing.rows).splitlines()) == 1 + len(drawing.rows)


def test_many_arms_stand_in_panels_and_what_is_too_much_is_said():
    results, conclusions = planted((0.0, 0.01, 0.1, 0.5, 1.0), 2, probes=("addition",), heads=False)
    drawing = aligned_figure(results, conclusions.dynamics, METRIC)
    titles = [axes.get_title(loc="left") for axes in drawing.figure.axes if axes.get_visible()]
    assert [title.split(":")[0] for title in titles] == results.arms
    assert drawing.left_out == ""
    more = [replace(run, arm=f"{run.arm}-{k}") for k in range(3) for run in results.runs]
    for old, new in zip(results.runs * 3, more, strict=True):
        new.__dict__["curves"] = old.curves
    drawing = aligned_figure(replace(results, runs=more), None, METRIC)
    assert drawing.left_out == "3 of 15 arms are not drawn."
    assert len({each["arm"] for each in drawing.of("seed")}) == 12
    assert drawing.of("onset") == drawing.of("never") == []


def test_one_seed_gaps_and_nothing_at_all(study):
    results, conclusions = planted((0.1,), 1, probes=("addition",), heads=False)
    drawing = aligned_figure(results, conclusions.dynamics, METRIC)
    assert np.isnan([each["lower"] for each in drawing.of("mean")]).all()
    svg_text(drawing.figure)
    run = replace(results.runs[0])
    values = results.runs[0].curves[METRIC].values.copy()
    values[3:] = np.nan
    run.__dict__["curves"] = {METRIC: Curve(results.runs[0].curves[METRIC].steps, values)}
    gaps = replace(results, runs=[run])
    assert len(aligned_figure(gaps, conclusions.dynamics, METRIC).of("seed")) == 3
    assert aligned_figure(gaps, None, METRIC, "bytes") is None
    assert aligned_figure(study[0], None, "nothing") is None
