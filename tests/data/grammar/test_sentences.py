from __future__ import annotations

from itertools import islice

from seedbed.data.grammar.plans import plan_of
from seedbed.data.grammar.sentences import distinct_sentences, held_out_sentences


def test_sentences_carry_their_numbers(english):
    blocks = held_out_sentences(english, plan_of(english, "copy", "any", "any"), 0, "test")
    for sentence in next(blocks)[:500]:
        for noun in sentence.structure.nouns:
            forms = [entry[sentence.is_plural(noun)] for entry in english.lexicon["noun"]]
            assert sentence.words[noun] in forms


def test_checks_choose_and_repeats_are_dropped(english):
    plan = plan_of(english, "copy", "plain", "intransitive")
    plural = distinct_sentences(held_out_sentences(english, plan, 0, "test"), lambda s: s.is_plural(1), "plurals")
    found = list(islice(plural, 20))
    assert len({sentence.words for sentence in found}) == 20
    assert all(sentence.words[2] in ("do", "don't") for sentence in found)


def test_streams_differ(english):
    plan = plan_of(english, "copy", "any", "any")
    one, other = (next(held_out_sentences(english, plan, 0, stream)) for stream in ("one", "other"))
    assert not {sentence.words for sentence in one[:300]} & {sentence.words for sentence in other[:300]}
