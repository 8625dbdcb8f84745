import math
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from synthetic import FAILED_RUN, HEADLINES, synthetic_results

from seedbed.pipelines.figure_style import (
    arm_styles,
    chance_of,
    inline_svg,
    is_share,
    save,
    svg_text,
    value_label,
)
from seedbed.pipelines.figures import arm_figure, clause_figure, curve_figure, noise_floor, seeds_text, spread_figure
from seedbed.pipelines.palette import COLORS


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return synthetic_results(tmp_path_factory.mktemp("study"), failed=True)


def lines(figure):
    return [line for axes in figure.axes for line in axes.get_lines()]


def test_every_seeds_trace_is_drawn_with_its_own_values(results):
    drawn = [line.get_ydata().tolist() for line in lines(curve_figure(results, HEADLINES[0]))]
    for run in results.runs:
        assert run.curves[HEADLINES[0]].values.tolist() in drawn


def test_the_mean_leaves_failed_runs_out(results):
    drawn = [line.get_ydata().tolist() for line in lines(curve_figure(results, HEADLINES[0]))]
    held = [run.curves[HEADLINES[0]].values for run in results.of_arm("centered.byte") if run.name != FAILED_RUN]
    assert any(np.allclose(values, np.mean(held, axis=0)) for values in drawn if len(values) == len(held[0]))


def test_a_single_seed_draws_a_mean_and_no_band(tmp_path):
    figure = curve_figure(synthetic_results(tmp_path, (0,)), HEADLINES[0])
    bands = [band for axes in figure.axes for band in axes.collections]
    assert all(np.isnan(path.vertices).any() or not len(path.vertices) for band in bands for path in band.get_paths())
    svg_text(figure)


def test_onsets_are_ticks_and_never_is_none(results):
    with_ticks = curve_figure(
        results, HEADLINES[0], onset_steps={("centered.byte", 0): 320, ("branching.byte", 0): None}
    )
    without = curve_figure(results, HEADLINES[0])
    assert len(lines(with_ticks)) == len(lines(without)) + 1


def test_nothing_is_cut_off_or_overlaps_the_legend(results):
    for figure in (curve_figure(results, HEADLINES[0]), arm_figure(results, "centered.byte", HEADLINES)):
        figure.draw_without_rendering()
        whole = figure.bbox
        legend = figure.legends[0].get_window_extent()
        for axes in figure.axes:
            box = axes.get_tightbbox()
            assert box.x0 >= whole.x0
            assert box.x1 <= whole.x1
            assert box.y1 <= whole.y1
            assert box.y0 >= legend.y1 - 1
        assert legend.x1 <= whole.x1


def test_clauses_have_a_row_per_set_and_a_column_per_kind(results):
    figure = clause_figure(results)
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]
    assert len(titles) == 8
    assert titles[0] == "ood-easy: all items"
    bare = replace(results, runs=[replace(run, folder=run.folder / "nowhere") for run in results.runs])
    assert clause_figure(bare) is None


def test_the_noise_floor_is_the_largest_spread_of_an_arm(results):
    spreads = [
        np.std([run.curves[HEADLINES[0]].last for run in results.of_arm(arm) if run.status == "FINISHED"], ddof=1)
        for arm in results.arms
    ]
    assert noise_floor(results, HEADLINES[0]) == pytest.approx(max(spreads))
    assert math.isnan(noise_floor(replace(results, runs=results.runs[:1]), HEADLINES[0]))


def test_spread_shows_every_finished_seed(results):
    figure = spread_figure(results, HEADLINES[:1])
    shown = [x for line in lines(figure) if line.get_marker() in "os^D" for x in line.get_xdata()]
    assert len(shown) == sum(run.status == "FINISHED" for run in results.runs)


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
    assert chance_of("question-formation/ood-hard/margin") == 0.0
    assert chance_of("bits-per-byte/total") is None
    assert is_share("question-formation/ood-hard/hierarchical")
    assert not is_share("train/loss")
    assert value_label("bits-per-byte/total") == "bits per byte"


def test_files_are_whole_and_the_same_each_time(results, tmp_path):
    first = save(arm_figure(results, "centered.byte", HEADLINES[:1]), tmp_path / "a" / "figure")
    again = save(arm_figure(results, "centered.byte", HEADLINES[:1]), tmp_path / "b" / "figure")
    assert [path.name for path in first] == ["figure.png", "figure.svg"]
    assert first[0].read_bytes().startswith(b"\x89PNG")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_text_of_a_figure_stays_text_and_ids_are_its_own(results):
    svg = inline_svg(svg_text(curve_figure(results, HEADLINES[0])), "one")
    root = ElementTree.fromstring(svg)
    assert HEADLINES[0] in "".join(root.itertext())
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert all(name.startswith("one-") for name in ids)
    assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg)) <= set(ids)


def test_seeds_are_counted_per_arm(results):
    assert seeds_text(results, ["branching.byte"]) == "n = 3 seeds"
    assert seeds_text(results, results.arms) == "n = 2 to 3 seeds"
