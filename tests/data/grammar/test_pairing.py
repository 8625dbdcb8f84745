from __future__ import annotations

import pytest

from seedbed.data.grammar.options import Layout
from seedbed.errors import RecipeError
from tests.data.grammar.toys import scene, tongue, zoo


def option(grammar, category, rule, twin=None):
    made = Layout(grammar, "either", {}, twin)
    for laid in made.states:
        if laid.state.worded.category == category:
            for each in laid.options:
                if each.rule == rule:
                    return made, each
    raise AssertionError(category)


def test_a_number_is_drawn_by_the_part_that_carries_it_in_either_language():
    meaning = scene()
    for grammar in (meaning, tongue(meaning)):
        _, acting = option(grammar, "Clause", "acting")
        assert [(each.carrier, each.feature) for each in acting.variables if each.feature == "number"] == [
            ("subject", "number")
        ]


def test_parts_that_are_only_worded_have_keys_of_their_own():
    made, plain = option(tongue(scene()), "NounPhrase", "plain")
    article, noun = plain.parts
    assert (article.key, noun.key, noun.heads_word, article.heads_word) == ("article", "noun", True, False)
    assert noun.takes == {"noun": -1} and article.takes == {}
    child = made.states[article.children[0]].state
    assert child.meant == child.worded


def test_what_hangs_on_a_clause_lies_in_it():
    _, relative = option(zoo(), "NounPhrase", "relative")
    assert [(part.name, part.clauses, part.governor) for part in relative.parts] == [
        ("determiner", 0, 1),
        ("noun", 0, None),
        ("that", 1, 3),
        ("clause", 1, 1),
    ]


def test_a_twin_words_the_other_rule_with_the_same_choices():
    grammar = zoo(('marks = ["relative"]', 'marks = ["relative"], twin = "plain"'))
    _, plain = option(grammar, "NounPhrase", "relative", twin="relative")
    assert [part.name for part in plain.parts] == ["determiner", "noun"]
    assert plain.marks == {"relative"} and plain.shown == frozenset()


def test_a_variable_needs_the_noun_whose_feature_it_is():
    meaning = scene()
    with pytest.raises(
        RecipeError, match=r"rules.Clause.acting: gender=\$g is a feature of a noun, and none of article has"
    ):
        Layout(
            tongue(
                meaning,
                ("verb[number=$n]:head", "verb[number=$n]:head article[number=$n,gender=$g,case=nom]:dep"),
                ("subject verb object", "subject verb article object"),
                ("object verb subject", "object verb article subject"),
            ),
            "either",
            {},
            None,
        )


def test_a_word_is_no_phrase_in_another_language():
    meaning = scene()
    with pytest.raises(RecipeError, match=r"part 'noun' is a phrase here and not so in the meaning; call it otherwise"):
        Layout(
            tongue(
                meaning,
                (
                    '\nplain = "article[number,gender,case]:det noun[number]:head"',
                    '\nplain = "noun=Word[number]:head"\n',
                ),
                ("[rules.NounPhrase]", '[rules.Word]\nword = "noun[number]"\n[rules.NounPhrase]'),
            ),
            "either",
            {},
            None,
        )
