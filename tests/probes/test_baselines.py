import numpy as np
import pytest
import torch

from seedbed.data.grammar.items import MinimalPair
from seedbed.probes.baselines import constant_logits, shorter_wins, unigram
from seedbed.probes.minimal_pairs import PreparedMinimalPairs
from seedbed.probes.pair_files import read_pairs
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import tokenizer
from seedbed.tokenizers.train import train_tokenizer

SCOPE = ("only_npi_scope", "sentential_negation_npi_scope")


def test_logits_are_the_same_everywhere():
    model = constant_logits(4)
    assert model(torch.zeros(2, 3, dtype=torch.int64)).tolist() == [[[0.0] * 4] * 3] * 2


def test_a_unigram_model_counts_and_smooths(encoders):
    model = unigram(encoders["byte"], ["aab"])
    a, b, c = encoders["byte"].encode_batch(["abc"])[0]
    probabilities = model.logit.exp()
    assert probabilities.sum() == pytest.approx(1.0)
    assert [probabilities[token].item() for token in (a, b, c)] == pytest.approx([3 / 260, 2 / 260, 1 / 260], rel=1e-5)


def test_shorter_wins_by_bytes():
    pairs = [MinimalPair("p", "ab", "abc"), MinimalPair("p", "abc", "ab"), MinimalPair("p", "ö", "ab")]
    assert shorter_wins(pairs).tolist() == [1.0, 0.0, 0.5]


def test_shorter_wins_on_blimp(shared_data):
    """Row 16 of the known answers, and its control with good and bad swapped."""
    found = read_pairs(shared_data / "blimp")
    pairs = found["sentential_negation_npi_licensor_present"]
    assert shorter_wins(pairs).mean() == 1.0
    assert shorter_wins([MinimalPair(pair.paradigm, pair.bad, pair.good) for pair in pairs]).mean() == 0.0
    for paradigm in SCOPE:
        assert shorter_wins(found[paradigm]).mean() == 0.5


@pytest.mark.parametrize("paradigm", SCOPE)
def test_a_unigram_model_ties_on_the_scope_sets(shared_data, tmp_path, paradigm):
    """Row 15 of the known answers: both sides hold the same words, so all 1,000 pairs tie; in float32 they do not."""
    found = [
        MinimalPair(paradigm, pair.good.lower(), pair.bad.lower())
        for pair in read_pairs(shared_data / "blimp" / f"{paradigm}.jsonl.gz")[paradigm]
    ]
    sentences = [sentence for pair in found for sentence in (pair.good, pair.bad)]
    train_tokenizer(tokenizer("word"), iter(sentences), tmp_path)
    encoder = load_encoder(tmp_path)
    model = unigram(encoder, sentences)
    prepared = PreparedMinimalPairs("scope", {paradigm: found}, encoder, context=64)
    measured = prepared.measure(model, 0)
    assert measured.items.num_rows == 1000
    assert measured.scalars[f"minimal-pairs/scope/{paradigm}/accuracy_sum"] == 0.5
    assert measured.scalars[f"minimal-pairs/scope/{paradigm}/ties"] == 1.0

    log_p = model.logit.log_softmax(-1).numpy()
    sums = [np.add.accumulate(log_p[tokens], dtype=np.float32)[-1] for tokens in encoder.encode_batch(sentences)]
    in_float32 = np.subtract(sums[::2], sums[1::2])
    assert 0 < (in_float32 != 0).sum() < 1000, "the control: float32 sums without a tolerance"
