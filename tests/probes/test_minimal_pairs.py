import json
import math

import numpy as np
import pytest

from seedbed.data.grammar.items import MinimalPair, agreement_pairs
from seedbed.errors import SeedbedError, SourceError
from seedbed.probes.base import Material
from seedbed.probes.baselines import constant_logits
from seedbed.probes.minimal_pairs import PreparedMinimalPairs
from seedbed.probes.recipes import MinimalPairs
from seedbed.workbench import Workbench

AGREEMENT = MinimalPairs("agreement", location="grammar:agreement", pairs_per_paradigm=8)


@pytest.fixture
def prepared(encoder, workbench):
    return AGREEMENT.prepare(Material(encoder, 160, workbench))


def test_a_model_that_knows_the_good_sentences_is_right(prepared, encoder, toys):
    good = [pair.good for pairs in prepared.pairs.values() for pair in pairs]
    scalars = prepared.measure(toys.Recites(encoder, good), 0).scalars
    for paradigm in (*prepared.pairs, "mean"):
        for rule in ("sum", "per_token", "per_byte"):
            assert scalars[f"minimal-pairs/agreement/{paradigm}/accuracy_{rule}"] == 1.0
        assert scalars[f"minimal-pairs/agreement/{paradigm}/margin_nats"] > 1.0
        assert scalars[f"minimal-pairs/agreement/{paradigm}/margin_nats_per_byte"] > 0.0
        assert scalars[f"minimal-pairs/agreement/{paradigm}/ties"] == 0.0


def test_scores_in_the_table_are_those_of_one_sentence_at_a_time(prepared, encoder, toys):
    model = toys.Recurrent(encoder.vocab_size).eval()
    table = prepared.measure(model, 0).items
    pairs = [pair for some in prepared.pairs.values() for pair in some]
    assert table["paradigm"].to_pylist() == [pair.paradigm for pair in pairs]
    assert table["pair"].to_pylist() == list(range(8)) * len(prepared.pairs)
    for row, pair in list(zip(table.to_pylist(), pairs, strict=True))[::7]:
        for side, sentence in (("good", pair.good), ("bad", pair.bad)):
            tokens = encoder.encode_batch([sentence])[0]
            expected = toys.naive_logprobs(model, [encoder.eos_id, *tokens]).sum()
            assert row[f"{side}_logprob"] == pytest.approx(expected, abs=1e-4)
            assert row[f"{side}_tokens"] == len(tokens)
            assert row[f"{side}_bytes"] == len(sentence.encode())
        assert row["margin_nats"] == row["good_logprob"] - row["bad_logprob"]
        assert row["credit_sum"] == (row["margin_nats"] > 0)


def test_scalars_are_means_of_the_table_and_the_mean_is_over_paradigms(encoders, toys):
    encoder = encoders["byte"]
    pairs = {
        "few": [MinimalPair("few", "abc", "abd")],
        "many": [MinimalPair("many", f"x{i}", f"y{i}") for i in range(5)],
    }
    measured = PreparedMinimalPairs("s", pairs, encoder, context=9).measure(toys.Recurrent(encoder.vocab_size), 0)
    margins = measured.items["margin_nats"].to_numpy()
    few, many = margins[:1].mean(), margins[1:].mean()
    assert measured.scalars["minimal-pairs/s/many/margin_nats"] == pytest.approx(many)
    assert measured.scalars["minimal-pairs/s/mean/margin_nats"] == pytest.approx((few + many) / 2)


def test_the_end_is_scored_only_if_the_recipe_says_so(encoders):
    encoder = encoders["byte"]
    pairs = {"p": [MinimalPair("p", "ab", "abc")]}
    for score_end, more in ((False, 0), (True, 1)):
        prepared = PreparedMinimalPairs("s", pairs, encoder, context=9, score_end=score_end)
        row = prepared.measure(constant_logits(257), 0).items.to_pylist()[0]
        assert row["good_logprob"] == pytest.approx(-(2 + more) * math.log(257))
        assert row["bad_tokens"] == 3 + more
        assert ("end of it is scored" in prepared.conventions) == score_end


def test_constant_logits_are_half_right_per_token_on_every_paradigm(prepared, encoder):
    scalars = prepared.measure(constant_logits(encoder.vocab_size), 0).scalars
    for paradigm, pairs in prepared.pairs.items():
        of = f"minimal-pairs/agreement/{paradigm}"
        assert scalars[f"{of}/accuracy_per_token"] == 0.5
        assert scalars[f"{of}/ties_per_token"] == 1.0
        lengths = [[len(tokens) for tokens in encoder.encode_batch([pair.good, pair.bad])] for pair in pairs]
        differ = np.mean([good != bad for good, bad in lengths])
        assert scalars[f"{of}/token_counts_differ"] == differ
        assert scalars[f"{of}/accuracy_sum"] == np.mean([(good < bad) + 0.5 * (good == bad) for good, bad in lengths])
        assert scalars[f"{of}/ties"] == 1 - differ


def test_constant_logits_on_blimp(encoders, shared_data):
    """Row 16 of the known answers: half right per token everywhere, in a sum exactly where token counts are equal."""
    recipe = MinimalPairs("blimp", location="blimp", pairs_per_paradigm=20)
    prepared = recipe.prepare(Material(encoders["byte"], 160, Workbench(shared_data)))
    assert "Only the first 20 pairs of each paradigm are scored." in prepared.conventions
    measured = prepared.measure(constant_logits(257), 0)
    assert len(prepared.pairs) == 67
    for paradigm in prepared.pairs:
        assert measured.scalars[f"minimal-pairs/blimp/{paradigm}/accuracy_per_token"] == 0.5
    table = measured.items
    same = table["good_tokens"].to_numpy() == table["bad_tokens"].to_numpy()
    assert np.array_equal(table["credit_sum"].to_numpy() == 0.5, same)
    assert 0 < same.mean() < 1
    # Per byte is per token for bytes.
    assert set(table["credit_per_byte"].to_pylist()) == {0.5}


def test_the_grammars_pairs_are_those_asked_for(prepared, workbench):
    expected = agreement_pairs(8, 0, workbench=workbench)
    assert [pair for pairs in prepared.pairs.values() for pair in pairs] == expected
    other = AGREEMENT.smoke()
    assert other.pairs_per_paradigm == 8
    assert all(name.startswith("agreement_") for name in prepared.pairs)


def test_a_context_that_holds_no_pair_is_refused_when_the_probe_is_prepared(encoders, workbench):
    with pytest.raises(
        SeedbedError,
        match=r"agreement: none of its 40 items can be scored: 40 for a length above the context of 9 tokens",
    ):
        AGREEMENT.prepare(Material(encoders["byte"], 9, workbench))


def test_pairs_that_are_too_long_are_left_out_and_said_and_others_keep_their_numbers(encoders, toys):
    encoder = encoders["byte"]
    pairs = {
        "p": [MinimalPair("p", "a" * size, "b" * size) for size in (3, 12, 4)],
        "long": [MinimalPair("long", "x" * 20, "y")],
    }
    prepared = PreparedMinimalPairs("s", pairs, encoder, context=8)
    assert list(prepared.pairs) == ["p"]
    assert prepared.cost_tokens == 7, "the token before the text once, and the longer of two beginnings"
    assert "2 of 4 items are not scored: 2 for a length above the context of 8 tokens" in prepared.conventions
    measured = prepared.measure(toys.Recurrent(encoder.vocab_size), 0)
    assert measured.scalars["minimal-pairs/s/unscored"] == 2
    assert measured.items["pair"].to_pylist() == [0, 2]
    assert [each["detail"] for each in json.loads(measured.items.schema.metadata[b"unscored"])] == [
        "12 tokens",
        "20 tokens",
    ]
    whole = PreparedMinimalPairs("s", pairs, encoder, context=20)
    assert "unscored" not in whole.conventions
    assert "minimal-pairs/s/unscored" not in whole.measure(toys.Recurrent(encoder.vocab_size), 0).scalars


def test_pairs_of_words_that_the_tokenizer_lacks_are_left_out(encoders, toys):
    pairs = {
        "p": [
            MinimalPair("p", "the yak does sleep .", "the yak do sleep ."),
            MinimalPair("p", "the quokka does sleep .", "the quokka do sleep ."),
        ]
    }
    prepared = PreparedMinimalPairs("s", pairs, encoders["word"], context=8)
    assert [pair.good for pair in prepared.pairs["p"]] == ["the yak does sleep ."]
    assert "1 for words that the tokenizer lacks (such as 'the quokka does sleep .': quokka)" in prepared.conventions
    known = PreparedMinimalPairs(
        "s", pairs, encoders["byte"], context=40, known_words={"the", "quokka", "do", "does", "sleep", "."}
    )
    assert [pair.good for pair in known.pairs["p"]] == ["the quokka does sleep ."]
    assert "words that training never had (such as 'the yak does sleep .': yak)" in known.conventions


def test_a_missing_location_is_an_error_unless_it_is_optional(encoders, tmp_path):
    def prepare(**changes):
        recipe = MinimalPairs("blimp", location="blimp", **changes)
        return recipe.prepare(Material(encoders["byte"], 160, Workbench(tmp_path)))

    with pytest.raises(SourceError, match="blimp is not there or cannot be read; check the location"):
        prepare()
    left_out = prepare(optional=True)
    assert "There are no pairs: blimp is not there." in left_out.conventions
    measured = left_out.measure(constant_logits(257), 0)
    assert measured.scalars == {}
    assert measured.items.num_rows == 0
