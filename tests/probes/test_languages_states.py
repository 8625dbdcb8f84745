"""Layers of our models and of others, and the means over sentences."""

import pytest
import torch
from torch import nn

from seedbed.errors import SeedbedError
from seedbed.probes.languages_states import layer_states, lens, sentence_means
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model


def test_a_transformer_shows_every_layer_and_keeps_no_hooks() -> None:
    model = Transformer(Model(3, 16, 2, context=8), 11, init_seed=0)
    tokens = torch.randint(0, 11, (2, 5), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        states = layer_states(model, tokens)
        assert [tuple(state.shape) for state in states] == [(2, 5, 16)] * 4
        assert torch.equal(states[0], model.embedding[tokens])
        assert torch.allclose(states[-1], model.hidden(tokens))
        assert torch.allclose(lens(model, states[-1].flatten(0, 1), last=True), model(tokens).flatten(0, 1))
    assert not any(block._forward_hooks or block._forward_pre_hooks for block in model.blocks)


def test_a_model_that_shows_nothing_is_refused_with_what_it_needs(toys) -> None:
    with pytest.raises(SeedbedError, match="a Recurrent does not show its layers; give it a method layer_states"):
        layer_states(toys.Recurrent(5), torch.zeros(1, 2, dtype=torch.int64))
    assert lens(nn.Linear(2, 2), torch.zeros(1, 2), last=True) is None


def test_means_are_over_the_tokens_of_the_sentence_alone() -> None:
    state = torch.arange(12.0).reshape(1, 4, 3)
    inside = torch.tensor([[False, True, True, False]])
    assert sentence_means([state, 2 * state], inside)[:, 0].tolist() == [[4.5, 5.5, 6.5], [9, 11, 13]]
