import numpy as np
import pytest

from seedbed.data.grammar.items import MinimalPair
from seedbed.probes.npi_items import in_turn, licensor_before, located
from seedbed.probes.pair_files import read_suite

ITEMS = ("ever", "any", "at all", "yet", "anymore")


def at(good, bad, items=ITEMS):
    return located(MinimalPair("p", good, bad), items)


@pytest.mark.parametrize(
    ("good", "bad", "item", "contrast", "before", "twin"),
    [
        ("no yak has ever slept .", "some yak has ever slept .", "ever", "licensor", "some yak has", ""),
        ("Only Sue has ever slept.", "Sue has only ever slept.", "ever", "scope", "Sue has only", ""),
        ("Had Bruce ever played?", "Bruce had ever played.", "ever", "licensor", "Bruce had", ""),
        ("the yak has slept already .", "the yak has slept yet .", "yet", "item", "the yak has slept", "already"),
        ("the yak slept at once .", "the yak slept at all .", "at all", "item", "the yak slept", "at once"),
        ("he slept nowadays.", "he slept anymore.", "anymore", "item", "he slept", "nowadays"),
        ("no yak sees any plates at all .", "a yak sees any plates at all .", "any", "licensor", "a yak sees", ""),
    ],
)
def test_the_item_its_place_and_what_is_contrasted(good, bad, item, contrast, before, twin):
    found = at(good, bad)
    assert (found.item, found.contrast, found.before_bad, found.twin) == (item, contrast, before, twin)
    if contrast == "item":
        assert found.before_good == before
        assert good.startswith(f"{before} {twin}")
    else:
        assert good.startswith(f"{found.before_good} {item}")


def test_an_item_is_a_whole_word_and_a_pair_without_one_is_none():
    assert at("whatever yak", "however yak") is None
    assert at("no yak has ever slept", "some yak has ever slept", ("yet",)) is None


def test_items_take_turns_as_far_as_there_are_some():
    pairs = [at(f"no {n} {item} x", f"a {n} {item} x") for n, item in enumerate(["ever"] * 4 + ["any"])]
    assert [each.item for each in in_turn(pairs, 4)] == ["any", "ever", "ever", "ever"]
    assert in_turn(pairs, 2) == in_turn(pairs, 4)[:2]


def test_the_rule_of_licensors_is_right_where_one_comes_or_goes_and_has_no_opinion_on_scope():
    pairs = [
        at("no yak has ever slept .", "some yak has ever slept ."),
        at("only the yak that I saw has ever slept .", "the yak that only I saw has ever slept ."),
        at("has the yak ever slept ?", "the yak has ever slept ."),
        at("the yak hasn't slept yet .", "the yak has slept yet ."),
        at("the yak has really slept .", "the yak has ever slept ."),
        at("some yak has ever slept .", "no yak has ever slept ."),
    ]
    assert licensor_before(pairs).tolist() == [1.0, 0.5, 1.0, 1.0, 1.0, 0.0]


BLIMP = {
    "only_npi_licensor_present": ("licensor", 1.0),
    "only_npi_scope": ("scope", 0.5),
    "sentential_negation_npi_licensor_present": ("licensor", 1.0),
    "sentential_negation_npi_scope": ("scope", 0.5),
    "matrix_question_npi_licensor_present": ("licensor", 1.0),
    "npi_present_1": ("item", 1.0),
    "npi_present_2": ("item", 1.0),
}


@pytest.mark.parametrize("paradigm", BLIMP)
def test_blimps_seven_paradigms(paradigm, shared_data):
    """PROTOCOLS 1.5: the rule of licensors scores 1.0 where the licensor comes or goes, .5 on scope."""
    pairs = read_suite(shared_data / "blimp" / f"{paradigm}.jsonl.gz")[paradigm]
    found = [located(pair, ITEMS) for pair in pairs]
    assert len(found) == 1000
    assert {each.contrast for each in found} == {BLIMP[paradigm][0]}
    assert np.mean(licensor_before(found)) == BLIMP[paradigm][1]
