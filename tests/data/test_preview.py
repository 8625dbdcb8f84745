from __future__ import annotations

import json

from seedbed.data.preview import construction_shares, preview
from seedbed.data.recipes import Component, Files, Grammar


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


def test_the_parse_is_drawn_below_the_document(build):
    stored, _ = build(Component("g", Grammar("english", task="copy", documents=60)))
    row = preview(stored, 1)[0]
    assert [line.split()[0] for line in row.parse] == row.text.split()
    assert sum(line.endswith(" root") for line in row.parse) == 1
    assert row.parse[0] in str(row)


def test_answers_and_constructions_are_shown(build, tmp_path):
    lines = [
        {"text": f"naïve {n} plus 1 is {n + 1}", "answer_start": 19, "answer_end": 19 + len(str(n + 1)), "n": n}
        for n in range(10)
    ]
    lines = [line | {"constructions": ["sum", "odd"] if line["n"] % 5 == 0 else ["sum"]} for line in lines]
    (tmp_path / "sums.jsonl").write_text("\n".join(map(json.dumps, lines)))
    stored, _ = build(Component("sums", Files(str(tmp_path / "sums.jsonl")), heldout_share=0))
    rows = preview(stored, 10)
    assert {row.answer for row in rows} == {str(n + 1) for n in range(10)}
    assert {row.labels["constructions"] for row in rows} == {"sum", "sum+odd"}
    assert construction_shares(stored) == {"sum": 1.0, "odd": 0.2}
