from __future__ import annotations

from seedbed.data.preview import preview
from seedbed.data.recipes import Component, Grammar


def test_the_first_rows_with_their_labels(build):
    stored, _ = build(Component("g", Grammar("english", task="copy", subject="relative clause", documents=60)))
    rows = preview(stored, 3)
    assert [row.text for row in rows] == stored.texts(range(3))
    assert [row.total_bytes for row in rows] == stored.bytes[:3].tolist()
    assert {row.labels["task"] for row in rows} == {"copy"}
    assert rows[0].labels["subject_rc"] in ("o", "si", "st")
    assert rows[0].text in str(rows[0])
    assert "construction det noun" in str(rows[0])


def test_fewer_where_there_are_fewer_and_held_out_ones_marked(build):
    stored, _ = build(Component("g", Grammar("english", documents=60), heldout_share=0.1))
    rows = preview(stored, 1_000)
    assert len(rows) == 60
    assert [row.heldout for row in rows] == [False] * 54 + [True] * 6
