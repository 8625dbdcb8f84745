import pytest
import torch
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from seedbed.errors import SeedbedError
from seedbed.probes.units import holding, places_of, unit_layers, watching
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model

TOKENS = torch.arange(12).view(2, 6)


class Called(nn.Module):
    """Models of transformers, called with tokens alone."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, tokens):
        return self.inner(input_ids=tokens).logits


@pytest.fixture(params=["gelu", "swiglu", "llama", "gpt2"])
def model(request):
    torch.manual_seed(0)
    if request.param == "llama":
        config = LlamaConfig(
            vocab_size=20, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2
        )
        return Called(LlamaForCausalLM(config)).eval()
    if request.param == "gpt2":
        return Called(GPT2LMHeadModel(GPT2Config(vocab_size=20, n_embd=16, n_inner=24, n_layer=2, n_head=2))).eval()
    recipe = Model(layers=2, width=16, heads=2, context=8, mlp=request.param, mlp_width=24)
    return Transformer(recipe, 20, init_seed=0).eval()


@torch.no_grad()
def test_units_are_seen_and_the_model_stays_as_it_was(model):
    plain = model(TOKENS)
    with watching(model) as seen:
        watched = model(TOKENS)
    assert torch.equal(plain, watched)
    assert len(seen) == len(unit_layers(model)) == 2
    assert all(layer.shape[:2] == (2, 6) and layer.shape[2] >= 16 for layer in seen)
    with watching(model) as seen:
        pass
    assert seen == []
    assert torch.equal(model(TOKENS), plain)


@torch.no_grad()
def test_held_units_say_what_they_are_told_and_only_they(model):
    plain = model(TOKENS)
    with watching(model) as before:
        model(TOKENS)
    which, values = torch.tensor([1, 4]), torch.tensor([0.5, -2.0])
    with holding(model, {1: (which, values)}):
        held = model(TOKENS)
    assert not torch.allclose(held, plain)
    # Held at what they say anyway, nothing changes: here at one token.
    one = TOKENS[:1, :1]
    with watching(model) as seen:
        logits = model(one)
    own = seen[1][0, 0, which]
    with holding(model, {1: (which, own)}):
        assert torch.allclose(model(one), logits, atol=1e-6)
    assert torch.equal(model(TOKENS), plain), "nothing stays behind"
    assert len(before) == 2


def test_places_are_counted_through_the_layers():
    found = places_of(torch.tensor([0, 5, 6, 13]), [6, 6, 6])
    assert {layer: places.tolist() for layer, places in found.items()} == {0: [0, 5], 1: [0], 2: [1]}


def test_a_model_without_units_is_refused():
    with pytest.raises(SeedbedError, match="a Linear shows no units"):
        unit_layers(nn.Linear(2, 2))
