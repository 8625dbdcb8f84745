from dataclasses import replace

import numpy as np
import pytest
from planted import planted

from seedbed.pipelines.figure_style import svg_text
from seedbed.pipelines.figures_dose import dose_figure, find_doses
from seedbed.pipelines.palette import COLORS
from seedbed.pipelines.results import MixtureRow, StudyResults

METRIC = "addition/all/exact"
DOSES = (0.0, 0.1, 1.0)


def mixtures(**shares):
    rows = [
        MixtureRow(name, component, share, share, 1, 1, 1, 1.0, 1.0, 1.0)
        for name, parts in shares.items()
        for component, share in parts.items()
    ]
    return StudyResults("s", "", [], rows, [])


def test_a_dose_is_the_smaller_part_of_two_that_trade_places():
    found = find_doses(planted(DOSES, 2, probes=("addition",), heads=False)[0])
    assert (found.component, found.partner) == ("center", "branching")
    assert list(found.shares) == ["dose-0", "dose-0.1", "dose-1"]
    assert list(found.shares.values()) == pytest.approx([0, 0.0604, 0.6004]), "achieved shares, not those asked for"


def test_mixtures_that_differ_in_more_than_the_dose_are_no_part_of_the_series():
    found = find_doses(
        mixtures(
            a={"base": 0.4, "x": 0.0, "rest": 0.6},
            b={"base": 0.4, "x": 0.1, "rest": 0.5},
            c={"base": 0.4, "x": 0.3, "rest": 0.3},
            other={"base": 0.4, "x": 0.2, "else": 0.4},
        )
    )
    assert (found.component, found.partner, list(found.shares)) == ("x", "rest", ["a", "b", "c"])


def test_one_component_may_dilute_all_others():
    found = find_doses(
        mixtures(
            a={"x": 0.0005, "one": 0.49975, "two": 0.49975},
            b={"x": 0.01, "one": 0.495, "two": 0.495},
            c={"x": 0.2, "one": 0.4, "two": 0.4},
        )
    )
    assert (found.component, found.partner, list(found.shares)) == ("x", "", ["a", "b", "c"])


@pytest.mark.parametrize(
    "parts",
    [
        {"a": {"x": 1.0}},
        {"a": {"x": 1.0}, "b": {"y": 1.0}},
        {"a": {"x": 1.0}, "b": {"y": 1.0}, "c": {"z": 1.0}},
        {"a": {"x": 0.5, "y": 0.5}, "b": {"x": 0.1, "y": 0.9}, "c": {"x": 0.1005, "y": 0.8995}},
    ],
)
def test_fewer_than_three_doses_are_no_series(parts):
    assert find_doses(mixtures(**parts)) is None
    assert dose_figure(mixtures(**parts), METRIC) is None


@pytest.fixture(scope="module")
def results():
    return planted(
        DOSES, 3, tokenizers=("bpe-512", "byte"), probes=("addition",), heads=False, failed="dose-0.1.byte.seed-2"
    )[0]


@pytest.fixture(scope="module")
def drawing(results):
    made = dose_figure(results, METRIC)
    made.figure.draw_without_rendering()
    return made


def test_every_finished_seed_is_a_dot_at_its_achieved_dose(results, drawing):
    (axes,) = drawing.figure.axes
    dots = [
        xy for line in axes.get_lines() if line.get_marker() == "o" for xy in np.column_stack(line.get_data()).tolist()
    ]
    finished = [run for run in results.runs if run.status == "FINISHED"]
    share = {"dose-0": 0.0, "dose-0.1": 0.0604, "dose-1": 0.6004}
    expected = [[share[run.factors["mixture"]], run.curves[METRIC].last] for run in finished]
    assert len(dots) == len(finished) == 17
    assert np.array(sorted(dots)) == pytest.approx(np.array(sorted(expected)))
    assert sorted([row["share"], row["value"]] for row in drawing.of("seed")) == sorted(dots)


def test_there_is_a_line_of_means_per_level_of_the_other_factor(results, drawing):
    (axes,) = drawing.figure.axes
    means = [line for line in axes.get_lines() if line.get_marker() == "_"]
    for line, level, color in zip(means, ("bpe-512", "byte"), COLORS, strict=False):
        expected = [
            np.mean(
                [
                    run.curves[METRIC].last
                    for run in results.runs
                    if run.status == "FINISHED"
                    and run.factors["tokenizer"] == level
                    and run.factors["mixture"] == mixture
                ]
            )
            for mixture in ("dose-0", "dose-0.1", "dose-1")
        ]
        assert line.get_ydata() == pytest.approx(expected)
        assert line.get_color() == color
        assert [row["value"] for row in drawing.of("mean") if row["levels"] == level] == pytest.approx(expected)
    labels = list(axes.texts)
    assert {text.get_text() for text in labels} == {"bpe-512", "byte"}
    boxes = sorted((text.get_window_extent() for text in labels), key=lambda box: box.y0)
    assert boxes[0].y1 <= boxes[1].y0 + 2
    assert max(box.x1 for box in boxes) <= drawing.figure.bbox.x1


def test_the_axis_says_the_component_and_is_logarithmic_where_doses_span_much(drawing):
    (axes,) = drawing.figure.axes
    assert axes.get_xlabel() == "achieved share of center in bytes\n(in place of branching, log scale)"
    assert axes.get_xscale() == "symlog"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0 %", "6.04 %", "60 %"]
    near, _ = planted((0.5, 0.7, 1.0), 1, probes=("addition",), heads=False)
    made = dose_figure(near, METRIC)
    assert made.figure.axes[0].get_xscale() == "linear"
    assert np.isnan([row["lower"] for row in made.of("mean")]).all()
    svg_text(made.figure)


def test_a_metric_that_no_run_has_gives_none(results):
    assert dose_figure(results, "nothing") is None
    assert dose_figure(replace(results, runs=[]), METRIC) is None
