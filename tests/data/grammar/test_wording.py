from __future__ import annotations

import numpy as np
import pytest

from seedbed.data.grammar.documents import Request, Sampler
from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.wording import head_rules
from seedbed.workbench import Workbench
from tests.data.grammar.toys import scene, tongue, zoo

CLAUSES = {"acl", "acl:relcl", "advcl", "ccomp", "csubj"}


def embedding(heads, relations):
    def above(word):
        return (relations[word] in CLAUSES) + (0 if heads[word] < 0 else above(heads[word]))

    return max(above(word) for word in range(len(heads)))


def center_embedding(heads, relations):
    """The same from heads and relations alone, one word at a time."""
    count = len(heads)

    def within(word, clause):
        while word >= 0 and word != clause:
            if relations[word] in ("parataxis", "discourse"):
                return False
            word = heads[word]
        return word == clause

    def span(clause):
        inside = [word for word in range(count) if relations[word] != "punct" and within(word, clause)]
        return min(inside), max(inside)

    def depth(word):
        if relations[word] not in CLAUSES:
            return 0
        outer = heads[word]
        while relations[outer] not in CLAUSES | {"root", "parataxis"}:
            outer = heads[outer]
        (first, last), (start, stop) = span(word), span(outer)
        return depth(outer) + (first > start and last < stop)

    return max((depth(word) for word in range(count) if relations[word] in CLAUSES), default=0)


@pytest.mark.parametrize("name", ["zoo", "english", "english_tense", "scenes", "japanese"])
def test_depths_are_those_of_heads_and_relations(name):
    grammar = zoo() if name == "zoo" else load_grammar(name, Workbench())
    labels = Sampler(grammar, Request()).documents(0, 300).labels
    for known in labels:
        assert known["embedding_depth"] == embedding(known["heads"], known["relations"])
        assert known["center_depth"] == center_embedding(known["heads"], known["relations"])
    assert max(known["center_depth"] for known in labels) >= 1


def test_words_heads_and_relations_are_as_many():
    block = Sampler(zoo(), Request()).documents(0, 500)
    for text, known in zip(block.texts, block.labels, strict=True):
        assert len(text.split(" ")) == len(known["heads"]) == len(known["relations"])
        assert "\n" not in text


def test_labels():
    marked = zoo(
        (
            'marks = ["relative"]',
            'marks = ["relative", "clause"], labels = { "at_{depth}" = "yes", kind = "relative" }',
        ),
        ("[held_out]", "[labels]\nkind = 'none'\n[held_out]"),
    )
    block = Sampler(marked, Request(seed=4)).documents(0, 300)
    for index, known in enumerate(block.labels):
        has = known["embedding_depth"] > 0
        assert known["constructions"] == (["clause", "relative"] if has else [])
        assert known["kind"] == ("relative" if has else "none")
        assert known.get("at_0") == ("yes" if has else None)
        assert known.get("at_1") == ("yes" if known["embedding_depth"] == 2 else None)
        assert known["item"] == f"zoo:4:{index}"
        assert known["language"] == "en"
        assert (
            known["task"]
            == {"decl": "copy", "quest": "question"}[
                next(word for word in block.texts[index].split() if word in ("decl", "quest"))
            ]
        )


def test_construction_is_the_rules_down_the_heads_or_a_row_of_categories():
    rules = Sampler(zoo(), Request())
    assert {known["construction"] for known in rules.documents(0, 200).labels} == {
        f"{task} {verb}" for task in ("copy", "question") for verb in ("intransitive", "transitive")
    }
    (drawn,) = rules.draw(np.arange(1), np.full((1, 2), -1))
    path = [rules.tables.rule_names[rule] for rule in head_rules(rules.expander, drawn.forest)[0] if rule >= 0]
    assert " ".join(path) == rules.documents(0, 1).labels[0]["construction"]
    rows = zoo(('of = "first"', "of = 'first'\ntemplate = ['number']\nabbreviations = { determiner = 'det' }"))
    block = Sampler(rows, Request()).documents(0, 200)
    assert {known["construction"] for known in block.labels} >= {
        "det noun.sg auxiliary.sg verb .",
        "det noun.pl auxiliary.pl verb .",
    }
    for text, known in zip(block.texts, block.labels, strict=True):
        assert len(known["construction"].split()) == len(text.split(" decl ")[0].split(" quest ")[0].split())


def test_items_join_languages_and_keep_plans_apart():
    meaning = scene()
    one = Sampler(meaning, Request()).documents(0, 3).labels
    other = Sampler(tongue(meaning), Request()).documents(0, 3).labels
    assert (
        [known["item"] for known in one]
        == [known["item"] for known in other]
        == ["scene:0:0", "scene:0:1", "scene:0:2"]
    )
    asked = Sampler(meaning, Request(shares={"owner": 0.5})).documents(0, 1).labels
    assert asked[0]["item"] != "scene:0:0" and asked[0]["item"].endswith(":0:0")
