from __future__ import annotations

import pytest

from seedbed.data.grammar.options import Layout
from seedbed.errors import RecipeError
from tests.data.grammar.toys import scene, tongue, zoo


def layout(grammar, task="either", select=None, **more):
    selections = {name: grammar.selectors[name][value] for name, value in (select or {}).items()}
    return Layout(grammar, task, selections, None, **more)


def states(made, category):
    return [laid for laid in made.states if laid.state.worded.category == category]


def test_states_are_phrases_with_the_features_they_use():
    made = layout(zoo())
    found = {str(laid.state.worded) for laid in states(made, "NounPhrase")}
    closed = {f"NounPhrase[depth={depth},number={number}]" for depth in range(3) for number in ("sg", "pl")}
    # The object's number is still to be drawn.
    assert found == closed | {f"NounPhrase[depth={depth}]" for depth in range(3)}
    deepest = [laid for laid in states(made, "NounPhrase") if laid.state.worded.value("depth") == "2" and laid.options]
    assert all([option.rule for option in laid.options] == ["plain"] for laid in deepest)


def test_agreement_is_one_variable_for_all_that_name_it():
    made = layout(zoo(), "copy")
    (sentence,) = states(made, "Sentence")
    option = sentence.options[0]
    assert [variable.feature for variable in option.variables] == ["number"]
    subject, auxiliary = option.parts[0], option.parts[1]
    for outcome in range(2):
        number = made.states[subject.children[outcome]].state.worded.value("number")
        assert made.states[auxiliary.children[outcome]].state.worded.value("number") == number


def test_a_part_worded_like_another_follows_it():
    (document,) = states(layout(zoo(), "question"), "Document")
    first, quest, second = document.options[0].parts
    assert (first.follows, quest.follows, second.follows) == (None, None, 0)
    assert (second.name, second.key) == ("second", "first")


def test_selectors_leave_rules_where_they_say():
    made = layout(zoo(), select={"subject": "relative"})
    at_subject = [laid for laid in states(made, "NounPhrase") if laid.state.worded.rules]
    assert {option.rule for laid in at_subject for option in laid.options} == {"relative"}
    others = [laid for laid in states(made, "NounPhrase") if not laid.state.worded.rules]
    assert {option.rule for laid in others for option in laid.options} == {"plain", "relative"}


def test_a_noun_is_drawn_with_its_gender_where_the_phrase_begins():
    made = layout(tongue(scene()))
    open_ = [laid for laid in states(made, "NounPhrase") if laid.draws is not None and laid.draws.concepts is not None]
    assert open_
    for laid in open_:
        assert [concept for concept, _, _ in laid.draws.concepts] == [0, 1, 2, 3]
        assert sorted(laid.draws.weights) == [1, 1, 2]  # two of four nouns are feminine
        assert all("noun" in made.states[then].state.chosen for then in laid.then)


def test_a_feature_of_the_meaning_is_drawn_with_the_meanings_weights():
    made = layout(tongue(scene()))
    (clause,) = states(made, "Clause")
    (number,) = [variable for variable in clause.options[0].variables if variable.feature == "number"]
    assert number.weights == (3, 1)


def test_banned_words_are_never_drawn():
    made = layout(tongue(scene()), banned={"noun": ("sun", "cat")})
    drawn = [laid.draws for laid in made.states if laid.draws is not None and laid.draws.concepts is not None]
    assert all([concept for concept, _, _ in each.concepts] == [0, 3] for each in drawn)


def test_a_state_without_rules_is_refused():
    with pytest.raises(RecipeError, match=r"rules.Document: no rule can be used where Document\[mode=copy\] stands"):
        layout(zoo(('copy     = { when = "mode=copy"', 'copy     = { when = "mode=question"')), "copy")


def test_no_task_with_a_share():
    with pytest.raises(RecipeError, match="all shares are 0"):
        layout(zoo(("share = 0.6", "share = 0"), ("share = 0.4", "share = 0")))
