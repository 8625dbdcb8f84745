from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from seedbed.pipelines.direct_labels import LineEnd, apart, label_ends


def test_places_that_are_apart_stay():
    assert apart([0, 20, 40], 10).tolist() == [0, 20, 40]


def test_two_at_one_place_move_half_each():
    assert apart([5, 5], 10).tolist() == [0, 10]
    assert apart([], 10).tolist() == []


@settings(max_examples=60)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=12))
def test_all_are_apart_in_their_order_and_their_middle_stays(places):
    moved = apart(places, 7)
    order = np.argsort(places, kind="stable")
    assert np.all(np.diff(moved[order]) >= 7 - 1e-9)
    assert moved.mean() == pytest.approx(np.mean(places), abs=1e-9)


def test_labels_do_not_cover_each_other():
    axes = Figure(figsize=(4, 3)).add_subplot()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    label_ends(axes, [LineEnd(1, y, name, "black") for y, name in ((0.5, "one"), (0.5, "two"), (0.51, "three"))])
    axes.figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: box.y0)
    assert [text.get_text() for text in axes.texts] == ["one", "two", "three"]
    assert all(low.y1 <= high.y0 + 3 for low, high in pairwise(boxes))
