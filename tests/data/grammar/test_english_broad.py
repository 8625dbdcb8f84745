"""The broad English: every sentence against a checker that knows English and no rule of the grammar."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from seedbed.data.grammar.documents import Request, Sampler
from seedbed.data.grammar.file import load_grammar
from seedbed.data.recipes import Grammar
from seedbed.workbench import Workbench
from tests.data.grammar.english_checks import (
    NOUNS,
    Parse,
    faults,
    licensors,
    polarity_items,
    tempting,
)

ITEMS = ("ever", "any", "at all", "yet", "anymore")
STRONG = ("negation", "quantifier", "question")


def drawn(documents: int, **how) -> list[tuple[Parse, dict]]:
    reader = Grammar("english_broad", task="sentence", documents=documents, **how).steps(Workbench())[0]
    return [
        (Parse(doc.text.split(), list(doc.metadata["heads"]), list(doc.metadata["relations"])), doc.metadata)
        for doc in reader.run()
    ]


@pytest.fixture(scope="module")
def sentences():
    return drawn(5_000)


def assert_sound(sentences):
    for parse, _ in sentences:
        assert not faults(parse), " ".join(parse.words)


def environments(sentences) -> Counter:
    """(item, licensor) of every polarity item; (item, "tempting", licensor) of those in a clause on its subject."""
    found = Counter()
    for parse, _ in sentences:
        for item, verb in polarity_items(parse):
            found.update((item, licensor) for licensor in licensors(parse, verb))
            found.update((item, "tempting", licensor) for licensor in tempting(parse, verb))
    return found


def test_every_sentence_is_sound(sentences):
    assert_sound(sentences)


def test_every_polarity_item_has_every_licensor_it_takes(sentences):
    found = environments(sentences)
    for item in ITEMS:
        for licensor in STRONG:
            assert found[item, licensor] > 0, (item, licensor)
    for item in ("ever", "any", "at all"):
        assert found[item, "only"] > 0
        assert found[item, "if"] > 0
    for item in ("yet", "anymore"):
        assert found[item, "only"] == found[item, "if"] == 0


def paradigm_forms(sentences) -> Counter:
    """How often each of BLiMP's seven polarity paradigms occurs in its good form and in its bad one."""
    found = Counter()
    for parse, _ in sentences:
        for _, verb in polarity_items(parse):
            licensed = licensors(parse, verb)
            subjects = parse.children(verb, "nsubj")
            focus = {parse.words[i] for subject in subjects for i in parse.children(subject, "advmod")}
            has_clause = any(parse.children(subject, "acl") for subject in subjects)
            inner = tempting(parse, verb)
            found["only_npi_licensor_present", "good"] += "only" in focus
            found["only_npi_licensor_present", "bad"] += "even" in focus and not licensed
            found["only_npi_scope", "good"] += "only" in focus and has_clause
            found["only_npi_scope", "bad"] += "only" in inner and not licensed
            found["sentential_negation_npi_licensor_present", "good"] += "negation" in licensed
            found["sentential_negation_npi_licensor_present", "bad"] += bool(subjects) and not licensed
            found["sentential_negation_npi_scope", "good"] += "negation" in licensed and has_clause
            found["sentential_negation_npi_scope", "bad"] += "negation" in inner and not licensed
            found["matrix_question_npi_licensor_present", "good"] += licensed == {"question"}
            found["matrix_question_npi_licensor_present", "bad"] += not parse.is_question() and not licensed
        for i, word in enumerate(parse.words):
            if parse.relations[i] != "advmod" or parse.relations[parse.heads[i]] != "root":
                continue
            even = any(
                parse.words[j] == "even"
                for subject in parse.children(parse.heads[i], "nsubj")
                for j in parse.children(subject, "advmod")
            )
            name = "npi_present_1" if even else "npi_present_2"
            plain = not licensors(parse, parse.heads[i])
            found[name, "good"] += plain and word in ("often", "really", "certainly", "clearly", "also", "probably")
            found[name, "bad"] += plain and word == "ever"
    return found


PARADIGMS = (
    "only_npi_licensor_present",
    "only_npi_scope",
    "sentential_negation_npi_licensor_present",
    "sentential_negation_npi_scope",
    "matrix_question_npi_licensor_present",
    "npi_present_1",
    "npi_present_2",
)


@pytest.mark.slow
def test_blimps_seven_paradigms_in_20_000_sentences():
    """Every paradigm's good form is written, its bad one never, though licensors stand where they license nothing."""
    sentences = drawn(20_000, seed=1)
    assert_sound(sentences)
    found = paradigm_forms(sentences)
    for paradigm in PARADIGMS:
        assert found[paradigm, "good"] >= 20, paradigm
        assert found[paradigm, "bad"] == 0, paradigm
    tempted = Counter(
        licensor
        for parse, _ in sentences
        for verb in range(len(parse.words))
        if not licensors(parse, verb)
        for licensor in tempting(parse, verb)
    )
    assert tempted["only"] > 50
    assert tempted["negation"] > 50


AGREEING = {"this", "these", "that", "those", "a", "several", "every", "all", "each", "most", "one", "many"}


def has_attractor(parse: Parse) -> bool:
    """Whether a prepositional phrase on a subject has a noun of the other number at its head."""
    for noun, word in enumerate(parse.words):
        for other in parse.children(noun, "nmod") if role_of(parse, noun) == "nsubj" else ():
            plural = bool(parse.children(other, "conj")) or NOUNS[parse.words[other]][0] == "pl"
            if plural is (NOUNS[word][0] == "sg"):
                return True
    return False


def role_of(parse: Parse, noun: int) -> str:
    """The relation of the noun phrase; a conjunct has that of the first."""
    while parse.relations[noun] == "conj":
        noun = parse.heads[noun]
    return parse.relations[noun]


def test_constructions_are_marked(sentences):
    """A document's marks against what can be seen in its words and relations."""
    for parse, labels in sentences:
        marks = set(labels["constructions"])
        assert ("npi" in marks) is bool(polarity_items(parse))
        assert ("anaphor" in marks) is bool({"himself", "herself", "themselves"} & set(parse.words))
        assert ("question" in marks) is parse.is_question()
        assert ("relative clause" in marks) is ("acl:relcl" in parse.relations)
        assert ("conditional" in marks) is ("if" in parse.words)
        assert ("only" in marks) is ("only" in parse.words)
        assert ("even" in marks) is ("even" in parse.words)
        assert ("determiner agreement" in marks) is bool(
            AGREEING & {w for w, r in zip(parse.words, parse.relations, strict=True) if r == "det"}
        )
        assert ("attractor" in marks) is has_attractor(parse)
        assert ("double object" in marks) is ("iobj" in parse.relations)


def test_every_construction_occurs(sentences):
    grammar = load_grammar("english_broad", Workbench())
    found = Counter(mark for _, labels in sentences for mark in labels["constructions"])
    wanted = {
        mark
        for mark in grammar.marks()
        if not mark.startswith(("npi_", "anaphor_", "determiner_", "agreement_", "wh_"))
    }
    assert set(found) == wanted - {"minimal pair", "npi pair", "anaphor pair"}


def test_clauses_stand_in_the_middle_of_clauses(sentences):
    depths = Counter(labels["center_depth"] for _, labels in sentences)
    assert {0, 1, 2, 3} <= set(depths)


UNSEEN = {noun + s for noun in ("wizard", "pilot", "senator") for s in ("", "s")} | {"countess", "countesses"}


def test_what_is_held_out_is_in_no_training_sentence(sentences):
    for parse, labels in sentences:
        words = set(parse.words)
        if "npi" in labels["constructions"]:
            assert not words & UNSEEN
        if "anaphor" in labels["constructions"]:
            assert not words & {"wizard", "wizards", "countess", "countesses"}


@pytest.mark.slow
def test_what_is_held_out_can_be_asked_for():
    others = drawn(40, split="held-out", held_out="together")
    assert all(set(parse.words) & UNSEEN for parse, _ in others)
    assert_sound(others)


@pytest.mark.slow
def test_clauses_are_embedded_to_depth_four():
    deepest = drawn(40, depth_shares={0: 0.5, 4: 0.5})
    assert_sound(deepest)
    assert Counter(labels["embedding_depth"] for _, labels in deepest) == {0: 20, 4: 20}


@pytest.mark.slow
def test_exact_shares():
    wanted = {"npi": 0.01, "anaphor": 0.02, "filler gap": 0.05, "center embedding": 0.1}
    found = Counter(mark for _, labels in drawn(400, shares=wanted) for mark in labels["constructions"])
    assert {mark: found[mark] for mark in wanted} == {"npi": 4, "anaphor": 8, "filler gap": 20, "center embedding": 40}
    assert all("npi" not in labels["constructions"] for _, labels in drawn(400, without=("npi",)))


MARKS = {",", ".", "?"}  # lengths are counted without them


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("npi", {"ever", "any", "yet", "anymore"}),
        ("anaphor", {"himself", "herself", "themselves"}),
        ("determiner agreement", {"these", "those", "several", "every", "each"}),
    ],
)
def test_twins_keep_length_and_lose_the_construction(mark, words):
    """A twin that is itself held out, one in twenty, gives way to another sentence of its length."""
    grammar = load_grammar("english_broad", Workbench())
    request = Request(task="sentence", shares={mark: 0.5})
    one = Sampler(grammar, request).documents(0, 200)
    other = Sampler(grammar, replace(request, twin=mark)).documents(0, 200)
    same = others = 0
    for a, b, label, then in zip(one.texts, other.texts, one.labels, other.labels, strict=True):
        before, after = a.split(), b.split()
        assert mark not in then["constructions"]
        assert sum(word not in MARKS for word in before) == sum(word not in MARKS for word in after)
        assert not words & set(after)
        assert not faults(Parse(after, list(then["heads"]), list(then["relations"])))
        changed = {x for x, y in zip(before, after, strict=False) if x != y}
        others += not changed <= words | AGREEING  # "all" of "at all" is among them
        same += a == b
        assert (a == b) is (mark not in label["constructions"])
    assert same == 100
    assert others <= 12
