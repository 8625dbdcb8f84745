"""Log-probabilities at chosen places, in pieces, and the credit of the most probable token."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seedbed.errors import SeedbedError
from seedbed.probes.next_token import (
    batches_of,
    check_looks_back_alone,
    expectations,
    looks_ahead,
    padded,
    top_credit,
)
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model


@pytest.mark.parametrize("kind", ["Attentive", "Recurrent"])
def test_pieces_are_the_log_softmax_at_those_places(toys, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    model = getattr(toys, kind)(7).eval()
    tokens = torch.randint(0, 7, (3, 5), generator=torch.Generator().manual_seed(0))
    places = torch.tensor([0, 4, 7, 14, 2])
    monkeypatch.setattr("seedbed.probes.next_token.LOGITS_AT_ONCE", {"cpu": 14})  # two rows at once
    with torch.inference_mode():
        whole = model(tokens).flatten(0, 1).log_softmax(-1)
        found = list(expectations(model, tokens, places, 7))
    assert [len(log_p) for _, log_p in found] == [2, 2, 1]
    for piece, log_p in found:
        assert torch.allclose(log_p, whole[places[piece]], atol=1e-5)


@given(st.lists(st.integers(1, 50), max_size=30))
def test_batches_hold_everything_once_and_are_not_too_large(lengths: list[int]) -> None:
    batches = batches_of([40 * length for length in lengths], torch.device("cpu"))
    assert sorted(number for batch in batches for number in batch.tolist()) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(40 * lengths[number] for number in batch) <= 2048
        assert (np.diff(batch) > 0).all()


def test_padding_is_on_the_right() -> None:
    assert padded([[1, 2, 3], [4]], 9).tolist() == [[1, 2, 3], [4, 9, 9]]


def test_tokens_that_tie_share_the_point() -> None:
    log_p = torch.tensor([[0.0, 0.0, -1.0], [0.0, -1e-6, -1.0], [0.0, -1.0, -2.0]])
    assert top_credit(log_p, torch.tensor([0, 1, 1]), 1e-4).tolist() == [0.5, 0.5, 0.0]
    assert top_credit(log_p, torch.tensor([2, 1, 0]), 0.0).tolist() == [0.0, 0.0, 1.0]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=30))
def test_batches_without_padding_hold_sequences_of_one_length(lengths: list[int]) -> None:
    batches = batches_of(lengths, torch.device("cpu"), padding=False)
    assert sorted(number for batch in batches for number in batch.tolist()) == list(range(len(lengths)))
    assert len(batches) == len(set(lengths))


def test_a_model_that_sees_both_sides_is_told_from_a_causal_one() -> None:
    cpu = torch.device("cpu")
    for causal in (True, False):
        model = Transformer(Model(2, 16, 2, context=8, causal=causal), 9, init_seed=0)
        with torch.inference_mode():
            assert looks_ahead(model(torch.tensor([[1, 2, 3], [1, 2, 4]]))) != causal
            if causal:
                check_looks_back_alone("mine", model, 9, cpu)
            else:
                with pytest.raises(SeedbedError, match="mine: the model sees both sides of a token"):
                    check_looks_back_alone("mine", model, 9, cpu)
