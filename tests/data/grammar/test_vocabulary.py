import pytest

from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.hashing import sentence_is_held_out
from seedbed.data.grammar.pair_tasks import grammar_pairs
from seedbed.data.grammar.vocabulary import restricted_to
from seedbed.errors import SourceError
from seedbed.workbench import Workbench

TEXT = """the some my no few many king kings queen queens teacher teachers plate plates could has have is are sleep
sleeps slept sleeping buy buys bought buying admire admires admired admiring near behind often not that who .
Peter Mary"""
WORDS = frozenset(TEXT.split())


@pytest.fixture(scope="module")
def grammar():
    return load_grammar("english_pairs", Workbench())


def test_concepts_without_a_known_form_are_gone_and_others_keep_their_forms(grammar):
    small = restricted_to(grammar, WORDS)
    assert small.lexicon["masculine"].concepts == ("king",)
    assert small.lexicon["masculine"].weights == (1.0,)
    assert small.form("masculine", "king", number="pl") == "kings"
    assert set(small.lexicon["preposition"].concepts) == {"near", "behind"}
    assert restricted_to(grammar, {"king", *WORDS}).lexicon["masculine"].concepts == ("king",)
    assert len(grammar.lexicon["masculine"].concepts) > 10, "the grammar itself is as it was"


def test_pairs_of_few_words_are_made_of_them_and_held_out(grammar):
    pairs = grammar_pairs(
        restricted_to(grammar, WORDS), 6, 0, paradigms=["agreement_attractors_1"], words=WORDS, spare=2
    )
    assert 6 <= len(pairs) <= 8
    for pair in pairs:
        assert {*pair.good.split(), *pair.bad.split()} <= WORDS
        assert sentence_is_held_out(pair.good.split(), grammar.held_out.share)


def test_too_few_words_are_refused(grammar):
    with pytest.raises(
        SourceError, match="of category 'determiner' of grammar 'english_pairs' no word is in the vocab"
    ):
        restricted_to(grammar, {"king"})
    with pytest.raises(SourceError, match="pairs of an unseen sentence in these 3 words; ask for fewer, or give more"):
        grammar_pairs(grammar, 1, 0, paradigms=["npi_question"], words={"the", "king", "ever"})


def test_spare_pairs_are_given_as_far_as_there_are_some(grammar):
    few = grammar_pairs(grammar, 3, 0, paradigms=["npi_question"])
    more = grammar_pairs(grammar, 3, 0, paradigms=["npi_question"], spare=4)
    assert more[:3] == few
    assert len(more) == 7
