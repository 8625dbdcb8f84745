from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from seedbed.data.alignment import parallel
from seedbed.data.scene_pairs import PARADIGMS, PER_PARADIGM, scene_pairs
from seedbed.workbench import Workbench

ROOT = Path(__file__).parents[2]
FILE = ROOT / "probes" / "pairs" / "scenes-agreement.jsonl"
SINGULAR = ("s", "is")


@pytest.mark.slow
def test_the_file_on_the_shelf_is_what_the_command_writes():
    written = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    assert written == list(scene_pairs(Workbench(ROOT)))
    counts = Counter(pair["UID"] for pair in written)
    assert counts == {paradigm.replace(" ", "-"): PER_PARADIGM for paradigm in PARADIGMS}


def test_pairs_differ_in_the_number_of_one_verb_and_both_numbers_are_right_at_times():
    right = Counter()
    for line in FILE.read_text(encoding="utf-8").splitlines():
        pair = json.loads(line)
        good, bad = pair["sentence_good"].split(), pair["sentence_bad"].split()
        ((one, other),) = [(a, b) for a, b in zip(good, bad, strict=True) if a != b]
        assert {one, other} == {"is", "are"} or one.endswith("s") != other.endswith("s"), pair
        assert not {one, other} & {"read", "cut"}
        right[pair["UID"], one.endswith("s")] += 1
    # A place is singular: only plural subjects are told apart from it.
    assert right["across-a-place", True] == 0
    assert all(right[uid, True] > 20 for uid, _ in right if uid != "across-a-place")
    assert all(right[uid, False] > 20 for uid, _ in right)


def test_no_training_corpus_has_a_sentence_of_the_pairs():
    good = {json.loads(line)["sentence_good"] for line in FILE.read_text(encoding="utf-8").splitlines()}
    trained = {each.text("scenes") for each in parallel(["scenes"], 0, 4_000, workbench=Workbench(ROOT))}
    assert not good & trained
