from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.parse_drawing import ROOT, arc_lanes, draw_parse


def test_a_sentence_is_drawn_as_it_is_read():
    drawn = draw_parse(
        ["the", "newt", "does", "sleep", "."], [1, 3, 3, -1, 3], ["det", "nsubj", "aux", "root", "punct"]
    )
    assert drawn == [
        "the   ─◄┐     det",
        "newt  ──┴──◄┐ nsubj",
        "does  ─◄┐   │ aux",
        "sleep ──┴─┬─┘ root",
        ".     ───◄┘   punct",
    ]


def test_wide_characters_take_two_cells():
    assert draw_parse(["歌手们", "画"], [1, -1], ["nsubj", "root"]) == ["歌手们 ─◄┐ nsubj", "画     ──┘ root"]


def test_one_word_has_no_arc():
    assert draw_parse(["go"], [ROOT], ["root"]) == ["go   root"]


def test_entries_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="one entry per word"):
        draw_parse(["a", "b"], [ROOT], ["root", "x"])


@st.composite
def trees(draw):
    size = draw(st.integers(1, 12))
    order = draw(st.permutations(range(size)))
    heads = [ROOT] * size
    for place in range(1, size):
        heads[order[place]] = order[draw(st.integers(0, place - 1))]
    return heads


@given(trees())
def test_arcs_that_share_a_row_have_lanes_of_their_own(heads):
    lanes = arc_lanes(heads)
    assert set(lanes) == {word for word, head in enumerate(heads) if head != ROOT}
    for row in range(len(heads)):
        here = [lane for word, lane in lanes.items() if min(word, heads[word]) <= row <= max(word, heads[word])]
        assert len(here) == len(set(here))


@given(trees())
def test_every_dependent_has_one_arrow(heads):
    lines = draw_parse(["w"] * len(heads), heads, ["r"] * len(heads))
    assert [line.count("◄") for line in lines] == [int(head != ROOT) for head in heads]
