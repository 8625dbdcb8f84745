from __future__ import annotations

import pytest

from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.hashing import sentence_is_held_out
from seedbed.data.grammar.tense_items import TENSE_SETS, tense_items, tense_pairs
from seedbed.errors import UnknownNameError
from seedbed.workbench import Workbench

COUNT = 60
PLURAL = ("newts", "orangutans", "peacocks", "quails", "ravens", "salamanders", "tyrannosauruses", "unicorns")
PLURAL += ("vultures", "walruses", "xylophones", "yaks", "zebras")
SINGULAR = ("newt", "orangutan", "peacock", "quail", "raven", "salamander", "tyrannosaurus", "unicorn", "vulture")
SINGULAR += ("walrus", "xylophone", "yak", "zebra")


@pytest.fixture(scope="module")
def items():
    return {name: tense_items(name, COUNT, seed=1) for name in TENSE_SETS}


def nouns(words):
    return [word in PLURAL for word in words if word in PLURAL + SINGULAR]


@pytest.mark.parametrize("name", TENSE_SETS)
def test_items_are_distinct_held_out_and_agree_with_their_subject(items, name):
    share = load_grammar("english_tense", Workbench()).held_out.share
    assert len({item.past for item in items[name]}) == COUNT
    for item in items[name]:
        past, present = item.past.split(), item.present.split()
        assert sentence_is_held_out(past, share)
        assert len(past) == len(present)
        is_plural = nouns(present)[0]
        assert present[item.verb].endswith("s") is not is_plural
        assert item.wrong.endswith("s") is is_plural
        assert {past[i] == present[i] for i in range(len(past)) if past[i] in PLURAL + SINGULAR} == {True}


def test_agree_with_the_last_noun_is_always_right_in_training_and_never_on_the_test(items):
    """PROTOCOLS 1.2."""
    for name in TENSE_SETS:
        for item in items[name]:
            before = item.present.split()[: item.verb]
            assert item.last.endswith("s") is not nouns(before)[-1]
            assert (item.last == item.present.split()[item.verb]) is (name == "in-distribution")


def test_what_stands_between_subject_and_verb(items):
    for item in items["ood-pp"]:
        assert item.verb == 5
        assert item.past.split()[2] not in ("who", "that")
    for i, item in enumerate(items["ood-rc"]):
        words = item.past.split()
        assert item.verb == 6
        assert words[2] in ("who", "that")
        assert (words[3] in ("the", "some", "my", "your", "our", "her")) is (i % 2 == 0)  # o and st take turns
    assert {item.subject_kind for item in items["in-distribution"]} == {"plain", "pp", "rc"}


def test_a_shorter_list_is_a_prefix_and_a_seed_counts(items):
    assert tense_items("ood-rc", 20, seed=1) == items["ood-rc"][:20]
    assert tense_items("ood-rc", 20, seed=2) != items["ood-rc"][:20]


def test_pairs_are_documents_that_differ_in_the_main_verb(items):
    pairs = tense_pairs(COUNT, seed=1)
    assert [pair.paradigm for pair in pairs] == [f"tense_{name}" for name in TENSE_SETS for _ in range(COUNT)]
    for pair, item in zip(pairs, [item for name in TENSE_SETS for item in items[name]], strict=True):
        assert pair.good == f"{item.past} PRESENT {item.present}"
        good, bad = pair.good.split(), pair.bad.split()
        assert [i for i in range(len(good)) if good[i] != bad[i]] == [len(item.past.split()) + 1 + item.verb]


def test_an_unknown_set():
    with pytest.raises(UnknownNameError, match="did you mean 'ood-rc'"):
        tense_items("ood_rc", 3, seed=0)
