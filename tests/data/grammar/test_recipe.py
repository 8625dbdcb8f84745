from __future__ import annotations

import pytest

from seedbed.data.grammar.identity import request_of
from seedbed.data.recipes import Grammar
from seedbed.errors import RecipeError, UnknownNameError
from tests.data.grammar.toys import AUXILIARIES, NOUNS, ZOO


@pytest.fixture
def shelf(workbench):
    for folder in ("data/grammars", "data/lexicons/en"):
        (workbench.root / folder).mkdir(parents=True)
    (workbench.root / "data/grammars/mine.toml").write_text(ZOO)
    (workbench.root / "data/lexicons/en/noun.tsv").write_text(NOUNS)
    (workbench.root / "data/lexicons/en/auxiliary.tsv").write_text(AUXILIARIES)
    return workbench


def test_selectors_gather_in_one_place():
    recipe = Grammar("mine", subject="plain", select={"animacy": "yes"}, unambiguous=True)
    assert recipe.selected() == {"subject": "plain", "animacy": "yes", "unambiguous": "yes"}
    assert Grammar("mine").selected() == {}
    assert request_of(Grammar("mine", without="relative")).without == ("relative",)


@pytest.mark.parametrize(
    ("write", "mend"),
    [
        (lambda: Grammar("mine", split="heldout"), "did you mean 'held-out'"),
        (lambda: Grammar("mine", documents=2**40), "less than or equal to"),
        (lambda: Grammar("mine", lengths_like=Grammar("other")), "both must be 'mine'"),
        (lambda: Grammar("mine", lengths_like=Grammar("mine", lengths_like=Grammar("mine"))), "name that one here too"),
        (lambda: Grammar("mine", twin="relative", lengths_like=Grammar("mine")), "leave lengths_like out"),
        (lambda: Grammar("mine", subject="plain", select={"subject": "plain"}), "leave one out"),
    ],
)
def test_what_contradicts_itself_is_refused_where_it_is_written(write, mend):
    with pytest.raises(RecipeError, match=mend):
        write()


@pytest.mark.parametrize(
    ("recipe", "mend"),
    [
        (Grammar("mine", task="questoin"), "no task is called 'questoin'; did you mean 'question'"),
        (Grammar("mine", subject="relatives"), "no value is called 'relatives'; did you mean 'relative'"),
        (Grammar("mine", object="plain"), "no selector is called 'object'; did you mean 'subject'"),
        (Grammar("mine", shares={"relativ": 0.1}), "no construction is called 'relativ'; did you mean 'relative'"),
        (Grammar("mine", shares={"relative": 1.2}), r"shares= sums to 1.2; shares lie between 0 and 1"),
        (Grammar("mine", shares={"relative": 0.1}, without=("relative",)), "both name 'relative'; leave one out"),
        (Grammar("mine", depth_shares={0: 0.5}), "depth_shares= sums to 0.5, not to 1"),
        (Grammar("mine", depth_shares={0: 1}, shares={"relative": 0.5}), "give one of them"),
        (Grammar("mine", held_out="share"), "held_out= is about split='held-out'"),
        (Grammar("mine", split="held-out", held_out="words"), "no hold-out is called 'words'; there are: share"),
    ],
)
def test_what_the_grammar_does_not_have_is_refused_before_anything_is_built(shelf, recipe, mend):
    with pytest.raises(RecipeError, match=mend) as error:
        recipe.identity(shelf)
    assert "data/grammars/mine.toml" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_grammar_names_the_nearest(shelf):
    with pytest.raises(UnknownNameError, match="did you mean 'mine'"):
        Grammar("mime").identity(shelf)


def test_identity_holds_fields_and_the_words_of_the_grammar(shelf):
    one = Grammar("mine", shares={"relative": 0.1}, depth_shares={}, seed=3).identity(shelf)
    assert one["shares"] == {"relative": 0.1}
    assert one["version"] == 2
    assert one != Grammar("mine", shares={"relative": 0.1}, seed=4).identity(shelf)
    assert one != Grammar("mine", shares={"relative": 0.1}, twin="relative", seed=3).identity(shelf)
    nouns = shelf.root / "data/lexicons/en/noun.tsv"
    nouns.write_text(nouns.read_text().replace("quail", "raven"))
    changed = Grammar("mine", shares={"relative": 0.1}, seed=3).identity(shelf)
    assert changed["grammar_sha256"] != one["grammar_sha256"]
    like = Grammar("mine", lengths_like=Grammar("mine", task="copy")).identity(shelf)
    assert like["lengths_like"]["task"] == "copy"
