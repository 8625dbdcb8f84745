from __future__ import annotations

import pytest

from seedbed.data.grammar.file import load_grammar
from seedbed.errors import RecipeError, UnknownNameError
from tests.data.grammar.toys import AUXILIARIES, NOUNS, ZOO, changed, scene, tongue, zoo


@pytest.fixture
def shelf(workbench):
    for folder in ("data/grammars", "data/lexicons/en"):
        (workbench.root / folder).mkdir(parents=True)
    (workbench.root / "data/grammars/mine.toml").write_text(ZOO)
    (workbench.root / "data/lexicons/en/noun.tsv").write_text(NOUNS)
    (workbench.root / "data/lexicons/en/auxiliary.tsv").write_text(AUXILIARIES)
    return workbench


def test_a_grammar_and_its_lexicons_from_the_shelf(shelf):
    grammar = load_grammar("mine", shelf)
    assert grammar.language == "en"
    assert grammar.marks() == ("relative",)
    assert grammar.uses("NounPhrase") == ("depth", "number")
    assert grammar.form("noun", "yak", number="pl") == "yaks"
    assert grammar.tasks["copy"].features == {"mode": "copy"}
    assert load_grammar("mine", shelf) is grammar


def test_the_digest_is_of_values_and_words_not_of_comments(shelf):
    before = load_grammar("mine", shelf).digest
    grammar, nouns = shelf.root / "data/grammars/mine.toml", shelf.root / "data/lexicons/en/noun.tsv"
    grammar.write_text("# a comment\n" + ZOO)
    nouns.write_text("# a comment\n" + NOUNS + "\n")
    assert load_grammar("mine", shelf).digest == before
    nouns.write_text(NOUNS.replace("quail", "raven"))
    other = load_grammar("mine", shelf).digest
    assert other != before
    grammar.write_text(changed(ZOO, ("weight = 3", "weight = 4")))
    assert load_grammar("mine", shelf).digest not in (before, other)


def test_missing_files_are_named(shelf):
    with pytest.raises(UnknownNameError, match="did you mean 'mine'"):
        load_grammar("mime", shelf)
    (shelf.root / "data/lexicons/en/noun.tsv").rename(shelf.root / "data/lexicons/en/nouns.tsv")
    with pytest.raises(UnknownNameError, match="en/noun"):
        load_grammar("mine", shelf)


def test_a_form_that_is_not_there_is_refused():
    with pytest.raises(RecipeError, match="no concept is called 'yack'; did you mean 'yak'"):
        zoo().form("noun", "yack", number="sg")
    with pytest.raises(RecipeError, match="has no form for"):
        zoo().form("noun", "yak", number="du")


def test_a_grammar_that_words_another_belongs_to_its_family():
    meaning = scene()
    language = tongue(meaning)
    assert (language.family, meaning.family, language.meaning) == ("scene", "scene", meaning)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (('language = "en"', "language = 3"), "language: 3 is no language tag"),
        (("[tasks]", "[task]"), "no key is called 'task'; did you mean 'tasks'"),
        (('number = ["sg", "pl"]', 'number = ["sg", "sg"]'), "features.number: has no list of distinct values"),
        (('number = ["sg", "pl"]', "number = { sg = -1, pl = 1 }"), "features.number: -1 is no weight"),
        (('["sleep", "wait"]', "[]"), "lexicon.verb: holds no words"),
        (("verb       =", "Verb       ="), "lexicon.Verb: begins with a capital"),
        (("share = 0.05", "share = 1.5"), "held_out.share: 1.5 is no share below 1"),
        (("share = 0.05", "depth = 0"), "held_out.depth: 0 is no embedding depth"),
        (("share = 0.6", "share = 'x'"), "tasks.copy: 'x' is no weight"),
        (('"Document[mode=copy]"', '"Document[mode=$m]"'), "a start gives its features values"),
    ],
)
def test_a_mistake_names_file_place_and_reason(change, reason):
    with pytest.raises(RecipeError) as error:
        zoo(change)
    assert str(error.value).startswith("data/grammars/zoo.toml: ")
    assert reason in str(error.value)
