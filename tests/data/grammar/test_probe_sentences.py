from __future__ import annotations

from itertools import islice

import pytest

from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.hashing import sentence_is_held_out
from seedbed.data.grammar.items import declaratives, restricted
from seedbed.data.grammar.probe_sentences import distinct_sentences, held_out_sentences
from seedbed.errors import SourceError
from seedbed.workbench import Workbench


@pytest.fixture(scope="module")
def english():
    return load_grammar("english", Workbench())


@pytest.fixture(scope="module")
def copies(english):
    return declaratives(english, "copy")


def test_sentences_are_held_out_and_have_the_forms_of_their_layout(english, copies):
    found = next(held_out_sentences(english, copies, 0, "test"))
    assert len(found) > 200
    for sentence in found:
        assert sentence_is_held_out(sentence.words, english.held_out.share)
        for slot, word in zip(sentence.layout.slots, sentence.words, strict=True):
            if slot.category == "noun":
                forms = {
                    english.form("noun", c, number=str(slot.value("number"))) for c in english.lexicon["noun"].concepts
                }
                assert word in forms
            if slot.text is not None:
                assert word == slot.text


def test_layouts_come_as_often_as_they_weigh(english, copies):
    wanted = restricted(copies, "o", "any") | restricted(copies, "si", "any")
    wanted = {layout: 3.0 if layout in restricted(copies, "o", "any") else 1.0 for layout in wanted}
    share = sum(weight for weight in wanted.values() if weight == 3) / sum(wanted.values())
    found = [s for block in islice(held_out_sentences(english, wanted, 0, "test"), 4) for s in block]
    assert len(found) > 1_000
    mean = sum(s.layout.label("subject_rc", "none") == "o" for s in found) / len(found)
    assert mean == pytest.approx(share, abs=4 * (share * (1 - share) / len(found)) ** 0.5)


def test_checks_choose_and_repeats_are_dropped(english, copies):
    plural = distinct_sentences(
        held_out_sentences(english, restricted(copies, "none", "none"), 0, "test"),
        lambda s: s.words[2] == "do",
        "plurals",
    )
    found = list(islice(plural, 20))
    assert len({sentence.words for sentence in found}) == 20
    assert all(sentence.words[2] == "do" for sentence in found)


def test_streams_and_seeds_differ(english, copies):
    one = next(held_out_sentences(english, copies, 0, "one"))
    for other in (
        next(held_out_sentences(english, copies, 0, "other")),
        next(held_out_sentences(english, copies, 1, "one")),
    ):
        assert not {sentence.words for sentence in one} & {sentence.words for sentence in other}
    assert one == next(held_out_sentences(english, copies, 0, "one"))


def test_asking_for_more_than_there_is_is_refused(english, copies):
    short = {layout: weight for layout, weight in restricted(copies, "none", "none").items() if len(layout.slots) == 5}
    sentences = distinct_sentences(held_out_sentences(english, short, 0, "test"), lambda sentence: True, "short items")
    with pytest.raises(SourceError, match=r"has only \d+ distinct short items of a kind; ask for fewer"):
        list(islice(sentences, 10_000))
