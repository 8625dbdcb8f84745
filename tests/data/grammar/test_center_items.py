import pytest

from seedbed.data.grammar.center_items import center_items, forms_by_number
from seedbed.data.grammar.hashing import sentence_is_held_out
from seedbed.errors import RecipeError

PLURAL = ("newts", "orangutans", "peacocks", "quails", "ravens", "salamanders", "tyrannosauruses", "unicorns")
PLURAL += ("vultures", "walruses", "xylophones", "yaks", "zebras")


def items(depth, count=12, seed=0):
    return center_items("english", "center", "auxiliary", depth, count, seed)


@pytest.mark.parametrize("depth", [1, 3, 5])
def test_verbs_agree_with_nouns_in_mirror_order_and_sentences_are_held_out(depth):
    found = items(depth)
    assert len({item.words for item in found}) == 12
    for item in found:
        nouns = [
            item.words[place + 1] in PLURAL for place in range(len(item.words)) if item.words[place] in DETERMINERS
        ]
        assert len(nouns) == len(item.places) == depth + 1
        assert list(item.plural) == nouns[::-1]
        for place, plural in zip(item.places, item.plural, strict=True):
            assert item.words[place] in (("do", "don't") if plural else ("does", "doesn't"))
        assert item.words[-1] == "."
        if depth < 5:
            assert sentence_is_held_out(item.words, 0.05)


DETERMINERS = ("the", "some", "my", "your", "our", "her")


def test_a_shorter_list_is_a_prefix():
    assert items(2, 5) == items(2, 9)[:5]
    assert items(2, 5) != items(2, 5, seed=1)


def test_forms_by_number_leave_out_those_of_both():
    assert forms_by_number("english", "auxiliary") == (["does", "doesn't"], ["do", "don't"])
    singular, plural = forms_by_number("english_broad", "have")
    assert (singular, plural) == (["has", "hasn't"], ["have", "haven't"])
    with pytest.raises(RecipeError, match="did you mean 'auxiliary'"):
        forms_by_number("english", "auxilary")
    with pytest.raises(RecipeError, match="shows its number"):
        forms_by_number("english", "preposition")
