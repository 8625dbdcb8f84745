from __future__ import annotations

import pytest

from seedbed.data.grammar.notation import Given, Place, parse_condition, parse_parts, parse_rule
from seedbed.errors import RecipeError

PLACE = Place("data/grammars/x.toml", "rules.Clause.one")


def test_a_part_says_name_category_features_relation_and_what_it_hangs_on():
    subject, quest, verb, like = parse_parts(
        PLACE,
        "subject=NounPhrase[number=$n, case=nom, depth=next, gender]:nsubj:pass 'doesn't':aux>like verb:head "
        "like=NounPhrase[case=acc]~subject:obl",
    )
    assert (subject.name, subject.category, subject.relation, subject.head) == (
        "subject",
        "NounPhrase",
        "nsubj:pass",
        None,
    )
    assert subject.features == (
        Given("number", "variable", "n"),
        Given("case", "fixed", "nom"),
        Given("depth", "next"),
        Given("gender", "own"),
    )
    assert subject.is_phrase and not verb.is_phrase
    assert (quest.text, quest.name, quest.head, quest.is_phrase) == ("doesn't", "doesn't", "like", False)
    assert (like.like, verb.relation) == ("subject", "head")


def test_left_out_relations_and_names():
    first, second, stop, noun = parse_parts(PLACE, "'a' 'a' '.' noun:head")
    assert [part.name for part in (first, second, stop, noun)] == ["a", "a#2", ".", "noun"]
    assert [part.relation for part in (first, second, stop, noun)] == ["dep", "dep", "punct", "head"]
    (only,) = parse_parts(PLACE, "noun")
    assert only.relation == "head"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("noun[number verb:head", "'noun[number' is not written name=category[features]~other:relation>sibling"),
        ("noun:nsubj verb:obj", "has no head; write :head after exactly one part"),
        ("noun:head verb:head", "has 2 heads"),
        ("noun:det noun:head", "two parts are called 'noun'; name one of them, name=noun"),
        ("one=noun:det>too two=noun:head", "no part is called 'too'; did you mean 'two'?"),
        ("a=noun:det>b b=noun:det>a c=verb:head", "depends on itself"),
        ("a=noun:det>a c=verb:head", "refers to itself"),
        ("a=noun~b:det b=noun~c:det c=noun:head", "is like 'b', which is like 'c'; name that one"),
        ("a=noun[number,number=sg]:head", "gives a feature twice"),
        ("a=noun[number==sg]:head", "is not written feature, feature=value"),
        ("a=noun:head>b b=noun", "is the head and depends on 'b'"),
        (7, "is no row of parts"),
    ],
)
def test_a_mistake_names_file_rule_and_reason(text, reason):
    with pytest.raises(RecipeError) as error:
        parse_parts(PLACE, text)
    assert str(error.value).startswith("data/grammars/x.toml: rules.Clause.one: ")
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_conditions():
    condition = parse_condition(PLACE, "case=nom|acc, mode!=main")
    assert condition.holds({"case": "acc", "mode": "sub"})
    assert not condition.holds({"case": "acc", "mode": "main"})
    assert not condition.holds({"case": "gen", "mode": "sub"})
    assert parse_condition(PLACE, "").holds({})
    with pytest.raises(RecipeError, match="is no condition; write feature=value"):
        parse_condition(PLACE, "case is nom")


def test_wordings_take_what_they_leave_out_from_the_first():
    rule = parse_rule(
        PLACE,
        "Clause",
        "one",
        [
            {"is": "a=noun:head verb", "when": "mode=main", "weight": 3, "marks": ["m"], "twin": "two"},
            {"is": "verb:head", "marks": []},
        ],
    )
    main, other = rule.wording({"mode": "main"}), rule.wording({"mode": "sub"})
    assert main is not None and other is not None
    assert (main.weight({}), main.marks, main.twin) == (3, ("m",), "two")
    assert (other.weight({}), other.marks, other.twin) == (3, (), "two")


def test_weights_by_feature_and_orders():
    rule = parse_rule(
        PLACE,
        "Clause",
        "one",
        {
            "is": "a=noun:nsubj verb:head 'no'",
            "weight": {"task=copy": 54, "task=question|other": 69},
            "order": ["no a verb", {"is": "verb a no", "when": "task=copy", "weight": 2}],
        },
    )
    (wording,) = rule.wordings
    assert [wording.weight({"task": task}) for task in ("copy", "question", "third")] == [54, 69, 0]
    assert [(order.places, order.weight) for order in wording.orders] == [((2, 0, 1), 1), ((1, 0, 2), 2)]
    assert wording.uses() == {"task"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"order": "a"}, "must name every part once; it misses verb"),
        ({"order": "a werb"}, "no part is called 'werb'; did you mean 'verb'?"),
        ({"weight": -1}, "-1 is no weight; write a number of at least 0"),
        ({"wieght": 1}, "no key is called 'wieght'; did you mean 'weight'"),
        ({"marks": 3}, "is no list of names"),
    ],
)
def test_mistakes_in_fields(fields, reason):
    with pytest.raises(RecipeError, match=r"rules\.Clause\.one") as error:
        parse_rule(PLACE, "Clause", "one", {"is": "a=noun:nsubj verb:head", **fields})
    assert reason in str(error.value)
