from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.transforms.edits import (
    Edit,
    Moved,
    answer_characters,
    carry_marks,
    edited,
    mark_answer,
    undoing,
    word_spans,
)


@st.composite
def texts_with_edits(draw):
    text = draw(st.text(alphabet="ab -é\n", max_size=30))
    borders = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    borders = borders[: len(borders) // 2 * 2]
    news = draw(st.lists(st.text(alphabet="xy z", max_size=4), min_size=8, max_size=8))
    return text, [Edit(a, b, new) for a, b, new in zip(borders[::2], borders[1::2], news, strict=False)]


@given(texts_with_edits())
def test_edits_are_undone_by_their_inverses(made):
    text, edits = made
    new = edited(text, edits)
    assert edited(new, undoing(text, edits)) == text


@given(texts_with_edits())
def test_characters_outside_edits_are_found_again(made):
    text, edits = made
    new, moved = edited(text, edits), Moved(edits)
    for place, character in enumerate(text):
        if not any(edit.start <= place < edit.end for edit in edits):
            assert new[moved.border(place, begins=True)] == character
            assert new[moved.border(place + 1, begins=False) - 1] == character


def test_words_of_a_parse_keep_their_number_where_white_space_parts_others():
    text, edits = "it is 1234 or -- x", [Edit(6, 10, "1 2 3 4"), Edit(13, 17, "\u2014")]
    metadata = {"heads": [2, 2, -1, 2, 2, 2], "answer_start": 6, "answer_end": 10}
    new = edited(text, edits)
    assert new == "it is 1 2 3 4 or\u2014x"
    carry_marks(text, new, edits, metadata)
    spans = word_spans(new, metadata)
    assert [new[slice(*span)] for span in spans] == ["it", "is", "1 2 3 4", "or", "\u2014", "x"]
    assert new.encode()[metadata["answer_start"] : metadata["answer_end"]] == b"1 2 3 4"
    carry_marks(new, text, undoing(text, edits), metadata)
    assert metadata == {"heads": [2, 2, -1, 2, 2, 2], "answer_start": 6, "answer_end": 10}


def test_answers_are_bytes_in_the_catalogue_and_characters_here():
    metadata: dict[str, int] = {}
    mark_answer("über öl", (5, 7), metadata)
    assert metadata == {"answer_start": 6, "answer_end": 9}
    assert answer_characters("über öl", metadata) == (5, 7)
    assert answer_characters("über öl", {}) is None
