import csv
from dataclasses import replace

import numpy as np
import pytest
from planted import planted

from seedbed.pipelines.figures_report import MOST_CURVES, figures_of
from seedbed.pipelines.report import write_report
from seedbed.pipelines.results import Curve


@pytest.fixture(scope="module")
def study():
    return planted((0.0, 0.1, 1.0), 2, probes=("addition", "grammar-agreement"), never=0.3, failed="dose-1.seed-1")


@pytest.fixture(scope="module")
def figures(study):
    return figures_of(*study)


def test_figures_come_in_the_order_in_which_a_person_asks(study, figures):
    headlines = len(study[1].headline_metrics)
    assert [figure.key for figure in figures] == [
        *(f"headline-{k + 1}" for k in range(headlines)),
        "onsets",
        "seeds",
        "dose-1",
        "dose-2",
        "heads-1",
        "train-loss",
    ]


def test_captions_explain_marks_and_say_what_is_left_out(study, figures):
    by_key = {figure.key: figure for figure in figures}
    assert "Filled dots: onsets" in by_key["headline-1"].caption
    assert "onsets" not in by_key["train-loss"].caption
    assert "achieved" not in by_key["dose-1"].caption
    assert "share of center that its mixture really has" in by_key["dose-1"].caption
    results, conclusions = study
    bare = [name for name in results.metric_names if "/head/" not in name and "/loss" not in name]
    many = replace(conclusions, headline_metrics=(bare * 3)[: MOST_CURVES + 2])
    drawn = {figure.key: figure for figure in figures_of(results, many)}
    assert f"headline-{MOST_CURVES + 1}" not in drawn
    assert "Headline metrics without a curve here: 2" in drawn[f"headline-{MOST_CURVES}"].caption
    assert f"Metrics without such a figure here: {len(bare) - 3}." in drawn["dose-3"].caption


@pytest.mark.parametrize("axis", ["bytes", "loss"])
def test_curves_are_aligned_on_the_axis_asked_for(study, axis):
    by_key = {figure.key: figure for figure in figures_of(*study, axis)}
    words = {"bytes": "bytes of text seen", "loss": "training loss"}[axis]
    assert words in by_key["headline-1"].drawn.axes[0].get_xlabel()
    assert words in by_key["headline-1"].caption
    # Training loss against itself would say nothing.
    expected = "updates" if axis == "loss" else "bytes of text seen"
    assert expected in by_key["train-loss"].drawn.axes[0].get_xlabel()


def test_every_figure_is_saved_with_the_numbers_that_it_shows(figures, tmp_path):
    for figure in figures:
        files = figure.save(tmp_path)
        assert [path.name for path in files] == [f"{figure.key}.{kind}" for kind in ("png", "svg", "csv")]
        assert files[1].read_text() == figure.svg
        read = list(csv.DictReader(files[2].read_text().splitlines()))
        assert len(read) == len(figure.drawing.rows) > 0
        for row, drawn in zip(read, figure.drawing.rows, strict=True):
            assert row["what"] == drawn["what"]
            assert row.get("value", "") in ("", str(drawn.get("value")))


def test_the_page_holds_all_of_them_and_stays_small(study, figures, tmp_path):
    page = write_report(*study, tmp_path / "page.html", figures=figures)
    html = page.read_text(encoding="utf-8")
    assert html.count("<figure ") == len(figures)
    assert all(f'id="figure-{figure.key}"' in html for figure in figures)
    assert len(html) < 5_000_000


def test_a_study_without_conclusions_or_finished_runs_has_what_can_be_drawn(study):
    results, conclusions = study
    assert {figure.key for figure in figures_of(results, None)} == {"heads-1", "train-loss"}
    failed = replace(results, runs=[run for run in results.runs if run.status == "FAILED"])
    keys = {figure.key for figure in figures_of(failed, replace(conclusions, dynamics=type(conclusions.dynamics)()))}
    assert keys == {*(f"headline-{k + 1}" for k in range(2)), "train-loss"}
    assert figures_of(replace(results, runs=[]), None) == []


def test_a_metric_that_is_measured_once_has_no_curve(study):
    results, conclusions = study
    runs = []
    for run in results.runs:
        made = replace(run)
        made.__dict__["curves"] = run.curves | {"letters/once": Curve(np.array([1600]), np.array([0.5]))}
        runs.append(made)
    once = replace(conclusions, headline_metrics=["letters/once", conclusions.headline_metrics[0]])
    found = {figure.key: figure for figure in figures_of(replace(results, runs=runs), once)}
    assert found["headline-1"].title == conclusions.headline_metrics[0]
    assert "headline-2" not in found
    assert "letters/once" in {row["metric"] for row in found["seeds"].drawing.rows}
