from __future__ import annotations

import pytest

from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.hashing import sentence_is_held_out
from seedbed.data.grammar.items import parse_item
from seedbed.data.grammar.pairs import PARADIGMS, agreement_pairs
from seedbed.workbench import Workbench

OTHER = {"do": "does", "does": "do", "don't": "doesn't", "doesn't": "don't"}
PER = 60


@pytest.fixture(scope="module")
def english():
    return load_grammar("english", Workbench())


@pytest.fixture(scope="module")
def pairs():
    return agreement_pairs(PER, seed=1)


def test_paradigms_one_after_another(pairs):
    assert [pair.paradigm for pair in pairs] == [paradigm.name for paradigm in PARADIGMS for _ in range(PER)]
    assert len({(pair.paradigm, pair.good) for pair in pairs}) == len(pairs)


def test_good_and_bad_differ_in_one_auxiliary_of_the_other_number(pairs, english):
    for pair in pairs:
        good, bad = pair.good.split(), pair.bad.split()
        different = [i for i in range(len(good)) if good[i] != bad[i]]
        assert len(good) == len(bad)
        assert len(different) == 1
        assert bad[different[0]] == OTHER[good[different[0]]]
        assert sentence_is_held_out(good, english.held_out.share)


def test_what_stands_before_the_auxiliary(pairs, english):
    nouns_ = english.lexicon["noun"].concepts
    number = {english.form("noun", noun, number=n): int(n == "pl") for noun in nouns_ for n in ("sg", "pl")}
    plural = {"do": 1, "don't": 1, "does": 0, "doesn't": 0}
    for pair in pairs:
        good, bad = pair.good.split(), pair.bad.split()
        at = next(i for i in range(len(good)) if good[i] != bad[i])
        nouns = [number[word] for word in good[:at] if word in number]
        last, wanted = nouns[-1], plural[good[at]]
        match pair.paradigm:
            case "agreement_plain":
                assert (at, nouns) == (2, [wanted])
            case "agreement_prepositional_attractor" | "agreement_relative_attractor":
                assert (nouns[0], last) == (wanted, 1 - wanted)
                assert (good[2] in ("who", "that")) == pair.paradigm.startswith("agreement_relative")
            case "agreement_in_subject_relative":
                assert (at, good[2] in ("who", "that"), last) == (3, True, wanted)
            case "agreement_in_object_relative":
                assert (nouns, good[2] in ("who", "that")) == ([1 - wanted, wanted], True)


def test_a_good_sentence_is_one_of_the_grammar(pairs):
    for pair in pairs[::20]:
        words = pair.good.split()
        # The parser needs the question too; front each auxiliary until one is the main one.
        fronts = [i for i, word in enumerate(words) if word in OTHER]
        questions = [" ".join([words[i], *words[:i], *words[i + 1 : -1], "?"]) for i in fronts]
        assert any(parse_item(pair.good, question).declarative == pair.good for question in questions[-1:] + questions)


def test_more_of_a_seed_begin_the_same(pairs):
    assert agreement_pairs(10, seed=1)[:10] == pairs[:10]
    assert agreement_pairs(10, seed=2)[:10] != pairs[:10]
