from __future__ import annotations

from seedbed.data.recipes import Component, Files
from seedbed.data.transforms.counts import transform_counts
from seedbed.data.transforms.recipes import DashStyle, LetterCase


def test_counts_of_a_built_component_are_added_up_block_by_block(build, jsonl):
    texts = [f"Item {number} -- one, two, three" for number in range(50)]
    steps = [Files(jsonl("a.jsonl", texts)), DashStyle("spaced en dash", plant=0.5), LetterCase("lower")]
    stored, _ = build(Component("c", steps))
    dashes, case = transform_counts(stored)
    assert (dashes.name, dashes.documents, dashes.counts["sites"]) == ("dash style", 50, 50)
    assert dashes.counts["could_be_planted"] == 100
    assert dashes.requested_share == 0.5
    assert dashes.achieved_share == 0.5  # one of two in every document
    assert str(dashes) == (
        "dash style: 50 documents, could be planted 100, planted 50, sites 50; planted share asked 50.00%, got 50.00%"
    )
    assert (case.name, case.counts["recased"], case.achieved_share) == ("letter case", 50, None)
    assert str(case) == "letter case: 50 documents, letters 750, recased 50"


def test_a_component_without_transforms_has_none(build, jsonl):
    assert transform_counts(build(Component("c", Files(jsonl("a.jsonl", ["x", "y"]))))[0]) == []
