from __future__ import annotations

import pytest

from seedbed.errors import RecipeError
from tests.data.grammar.toys import scene, tongue, zoo


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        (("=NounPhrase[depth=0]", "=NonuPhrase"), "rules.Sentence.transitive", "did you mean 'NounPhrase'?"),
        (("verb:head '.'", "verv:head '.'"), "rules.Sentence.intransitive", "did you mean 'verb'"),
        (("noun[number]", "noun[nubmer]"), "rules.NounPhrase.plain", "no feature is called 'nubmer'; did you mean"),
        (("depth=0]:obj", "depth=7]:obj"), "rules.Sentence.transitive", "no value of depth is called '7'"),
        (('when = "mode=copy", is', 'when = "mode=cpoy", is'), "rules.Document.copy.when", "did you mean 'copy'"),
        (("verb:head '.'", "verb[number]:head '.'"), "rules.Sentence.intransitive", "verb does not use number"),
        (("[mode=copy]:head 'decl'", "[number=sg]:head 'decl'"), "rules.Document.copy", "Sentence does not use number"),
        (('"Document[mode=copy]"', '"Documnet"'), "tasks.copy.start", "did you mean 'Document'"),
        (('"Document[mode=copy]"', '"Document[depth=1]"'), "tasks.copy.start", "Document does not use depth"),
        (("[rules.Clause]", "[rules.Loose]\none = 'noun'\n[rules.Clause]"), "rules.Loose", "is reached from no task"),
        (('= ["plain"] }', '= ["plane"] }'), "selectors.subject.plain", "did you mean 'plain'"),
        (('"Sentence.subject" = {', '"Sentence.subjet" = {'), "selectors.subject.relative", "did you mean 'subject'"),
        (('of = "first"', 'of = "fist"'), "document.of", "did you mean 'first'"),
        (("share = 0.05", "words = { noun = ['yack'] }"), "held_out.words.noun", "did you mean 'yak'"),
        (("share = 0.05", "words = { noun = ['yak', 'newt', 'quail'] }"), "held_out.words.noun", "leaves no word"),
        (("share = 0.05", "marks = ['relatives']"), "held_out.marks", "did you mean 'relative'"),
        (("share = 0.05", "together = [['yak', 'xyz']]"), "held_out.together", "no concept or mark is called 'xyz'"),
        (('marks = ["relative"]', 'twin = "plian"'), "rules.NounPhrase.relative.twin", "did you mean 'plain'"),
        (('marks = ["relative"]', 'twin = "relative"'), "rules.NounPhrase.relative.twin", "no twin of itself"),
        (
            ("object=NounPhrase[depth=0]", "object=NounPhrase[depth=$n]"),
            "rules.Sentence",
            "$n stands for number and depth",
        ),
    ],
)
def test_a_mistake_names_file_rule_and_reason(change, place, reason):
    with pytest.raises(RecipeError) as error:
        zoo(change)
    assert str(error.value).startswith(f"data/grammars/zoo.toml: {place}")
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_a_phrase_that_never_ends_is_refused():
    with pytest.raises(RecipeError, match=r"rules.Clause: never ends: each of its rules leads back to it"):
        zoo(
            ('intransitive = "auxiliary[number]:aux verb:head"', ""),
            ("object=NounPhrase[depth]:obj", "object=Clause[number,depth]:obj"),
        )


def test_a_language_must_have_what_its_meaning_has():
    meaning = scene()
    with pytest.raises(RecipeError, match=r"rules.NounPhrase: has no rule 'owned', which its meaning 'scene' has"):
        tongue(meaning, ('\nowned = "article', '\nother = "article'))
    with pytest.raises(RecipeError, match=r"features.number: has not the values it has in 'scene' \(sg, pl\)"):
        tongue(meaning, ('number = ["sg", "pl"]', 'number = ["sg", "pl", "du"]'))
    with pytest.raises(RecipeError, match=r"what is held out is a matter of meaning; write \[held_out\] in"):
        tongue(meaning, ("[rules.Clause]", "[held_out]\nshare = 0.1\n[rules.Clause]"))
