from __future__ import annotations

import json
from collections import Counter

import pytest

from seedbed.data.grammar.documents import Request, Sampler
from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.hashing import sentence_is_held_out
from seedbed.data.grammar.pair_tasks import grammar_pairs, json_lines, paradigms_of
from seedbed.data.grammar.tense_items import tense_pairs
from seedbed.data.recipes import Grammar
from seedbed.errors import RecipeError, UnknownNameError
from seedbed.probes.recipes import probe
from seedbed.workbench import Workbench, carried_shelves
from tests.data.grammar.english_checks import Parse, faults

PER = 12
SAME_WORDS = ("npi_only_scope", "npi_negation_scope")
NPIS = {"ever", "any", "yet", "anymore"}


@pytest.fixture(scope="module")
def pairs():
    return grammar_pairs("english_broad", PER, seed=1)


def test_paradigms_one_after_another_distinct_and_held_out(pairs):
    paradigms = paradigms_of("english_broad")
    assert len(paradigms) == 21
    assert [pair.paradigm for pair in pairs] == [paradigm for paradigm in paradigms for _ in range(PER)]
    assert len({(pair.paradigm, pair.good) for pair in pairs}) == len(pairs)
    share = load_grammar("english_broad", Workbench()).held_out.share
    for pair in pairs:
        assert sentence_is_held_out(pair.good.split(), share)
        assert pair.good != pair.bad
        assert "|" not in pair.good + pair.bad


def test_what_the_two_sides_have_in_common(pairs):
    """The scope sets hold the same bag of words on both sides, as BLiMP's; the others differ as their name says."""
    for pair in pairs:
        good, bad = pair.good.split(), pair.bad.split()
        assert len(good) == len(bad)
        different = {(a, b) for a, b in zip(good, bad, strict=True) if a != b}
        if pair.paradigm in SAME_WORDS:
            assert sorted(good) == sorted(bad)
        elif pair.paradigm == "npi_question":
            assert sorted(good[:-1]) == sorted(bad[:-1])
        else:
            assert len(different) == 1
        match pair.paradigm:
            case "npi_only_present":
                assert different == {("only", "even")}
            case "npi_present" | "npi_present_even":
                assert {b for _, b in different} == {"ever"}
            case "anaphor_gender" | "anaphor_scope":
                assert different in ({("himself", "herself")}, {("herself", "himself")})
            case "determiner_noun" | "determiner_adjective_noun":
                assert different <= {("this", "these"), ("these", "this"), ("that", "those"), ("those", "that")}
            case "wh_gap" | "wh_gap_far":
                assert different == {("what", "that")}
            case "wh_no_gap" | "wh_no_gap_far":
                assert different == {("that", "what")}


@pytest.mark.parametrize("paradigm", paradigms_of("english_broad"))
def test_good_sentences_are_good_and_bad_ones_bad(paradigm):
    """By the checker that knows no rule of the grammar."""
    grammar = load_grammar("english_broad", Workbench())
    made = Sampler(grammar, Request(task="pairs", shares={paradigm: 1.0}, split="any")).documents(0, 40)
    for text, label in zip(made.texts, made.labels, strict=True):
        words = text.split()
        bar = words.index("|")
        for first, last, is_good in ((0, bar, True), (bar + 1, len(words), False)):
            heads = [at - first if first <= at < last else -1 for at in label["heads"][first:last]]
            relations = [
                "root" if at == -1 else name for at, name in zip(heads, label["relations"][first:last], strict=True)
            ]
            assert (not faults(Parse(words[first:last], heads, relations))) is is_good, " ".join(words[first:last])


def test_unseen_combinations(pairs):
    """Nouns that never meet a polarity item in training do so here."""
    for pair in grammar_pairs(
        "english_broad", 10, seed=1, paradigms=["npi_only_scope", "npi_present"], unseen="combination"
    ):
        stems = ("wizard", "countess", "pilot", "senator")
        assert any(word.startswith(stems) for word in pair.good.split())


def test_more_of_a_seed_begin_the_same(pairs):
    some = grammar_pairs("english_broad", 5, seed=1, paradigms=["wh_gap"])
    assert some == [pair for pair in pairs if pair.paradigm == "wh_gap"][:5]
    assert grammar_pairs("english_broad", 5, seed=2, paradigms=["wh_gap"]) != some


def test_pairs_are_no_training_text():
    with pytest.raises(RecipeError, match=r"minimal pair|pairs"):
        list(Grammar("english_broad", task="pairs", documents=10).steps(Workbench())[0].run())


def test_what_is_not_there():
    with pytest.raises(UnknownNameError, match="did you mean 'npi_only_scope'"):
        grammar_pairs("english_broad", 1, seed=0, paradigms=["npi_only_scop"])
    with pytest.raises(RecipeError, match="grammar 'english' has no task 'pairs'"):
        paradigms_of("english")


def test_the_shelf_holds_what_the_grammars_write():
    """docs/english.md has the command that writes the files anew."""
    folder = carried_shelves() / "probes" / "pairs"
    assert (folder / "tense.jsonl").read_text() == json_lines(tense_pairs(60, seed=0))
    some = ["npi_only_scope", "anaphor_scope", "determiner_noun", "wh_gap_far"]
    written = [json.loads(line) for line in (folder / "english.jsonl").read_text().splitlines()]
    made = [
        json.loads(line) for line in json_lines(grammar_pairs("english_broad", 40, seed=0, paradigms=some)).splitlines()
    ]
    assert [row for row in written if row["UID"] in some] == made
    assert Counter(row["UID"] for row in written) == dict.fromkeys(paradigms_of("english_broad"), 40)


@pytest.mark.parametrize("name", ["english-pairs", "tense-reinflection"])
def test_shelf_probes_are_read(name):
    found = probe(name)
    assert carried_shelves().joinpath(found.location).exists()
