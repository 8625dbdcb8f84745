from dataclasses import replace

import numpy as np
import pytest
from planted import HEADS, LAYERS, STEPS, planted

from seedbed.pipelines.figure_style import svg_text
from seedbed.pipelines.figures_heads import MOST_HEADS, HeadFamily, head_families, heads_figure
from seedbed.pipelines.results import Curve

FAMILY = HeadFamily("attention-syntax", "accuracy")


@pytest.fixture(scope="module")
def results():
    return planted((0.0, 1.0), 3, probes=("addition",), failed="dose-1.seed-2")[0]


@pytest.fixture(scope="module")
def drawing(results):
    made = heads_figure(results, FAMILY)
    made.figure.draw_without_rendering()
    return made


def meshes(drawing):
    return [mesh for axes in drawing.figure.axes for mesh in axes.collections if axes.get_title(loc="left")]


def test_families_are_read_off_the_names_of_metrics():
    found = head_families(
        ["a/head/1.10/prefix", "a/head/1.2/prefix", "a/head/0.3/prefix", "b/head/0.0/x-row-accuracy", "a/heads/prefix"]
    )
    assert list(found) == [HeadFamily("a", "prefix"), HeadFamily("b", "x-row-accuracy")]
    assert list(found[HeadFamily("a", "prefix")]) == [(0, 3), (1, 2), (1, 10)]


def test_cells_are_the_means_of_finished_seeds_layer_by_layer(results, drawing):
    for arm, mesh in zip(results.arms, meshes(drawing), strict=True):
        runs = [run for run in results.of_arm(arm) if run.status == "FINISHED"]
        expected = [
            np.mean([run.curves[f"attention-syntax/head/{layer}.{head}/accuracy"].values for run in runs], axis=0)
            for layer in range(LAYERS)
            for head in range(HEADS)
        ]
        assert np.asarray(mesh.get_array()) == pytest.approx(np.array(expected))
        rows = [each["value"] for each in drawing.of("cell") if each["arm"] == arm]
        assert np.reshape(rows, (LAYERS * HEADS, len(STEPS))) == pytest.approx(np.array(expected))
    assert len({(mesh.norm.vmin, mesh.norm.vmax) for mesh in meshes(drawing)}) == 1


def test_every_step_lies_in_its_own_cell_on_the_axis_of_updates(drawing):
    mesh = meshes(drawing)[0]
    edges = mesh.get_coordinates()[0, :, 0]
    assert np.all(np.diff(edges) > 0)
    assert np.all((edges[:-1] <= STEPS) & (edges[1:] > STEPS))
    assert mesh.axes.get_xscale() == "symlog"


def test_the_best_head_is_named_beside_its_row_inside_the_figure(results, drawing):
    panels = [mesh.axes for mesh in meshes(drawing)]
    for arm, axes in zip(results.arms, panels, strict=True):
        (best,) = [each for each in drawing.of("best") if each["arm"] == arm]
        assert (best["layer"], best["head"]) == (1, 2)
        (text,) = axes.texts
        assert text.get_text() == f"◀ 1.2: {best['value']:.2f}"
        assert text.xy[1] == 6
        assert text.get_window_extent().x1 <= drawing.figure.bbox.x1
        assert axes.get_title(loc="left") == arm


def test_a_single_step_more_arms_and_heads_than_fit_and_none(results):
    runs = []
    for number in range(5):
        run = replace(
            results.runs[0], arm=f"arm-{number}", name=f"arm-{number}.seed-0", factors={"mixture": str(number)}
        )
        run.__dict__["curves"] = {
            f"induction/head/{layer}.{head}/prefix": Curve(np.array([5]), np.array([0.01 * layer + 0.001 * head]))
            for layer in range(6)
            for head in range(10)
        }
        runs.append(run)
    made = heads_figure(replace(results, runs=runs), HeadFamily("induction", "prefix"))
    assert made.left_out == "1 of 5 arms are not drawn. 12 of 60 heads (the lowest) are not drawn."
    assert len(made.of("cell")) == 4 * MOST_HEADS
    assert min((each["layer"], each["head"]) for each in made.of("cell")) == (1, 2)
    svg_text(made.figure)
    assert heads_figure(results, HeadFamily("nothing", "prefix")) is None
    failed = replace(results, runs=[run for run in results.runs if run.status == "FAILED"])
    assert heads_figure(failed, FAMILY) is None
