import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from synthetic import FAILED_RUN, HEADLINES, synthetic_results

from seedbed.pipelines.figure_style import inline_svg, save, svg_text
from seedbed.pipelines.figures import arm_figure, clause_figure


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return synthetic_results(tmp_path_factory.mktemp("study"), failed=True)


def lines(drawing):
    return [line for axes in drawing.figure.axes for line in axes.get_lines()]


def test_every_seeds_trace_is_drawn_with_its_own_values_and_the_mean_leaves_failed_runs_out(results):
    drawing = arm_figure(results, "centered.byte", HEADLINES[:1])
    drawn = [line.get_ydata().tolist() for line in lines(drawing)]
    runs = results.of_arm("centered.byte")
    for run in runs:
        assert run.curves[HEADLINES[0]].values.tolist() in drawn
    mean = np.mean([run.curves[HEADLINES[0]].values for run in runs if run.name != FAILED_RUN], axis=0)
    assert any(np.allclose(values, mean) for values in drawn if len(values) == len(mean))
    assert [row["value"] for row in drawing.of("mean")] == pytest.approx(mean.tolist())
    assert len(drawing.of("seed")) == sum(len(run.curves[HEADLINES[0]].steps) for run in runs)


def test_nothing_is_cut_off_or_overlaps_the_legend(results):
    for drawing in (arm_figure(results, "centered.byte", HEADLINES), clause_figure(results)):
        drawing.figure.draw_without_rendering()
        whole = drawing.figure.bbox
        legend = drawing.figure.legends[0].get_window_extent()
        for axes in drawing.figure.axes:
            box = axes.get_tightbbox()
            if box is None:
                continue
            assert box.x0 >= whole.x0
            assert box.x1 <= whole.x1
            assert box.y1 <= whole.y1
            assert box.y0 >= legend.y1 - 1
        assert legend.x1 <= whole.x1


def test_clauses_have_a_row_per_set_and_a_column_per_kind(results):
    drawing = clause_figure(results)
    titles = [axes.get_title(loc="left") for axes in drawing.figure.axes if axes.get_visible()]
    assert len(titles) == 8
    assert titles[0] == "ood-easy: all items"
    assert {row["metric"] for row in drawing.rows} == {
        f"question-formation/{name}{kind}/hierarchical"
        for name in ("ood-easy", "ood-hard")
        for kind in ("", ".rc-o", ".rc-si", ".rc-st")
    }
    bare = replace(results, runs=[replace(run, folder=run.folder / "nowhere") for run in results.runs])
    assert clause_figure(bare) is None


def test_files_are_whole_and_the_same_each_time(results, tmp_path):
    first = save(arm_figure(results, "centered.byte", HEADLINES[:1]).figure, tmp_path / "a" / "figure")
    again = save(arm_figure(results, "centered.byte", HEADLINES[:1]).figure, tmp_path / "b" / "figure")
    assert [path.name for path in first] == ["figure.png", "figure.svg"]
    assert first[0].read_bytes().startswith(b"\x89PNG")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_text_of_a_figure_stays_text_and_ids_are_its_own(results):
    svg = inline_svg(svg_text(arm_figure(results, "centered.byte", HEADLINES[:1]).figure), "one")
    root = ElementTree.fromstring(svg)
    shown = "".join(root.itertext())
    assert all(part in shown for part in HEADLINES[0].split("/"))
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert all(name.startswith("one-") for name in ids)
    assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg)) <= set(ids)


def test_places_on_the_page_are_cut_and_words_are_not(results):
    drawing = arm_figure(results, "centered.byte", HEADLINES[:1])
    drawing.figure.axes[0].set_title("one third is 0.33333")
    svg = svg_text(drawing.figure)
    on_page = inline_svg(svg, "one")
    assert "0.33333" in on_page
    assert re.search(r' d="[^"]*\.\d{4}', svg)
    assert not re.search(r' d="[^"]*\.\d{3}', on_page)
    assert len(on_page) < 0.85 * len(svg)
