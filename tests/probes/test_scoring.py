import math
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.probes.baselines import constant_logits
from seedbed.probes.scoring import Request, Scorer, sentence_requests, sequence_logprobs, sums_by


class Alphabet:
    """The least encoder: token i is one letter, 0 ends a document; "a" (1) is the only one that begins a word."""

    vocab_size = 5
    eos_id = 0
    starts_with_space = np.array([True, True, False, False, False])

    def encode_batch(self, texts):
        return [[1 + "abcd".index(letter) for letter in text] for text in texts]

    def decode(self, ids):
        return "".join("abcd"[token - 1] for token in ids if token)


TEXTS = st.lists(st.text("abcd", max_size=8), min_size=1, max_size=10)


@pytest.fixture(params=["Recurrent", "Attentive"])
def model(request, toys):
    return getattr(toys, request.param)(5)


@settings(max_examples=30)
@given(texts=TEXTS, score_end=st.booleans())
def test_scores_are_those_of_one_sequence_at_a_time(toys, texts, score_end):
    for model in (toys.Recurrent(5).eval(), toys.Attentive(5)):
        scores = sequence_logprobs(model, Alphabet(), texts, score_end=score_end)
        for text, score in zip(texts, scores, strict=True):
            tokens = [0, *Alphabet().encode_batch([text])[0], *([0] if score_end else [])]
            expected = toys.naive_logprobs(model, tokens).sum() if len(tokens) > 1 else 0.0
            assert score == pytest.approx(expected, abs=1e-5, rel=1e-5)


def test_small_batches_and_small_pieces_of_logits_change_nothing(model, monkeypatch):
    texts = ["abca", "abcb", "dab", "ab", "", "abca", "cc"]
    expected = sequence_logprobs(model, Alphabet(), texts)
    monkeypatch.setattr("seedbed.probes.scoring.BATCH_TOKENS", {"cpu": 6})
    monkeypatch.setattr("seedbed.probes.scoring.LOGITS_AT_ONCE", {"cpu": 10})
    assert sequence_logprobs(model, Alphabet(), texts) == pytest.approx(expected, abs=1e-5)


def test_the_first_token_is_scored_and_the_end_only_if_asked():
    model = constant_logits(5)
    assert sequence_logprobs(model, Alphabet(), ["abc", ""]).tolist() == pytest.approx([-3 * math.log(5), 0.0])
    with_end = sequence_logprobs(model, Alphabet(), ["abc", ""], score_end=True)
    assert with_end.tolist() == pytest.approx([-4 * math.log(5), -math.log(5)])


def test_the_same_text_gets_exactly_the_same_score_wherever_it_stands(model):
    scores = sequence_logprobs(model, Alphabet(), ["abcd", "dd", "abcd", "abcda", "abcd"])
    assert scores[0] == scores[2] == scores[4]


def test_only_tokens_from_first_on_are_scored(model, toys):
    score = Scorer([Request([0, 1, 2, 3], first=2)], Alphabet()).score(model)
    assert score[0] == pytest.approx(toys.naive_logprobs(model.eval(), [0, 1, 2, 3])[1:].sum(), abs=1e-5)


def test_a_boundary_adds_the_mass_of_all_tokens_that_may_follow(model, toys):
    score = Scorer([Request([0, 2, 3], boundary=True)], Alphabet()).score(model)
    model.eval()
    after = [toys.naive_logprobs(model, [0, 2, 3, token])[-1] for token in (0, 1)]
    expected = toys.naive_logprobs(model, [0, 2, 3]).sum() + np.logaddexp(*after)
    assert score[0] == pytest.approx(expected, abs=1e-5)


def test_a_plan_made_for_one_model_serves_another(toys):
    scorer = Scorer(sentence_requests(["abcd", "abd"], Alphabet()), Alphabet())
    for model in (toys.Attentive(5, seed=1), toys.Recurrent(5, seed=2), toys.Attentive(5, seed=3)):
        alone = Scorer(scorer.requests, Alphabet()).score(model)
        assert scorer.score(model).tolist() == alone.tolist()


def test_documents_can_be_read_without_tries(toys):
    model = toys.Attentive(5)
    requests = sentence_requests(["abcd", "abda", "b"], Alphabet())
    in_chains = Scorer(requests, Alphabet(), tries=False).score(model)
    assert in_chains == pytest.approx(Scorer(requests, Alphabet()).score(model), abs=1e-5)


def test_scored_and_fed_tokens_are_counted():
    scorer = Scorer([Request([0, 1, 2]), Request([0, 1, 2, 3], first=3, boundary=True)], Alphabet())
    assert scorer.scored_tokens.tolist() == [2, 1]
    assert scorer.longest == 4


def test_the_model_and_all_random_states_are_left_as_they_were(toys):
    model = toys.Recurrent(5).train()
    model.gru.eval()
    modes = [module.training for module in model.modules()]
    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    one, other = (sequence_logprobs(model, Alphabet(), ["abcd"]) for _ in range(2))
    assert one.tolist() == other.tolist(), "dropout was on"
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.random.get_state()[1].tolist() == states[1]
    assert random.getstate() == states[2]
    model(torch.tensor([[1, 2]])).sum().backward()
    assert model.head.weight.grad is not None


def test_sums_are_added_in_order_and_empty_groups_are_zero():
    assert sums_by(np.array([2, 0, 2]), np.array([1.0, 2.0, 4.0]), 4).tolist() == [2.0, 0.0, 5.0, 0.0]


def test_the_cost_counts_shared_beginnings_once_where_they_can_be_shared(encoders):
    encoder = encoders["byte"]
    requests = [Request([encoder.eos_id, *text.encode()]) for text in ("abcd", "abce", "xy")]
    assert Scorer(requests, encoder, tries=False).cost_tokens == 4 + 2, "what two sequences begin with alike is one row"
    assert Scorer(requests, encoder).cost_tokens == 5, "and the token before all texts is read once"
