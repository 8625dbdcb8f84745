from __future__ import annotations

import pytest

from seedbed.data.annotators.questions import QuestionAnnotator, questions

Q = "?/PUNCT/{}/punct"


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        ("who/PRON/2/nsubj slept/VERB/0/root ?/PUNCT/2/punct", ["wh-subject"]),
        ("which/DET/2/det dog/NOUN/3/nsubj slept/VERB/0/root ?/PUNCT/3/punct", ["wh-subject"]),
        ("what/PRON/4/obj did/AUX/4/aux you/PRON/4/nsubj see/VERB/0/root ?/PUNCT/4/punct", ["wh-object"]),
        # what do you think he saw ?
        (
            "what/PRON/6/obj do/AUX/4/aux you/PRON/4/nsubj think/VERB/0/root he/PRON/6/nsubj saw/VERB/4/ccomp "
            "?/PUNCT/4/punct",
            ["wh-object"],
        ),
        ("where/ADV/4/advmod did/AUX/4/aux you/PRON/4/nsubj go/VERB/0/root ?/PUNCT/4/punct", ["wh-adjunct"]),
        (
            "at/ADP/2/case what/PRON/5/obl did/AUX/5/aux he/PRON/5/nsubj look/VERB/0/root ?/PUNCT/5/punct",
            ["wh-adjunct"],
        ),
        ("what/PRON/0/root is/AUX/1/cop it/PRON/1/nsubj ?/PUNCT/1/punct", ["wh-predicate"]),
        ("how/ADV/2/advmod old/ADJ/0/root is/AUX/2/cop it/PRON/2/nsubj ?/PUNCT/2/punct", ["wh-predicate"]),
        ("how/ADV/0/root about/ADP/3/case tea/NOUN/1/nmod ?/PUNCT/1/punct", ["fragment"]),
        ("do/AUX/3/aux you/PRON/3/nsubj sleep/VERB/0/root ?/PUNCT/3/punct", ["polar"]),
        ("is/AUX/3/cop/be he/PRON/3/nsubj old/ADJ/0/root", ["polar"]),
        ("you/PRON/2/nsubj sleep/VERB/0/root ?/PUNCT/2/punct", ["declarative"]),
        ("any/DET/2/det tea/NOUN/0/root ?/PUNCT/2/punct", ["fragment"]),
        # he is old , is n't he ?
        (
            "he/PRON/3/nsubj is/AUX/3/cop/be old/ADJ/0/root ,/PUNCT/5/punct is/AUX/3/parataxis/be n't/PART/5/advmod "
            "he/PRON/5/nsubj ?/PUNCT/3/punct",
            ["tag"],
        ),
        ("it/PRON/3/nsubj is/AUX/3/cop old/ADJ/0/root ,/PUNCT/3/punct right/INTJ/3/discourse ?/PUNCT/3/punct", ["tag"]),
        # I wonder whether he sleeps
        (
            "I/PRON/2/nsubj wonder/VERB/0/root whether/SCONJ/5/mark he/PRON/5/nsubj sleeps/VERB/2/ccomp",
            ["embedded"],
        ),
        # I know what he saw
        (
            "I/PRON/2/nsubj know/VERB/0/root what/PRON/5/obj/what/PronType=Int he/PRON/5/nsubj saw/VERB/2/ccomp",
            ["embedded"],
        ),
        # is he old or is she ?
        (
            "is/AUX/3/cop/be he/PRON/3/nsubj old/ADJ/0/root or/CCONJ/5/cc is/AUX/3/conj/be she/PRON/5/nsubj "
            "?/PUNCT/3/punct",
            ["polar", "polar"],
        ),
    ],
)
def test_types(parse, rows, kinds):
    found = parse(rows)
    assert [kind for _, kind in questions(found)] == [f"{kind} question" for kind in kinds]
    whole = set() if kinds == ["embedded"] else {"question"}
    assert QuestionAnnotator().annotate(found).constructions == {f"{kind} question" for kind in kinds} | whole


@pytest.mark.parametrize(
    "rows",
    [
        "you/PRON/2/nsubj sleep/VERB/0/root ./PUNCT/2/punct",
        # what a day !
        "what/DET/3/det a/DET/3/det day/NOUN/0/root !/PUNCT/3/punct",
        # what he said is true (a free relative is a noun phrase)
        "what/PRON/5/nsubj/what/PronType=Rel he/PRON/3/nsubj said/VERB/1/acl:relcl is/AUX/5/cop true/ADJ/0/root",
        # when he sleeps , I sleep
        "when/ADV/3/advmod/when/PronType=Rel he/PRON/3/nsubj sleeps/VERB/6/advcl ,/PUNCT/3/punct I/PRON/6/nsubj "
        "sleep/VERB/0/root",
        # never did he sleep
        "never/ADV/4/advmod did/AUX/4/aux he/PRON/4/nsubj sleep/VERB/0/root",
        # whether he sleeps or not , I go
        "whether/SCONJ/3/mark he/PRON/3/nsubj sleeps/VERB/6/advcl ,/PUNCT/3/punct I/PRON/6/nsubj go/VERB/0/root",
        # the dog which slept barks
        "the/DET/2/det dog/NOUN/5/nsubj which/PRON/4/nsubj/which/PronType=Rel slept/VERB/2/acl:relcl barks/VERB/0/root",
        "./PUNCT/0/root",
    ],
)
def test_what_is_no_question(parse, rows):
    assert questions(parse(rows)) == []
