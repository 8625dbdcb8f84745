"""What the recipe of attention syntax takes, refuses and is identified by."""

import pytest

from seedbed.data.grammar.recipe import Grammar
from seedbed.errors import RecipeError
from seedbed.probes.attention_syntax_recipe import AttentionSyntax
from seedbed.probes.recipes import probe
from seedbed.workbench import Workbench


def test_parses_come_from_exactly_one_place() -> None:
    for fields in (
        {},
        {"component": "a", "treebank": "b"},
        {"grammar": {"name": "english", "split": "held-out"}} | {"component": "a"},
    ):
        with pytest.raises(RecipeError, match="exactly one of grammar=, component= and treebank="):
            AttentionSyntax(**fields)


def test_texts_that_are_trained_on_are_refused() -> None:
    with pytest.raises(RecipeError, match="split='held-out'"):
        AttentionSyntax(grammar=Grammar("english"))


def test_identity_is_that_of_the_grammar_and_of_every_field() -> None:
    one = AttentionSyntax(grammar=Grammar("english", split="held-out"))
    other = AttentionSyntax(grammar=Grammar("scenes", split="held-out"))
    described = one.identity(Workbench())
    assert described["kind"] == "AttentionSyntax"
    assert described["grammar"] != other.identity(Workbench())["grammar"]
    assert {"texts", "min_words", "subtypes", "tie_weight", "seed"} <= set(described)


def test_headlines_name_the_share_and_its_soft_form() -> None:
    headline, watched = AttentionSyntax(component="a", name="mine").headlines
    assert (watched.metric, watched.asked) == ("mine/all/weight", False)
    assert (headline.metric, headline.soft_metric) == ("mine/all/accuracy", "mine/all/weight")
    assert AttentionSyntax(component="a", at="last").headlines[0].soft_metric is None


def test_the_shelf_names_a_held_out_grammar() -> None:
    recipe = probe("attention-syntax")
    assert isinstance(recipe, AttentionSyntax)
    assert recipe.grammar == Grammar("english", split="held-out")
    assert recipe.smoke().texts < recipe.texts
    assert not recipe.needs_study
    assert AttentionSyntax(component="x").needs_study
