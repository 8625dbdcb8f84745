import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers.models.llama.modeling_llama import LlamaConfig, LlamaRotaryEmbedding, apply_rotary_pos_emb

from seedbed.errors import RecipeError
from seedbed.training.model import Transformer, rotary_table, rotate
from seedbed.training.recipes import Model

SHAPES = {
    "llama": {"mlp": "swiglu"},
    "gelu, learned, untied": {"positions": "learned", "tied": False},
    "no norm": {"norm": "none", "mlp": "swiglu"},
    "both sides": {"causal": False},
}


@pytest.fixture(params=SHAPES.values(), ids=SHAPES.keys())
def recipe(request):
    return Model(2, 16, 4, context=12, init_std=0.2, **request.param)


def tokens(vocab_size=11, rows=3, length=10):
    return torch.randint(vocab_size, (rows, length), generator=torch.Generator().manual_seed(1))


def test_logits_have_a_row_for_every_token(recipe):
    logits = Transformer(recipe, 11)(tokens())
    assert logits.shape == (3, 10, 11)
    assert logits.dtype == torch.float32


def test_what_is_longer_than_the_context_is_refused(recipe):
    with pytest.raises(RecipeError, match="13 tokens do not fit in the model's context of 12; raise context"):
        Transformer(recipe, 11)(tokens(length=13))


def test_the_initial_weights_are_those_of_the_seed_and_the_global_state_is_left_alone(recipe):
    state = torch.random.get_rng_state()
    first, same, other = Transformer(recipe, 11, 5), Transformer(recipe, 11, 5), Transformer(recipe, 11, 6)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), same.parameters(), strict=True))
    assert not torch.equal(first.embedding, other.embedding)


def test_initial_weights_have_the_stated_spread():
    model = Transformer(Model(1, 128, 2, context=64, positions="learned", embedding_init_std=0.5, init_std=0.01), 400)
    assert model.embedding.std().item() == pytest.approx(0.5, rel=0.02)
    assert model.positions.std().item() == pytest.approx(0.5, rel=0.03)
    assert model.blocks[0].mlp.up.std().item() == pytest.approx(0.01, rel=0.02)
    assert torch.equal(model.final_norm.gain, torch.ones(128))


def test_a_causal_model_never_looks_to_the_right(recipe):
    model = Transformer(recipe, 11)
    before, changed = tokens(), tokens()
    changed[:, 6:] = (changed[:, 6:] + 1) % 11
    same = torch.allclose(model(before)[:, :6], model(changed)[:, :6], atol=1e-6)
    assert same == recipe.causal


def test_attention_maps_are_those_that_the_fast_path_uses(recipe):
    model = Transformer(recipe, 11)
    maps = []
    with torch.no_grad():
        explicit, fast = model(tokens(), attention=maps), model(tokens())
    assert torch.allclose(explicit, fast, atol=1e-5)
    assert [tuple(m.shape) for m in maps] == [(3, 4, 10, 10)] * 2
    for weights in maps:
        assert torch.allclose(weights.sum(-1), torch.ones(3, 4, 10), atol=1e-6)
        assert (weights.triu(1) == 0).all().item() == recipe.causal


def test_logits_at_chosen_places_are_those_of_all_places(recipe):
    model = Transformer(recipe, 11)
    at = torch.tensor([0, 7, 7, 29])
    assert torch.allclose(model(tokens(), at=at), model(tokens()).flatten(0, 1)[at], atol=1e-6)


@pytest.mark.parametrize("explicit", [False, True])
def test_padding_changes_nothing_for_a_model_that_sees_both_sides(explicit):
    model = Transformer(Model(2, 16, 4, context=12, causal=False, init_std=0.2), 11)
    bare, padded = tokens()[:, :7], tokens()
    keep = torch.arange(10).expand(3, 10) < 7
    with torch.no_grad():
        seen = model(padded, keep=keep, attention=[] if explicit else None)[:, :7]
        assert torch.allclose(seen, model(bare), atol=1e-5)
        assert not torch.allclose(seen, model(padded)[:, :7], atol=1e-5)


def test_the_mask_is_one_more_input_and_never_predicted():
    model = Transformer(Model(1, 8, 2, context=4, causal=False), 11)
    assert model.mask_id == 11
    assert model(torch.full((1, 4), 11)).shape == (1, 4, 11)


def test_rotary_positions_are_those_of_llama():
    recipe = Model(1, 64, 2, context=300, rotary_base=5_000.0)
    parameters = {"rope_type": "default", "rope_theta": 5_000.0}
    config = LlamaConfig(hidden_size=64, num_attention_heads=2, max_position_embeddings=300, rope_parameters=parameters)
    heads = torch.randn(2, 2, 300, 32, generator=torch.Generator().manual_seed(0))  # [B, H, T, D]
    cos, sin = LlamaRotaryEmbedding(config)(heads, torch.arange(300)[None])
    theirs, _ = apply_rotary_pos_emb(heads, heads, cos, sin)
    ours = [table[:, None] for table in rotary_table(recipe)]
    assert torch.equal(rotate(heads.transpose(1, 2), *ours).transpose(1, 2), theirs)


def test_turned_products_depend_on_the_distance_alone():
    cos, sin = rotary_table(Model(1, 8, 1, context=20))
    vector = torch.randn(8, generator=torch.Generator().manual_seed(0)).expand(1, 20, 8)
    turned = rotate(vector, cos, sin)[0]
    products = turned @ turned.T
    assert torch.allclose(products.diagonal(3), products[0, 3].expand(17), atol=1e-4)


# torch warns where it cannot batch an operation and loops instead; the model must not come to that.
@pytest.mark.filterwarnings("error:There is a performance drop")
def test_seeds_can_be_stacked_into_one_batched_model(recipe):
    models = [Transformer(recipe, 11, seed) for seed in range(3)]
    parameters, buffers = stack_module_state(models)
    ids = torch.stack([tokens(), tokens().flip(0), tokens().flip(1)])
    with sdpa_kernel(SDPBackend.MATH):
        stacked = vmap(lambda p, b, x: functional_call(models[0], (p, b), (x,)))(parameters, buffers, ids)
    for model, seen, logits in zip(models, ids, stacked, strict=True):
        assert torch.allclose(model(seen), logits, atol=1e-5)


def test_stacked_seeds_learn_as_they_would_alone():
    recipe = Model(1, 16, 2, context=12, mlp="swiglu", init_std=0.2)
    models = [Transformer(recipe, 11, seed) for seed in range(3)]
    parameters, buffers = stack_module_state(models)

    ids = tokens()

    def loss(weights, tables):
        return functional_call(models[0], (weights, tables), (ids,)).square().mean()

    with sdpa_kernel(SDPBackend.MATH):
        gradients = vmap(torch.func.grad(loss))(parameters, buffers)
    for seed, model in enumerate(models):
        model(ids).square().mean().backward()
        for name, weight in model.named_parameters():
            assert torch.allclose(weight.grad, gradients[name][seed], atol=1e-5)


@pytest.mark.parametrize("positions", ["rotary", "learned"])
def test_texts_that_begin_alike_can_share_their_beginning(positions):
    transformer = Transformer(Model(2, 16, 2, context=8, positions=positions), 11, init_seed=3)
    beginning, one, other = [1, 2, 3], [4, 5], [6, 7]
    tokens = torch.tensor([beginning + one + other])
    places = torch.tensor([[0, 1, 2, 3, 4, 3, 4]])
    visible = torch.ones(7, 7, dtype=torch.bool).tril()
    visible[5:, 3:5] = False
    shared = transformer.logits(transformer.hidden(tokens, positions=places, visible=visible[None]))[0]
    torch.testing.assert_close(shared[:5], transformer(torch.tensor([beginning + one]))[0])
    torch.testing.assert_close(shared[5:], transformer(torch.tensor([beginning + other]))[0, 3:])
