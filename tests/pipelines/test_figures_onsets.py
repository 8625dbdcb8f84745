import numpy as np
import pytest
from planted import planted

from seedbed.pipelines.figures_onsets import onset_raster
from seedbed.pipelines.palette import COLORS
from seedbed.pipelines.study_dynamics import StudyDynamics

PROBES = ("addition", "grammar-agreement", "bits-per-byte")


@pytest.fixture(scope="module")
def study():
    return planted((0.0, 1.0), 4, probes=PROBES, heads=False, never=0.3)


@pytest.fixture(scope="module")
def drawing(study):
    made = onset_raster(study[0], study[1].dynamics)
    made.figure.draw_without_rendering()
    return made


def shown(drawing, marker):
    return [
        line
        for axes in drawing.figure.axes
        if axes.get_visible()
        for line in axes.get_lines()
        if line.get_marker() == marker
    ]


def records(study):
    return [record for each in study[1].dynamics.transitions for record in each.found.records]


def test_every_seed_of_every_ability_has_one_mark_at_its_onset(study, drawing):
    steps = [record.onset.step for record in records(study)]
    assert len(shown(drawing, "o")) == sum(step is not None for step in steps) > 0
    assert len(shown(drawing, ">")) == sum(step is None for step in steps) > 0
    assert sorted(line.get_xdata()[0] for line in shown(drawing, "o")) == sorted(
        step for step in steps if step is not None
    )
    assert all(line.get_markerfacecolor() == "white" for line in shown(drawing, ">"))
    rows = {(each["metric"], each["run"]): each for each in [*drawing.of("onset"), *drawing.of("never")]}
    assert {key: (each["onset_step"], each["lower_step"]) for key, each in rows.items()} == {
        (record.curve.metric, record.curve.run): (record.onset.step, record.onset.lower_step)
        for record in records(study)
    }


def test_intervals_lead_from_the_evaluation_before(study, drawing):
    drawn = sorted(
        tuple(line.get_xdata())
        for axes in drawing.figure.axes
        for line in axes.get_lines()
        if len(set(line.get_ydata())) == 1
        and len(line.get_xdata()) == 2
        and line.get_linewidth() == 0.8
        and line.get_transform() == axes.transData
    )
    expected = [
        (r.onset.lower_step, r.onset.step) for r in records(study) if r.onset.lower_step is not None and r.onset.step
    ]
    assert drawn == sorted(expected)


def test_rows_are_sorted_by_their_median_and_seeds_keep_their_places(study, drawing):
    labels = [label.get_text().replace("\n", "") for label in drawing.figure.axes[0].get_yticklabels()]
    medians = []
    for metric in labels:
        steps = [record.onset.step for record in records(study) if record.curve.metric == metric]
        medians.append(float(np.median([np.inf if step is None else step for step in steps])))
    assert medians == sorted(medians)
    assert set(labels) == {each.metric for each in study[1].dynamics.transitions}
    heights = {}
    for each in [*shown(drawing, "o"), *shown(drawing, ">")]:
        heights.setdefault(round(float(each.get_ydata()[0]), 6), 0)
    assert len(heights) == 3 * 4


def test_counts_stand_at_the_end_of_every_row_inside_the_figure(study, drawing):
    texts = [text for axes in drawing.figure.axes for text in axes.texts]
    counts = [f"{each.found.median.reached} of {each.found.median.runs}" for each in study[1].dynamics.transitions]
    assert sorted(text.get_text() for text in texts) == sorted(counts)
    for text in texts:
        box = text.get_window_extent()
        assert box.x1 <= drawing.figure.bbox.x1
        assert not any(
            box.x0 <= triangle.get_window_extent().x1
            and box.y0 <= triangle.get_window_extent().y1 <= box.y1
            and text.axes is triangle.axes
            for triangle in shown(drawing, ">")
        )
    assert {text.get_color() for text in texts} == set(COLORS[:2])


def test_one_seed_many_seeds_and_none(study):
    results, conclusions = planted((0.1,), 1, probes=("addition",), heads=False)
    assert len(onset_raster(results, conclusions.dynamics).rows) == 2
    results, conclusions = planted((1.0,), 20, probes=("addition",), heads=False)
    many = onset_raster(results, conclusions.dynamics)
    assert len(shown(many, "o")) + len(shown(many, ">")) == 20
    assert onset_raster(study[0], StudyDynamics()) is None


def test_arms_beyond_nine_are_left_out_and_said():
    results, conclusions = planted(tuple(k / 10 for k in range(1, 11)), 1, probes=("addition",), heads=False)
    made = onset_raster(results, conclusions.dynamics)
    assert made.left_out == "1 of 10 arms are not drawn."
    assert len([axes for axes in made.figure.axes if axes.get_visible()]) == 9
