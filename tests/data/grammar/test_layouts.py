from __future__ import annotations

import pytest

from seedbed.data.grammar.file import grammar_from_text, load_grammar
from seedbed.data.grammar.layouts import ROOT, layouts
from seedbed.errors import RecipeError
from seedbed.workbench import Workbench

TOY = """
language = "en"
[tasks]
sentence = "Sentence"
[features]
number = { sg = 3, pl = 1 }
depth = [0, 1, 2]
gender = ["masc", "fem"]
[lexicon]
noun = "en/noun.tsv"
verb = ["sleep", "wait"]
[document]
template = ["number"]
[rules.Sentence]
short = { weight = 1, is = "noun[number=$n]:nsubj verb:head" }
[rules.Sentence.long]
weight = 2
is = "subject=Subject[number=$n]:nsubj 'not':advmod verb:head 'now':advmod>verb"
labels = { kind = "long" }
order = [{ is = "subject not verb now", weight = 3 }, { is = "now subject not verb", weight = 1 }]
[rules.Subject]
plain = "noun[number]"
named = { when = "number=sg", is = "'John'", labels = { kind = "named" } }
"""
NOUNS = {"en/noun.tsv": "concept\\tsg\\tpl\\nyak\\tyak\\tyaks\\n".replace("\\t", "\t").replace("\\n", "\n")}


def test_layouts_of_a_small_grammar_by_hand():
    found = layouts(grammar_from_text(TOY, NOUNS), "Sentence")
    assert sum(layout.weight for layout in found) == pytest.approx(1)
    grammar = grammar_from_text(TOY, NOUNS)
    by_template = {layout.template(grammar): layout.weight for layout in found}
    assert by_template == pytest.approx(
        {
            "noun.sg verb": 1 / 3 * 3 / 4,
            "noun.pl verb": 1 / 3 * 1 / 4,
            "noun.sg not verb now": 2 / 3 * 3 / 4 * 1 / 2 * 3 / 4,
            "John not verb now": 2 / 3 * 3 / 4 * 1 / 2 * 3 / 4,
            "noun.pl not verb now": 2 / 3 * 1 / 4 * 3 / 4,
            "now noun.sg not verb": 2 / 3 * 3 / 4 * 1 / 2 * 1 / 4,
            "now John not verb": 2 / 3 * 3 / 4 * 1 / 2 * 1 / 4,
            "now noun.pl not verb": 2 / 3 * 1 / 4 * 1 / 4,
        }
    )
    john = next(layout for layout in found if layout.template(grammar) == "now John not verb")
    assert [(slot.head, slot.relation) for slot in john.slots] == [
        (3, "advmod"),
        (3, "nsubj"),
        (3, "advmod"),
        (ROOT, "root"),
    ]
    assert john.rules == ("long", "named")
    assert john.label("kind", "none") == "long"  # the rule above comes first
    assert john.label("other", "none") == "none"
    assert john.root == 3
    assert john.where("advmod", 3) == [0, 2]


def test_a_sentence_of_the_question_grammar_known_by_hand():
    grammar = load_grammar("english", Workbench())
    given = (("mode", "statement"), ("task", "copy"), ("ambiguous", "yes"))
    found = next(
        x
        for x in layouts(grammar, "Sentence", given)
        if x.template(grammar).startswith("det noun.sg rel det noun.pl aux.pl vt aux.sg v")
    )
    words = ["my", "raven", "that", "the", "quails", "do", "admire", "doesn't", "sleep", "."]
    arcs = {
        (words[i], slot.relation, "root" if slot.head == ROOT else words[slot.head])
        for i, slot in enumerate(found.slots)
    }
    assert arcs == {
        ("my", "det", "raven"),
        ("raven", "nsubj", "sleep"),
        ("that", "obj", "admire"),
        ("the", "det", "quails"),
        ("quails", "nsubj", "admire"),
        ("do", "aux", "admire"),
        ("admire", "acl:relcl", "raven"),
        ("doesn't", "aux", "sleep"),
        ("sleep", "root", "root"),
        (".", "punct", "sleep"),
    }
    assert found.label("subject_rc", "none") == "o"
    # 6,65 % of copies, 49 % of them of kind o, two numbers.
    assert found.weight == pytest.approx(665 / 9_999 * 0.49 / 4)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "plain = \"noun[number] 'x'\"\nmore = \"noun[number]:head 'and':cc again=Subject[number]:conj\"",
            "leads back to itself",
        ),
        ('plain = "first=noun[number]:head second=noun[number]~first:conj"', "part 'second' is like another"),
    ],
)
def test_what_has_no_layouts_is_refused(rule, message):
    text = TOY[: TOY.index("plain =")] + rule.replace(" 'x'", "") + "\n"
    with pytest.raises(RecipeError, match=message):
        layouts(grammar_from_text(text, NOUNS), "Sentence")
