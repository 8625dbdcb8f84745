from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from seedbed.data.grammar.rules_file import RuleWord, load_rules, parse_rules
from seedbed.data.grammar.structures import structures_of
from seedbed.errors import RecipeError, UnknownNameError


def test_english(english):
    forms = {form for entries in english.lexicon.values() for entry in entries for form in entry}
    assert len(forms | {".", "?"} | {word for word, _ in english.tasks.values()}) == 68
    assert english.noun_phrase["plain"] == (
        RuleWord("determiner", "determiner", None, "det", "noun"),
        RuleWord("noun", "noun", None, None, None),
    )


def test_reading_twice_gives_the_same_object(workbench):
    assert load_rules("english", workbench) is load_rules("english", workbench)


def test_an_unknown_grammar(workbench):
    with pytest.raises(UnknownNameError, match="did you mean 'english'"):
        load_rules("engilsh", workbench)


def test_faulty_toml_names_the_file(workbench):
    path = workbench.root / "data" / "grammars" / "mine.toml"
    path.parent.mkdir(parents=True)
    path.write_text("language = \n")
    with pytest.raises(RecipeError, match=r"grammars/mine\.toml is not valid TOML"):
        load_rules("mine", workbench)


def put(values: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """A copy with the value at a place ("lexicon/noun") changed; a value of None takes it away."""
    changed = deepcopy(values)
    *tables, last = place.split("/")
    at = changed
    for table in tables:
        at = at[table]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return changed


SI = "relativizer:nsubj>verb auxiliary@noun:aux>verb verb=intransitive:acl:relcl>noun"
INTRANSITIVE = "SUBJECT:nsubj>verb auxiliary@subject:aux>verb verb=intransitive:root .:punct>verb"


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("lexicon", None, r"lexicon: is missing"),
        ("lexicn", {}, r"lexicn: no such key; there are held_out_share, language"),
        ("language", 3, r"language: 3 is no language tag"),
        ("held_out_share", 2.0, r"held_out_share: 2\.0 is no share"),
        ("tasks/copy", {"word": "two words", "share": 0.5}, r"tasks\.copy\.word: 'two words' is not one word"),
        ("tasks/copy", {"word": "decl", "share": 0.5}, r"tasks: the shares do not sum to 1"),
        ("lexicon/noun", ["newt"], r"lexicon\.noun: 'newt' is not a pair \[singular, plural\]"),
        ("lexicon/preposition", [["by", "bys"]], r"lexicon\.preposition: .* is not one word"),
        ("lexicon/preposition", [], r"lexicon\.preposition: holds no words"),
        ("lexicon/preposition", ["by", "the"], r"'the' stands in lexicon\.determiner already"),
        ("lexicon/determiner", ["the", "quest"], r"'quest' stands in tasks\.question already"),
        ("lexicon/verb", ["x"], r"lexicon\.verb: no such rule; there are determiner"),
        ("noun_phrase/plain", None, r"noun_phrase\.plain: is missing"),
        ("noun_phrase/plain", "", r"noun_phrase\.plain: is not a row of words"),
        (
            "noun_phrase/plain",
            "determiner:det>>noun noun",
            r"noun_phrase\.plain: 'determiner:det>>noun' is not written",
        ),
        ("noun_phrase/plain", "article:det>noun noun", r"'article' is no category; there are determiner, noun"),
        ("noun_phrase/plain", "SUBJECT noun", r"'SUBJECT' is no category"),
        ("noun_phrase/plain", "noun noun", r"two words are called 'noun'; name one of them with name=noun"),
        ("noun_phrase/plain", "determiner:det>nuon noun", r"noun_phrase\.plain: names 'nuon'"),
        ("noun_phrase/plain", "determiner noun", r"noun_phrase\.plain: 'determiner' needs relation>head"),
        ("sentence/intransitive", INTRANSITIVE.replace("@subject", ""), r"an auxiliary takes its number from a noun"),
        ("sentence/intransitive", INTRANSITIVE.replace("@subject", "@verb"), r"which is no noun"),
        ("sentence/intransitive", INTRANSITIVE.replace("@subject", "@object"), r"intransitive: names 'object'"),
        ("sentence/intransitive", INTRANSITIVE.replace(":root", ":dep>auxiliary"), r"has 0 roots"),
        ("sentence/intransitive", INTRANSITIVE.replace(" .:punct>verb", ""), r"does not end in '\.'"),
        (
            "sentence/intransitive",
            "SUBJECT:nsubj>verb verb=intransitive:root .:punct>verb",
            r"has no auxiliary of its own",
        ),
        (
            "relative_clause/si",
            "relativizer:nsubj>verb auxiliary@noun:aux>relativizer verb=intransitive:dep>auxiliary",
            r"relative_clause\.si: the heads go round in a circle",
        ),
        ("relative_clause/o", SI, r"sentence with subject plain: has the same categories as another one"),
        ("weights/copy/plain/intransitive", -1, r"weights\.copy\.plain\.intransitive: -1 is no weight"),
        ("weights/copy/plain/intransitive", None, r"weights\.copy\.plain\.intransitive: is missing"),
        ("weights/question/relative clause/plain", 5, r"the corpus would no longer be ambiguous"),
        ("weights/clauses/object", {"o": 0, "si": 0, "st": 0}, r"weights\.clauses\.object: all weights are 0"),
        ("templates/declaratives", 271, r"templates\.declaratives: the rules give 272, not 271"),
        ("templates/questions", "102", r"templates\.questions: '102' is no count"),
    ],
)
def test_a_mistake_names_file_rule_and_reason(values, place, value, message):
    changed = put(values, place, value)
    with pytest.raises(RecipeError, match=rf"^data/grammars/mine\.toml: .*{message}"):
        structures_of(parse_rules("mine", changed))


def test_all_weights_of_nothing_are_refused(values):
    for row in values["weights"]["copy"].values():
        row.update(dict.fromkeys(row, 0))
    with pytest.raises(RecipeError, match=r"weights\.copy: all weights are 0"):
        parse_rules("mine", values)


def test_comments_and_order_do_not_change_the_digest(values):
    digest = parse_rules("mine", values).digest
    assert parse_rules("mine", dict(reversed(values.items()))).digest == digest
    assert parse_rules("mine", put(values, "language", "de")).digest != digest
