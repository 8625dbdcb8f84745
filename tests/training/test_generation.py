"""Generated tokens against the plainest loop there is: one prompt, whole rows, no cache, no batch."""

import pytest
import torch

from seedbed.errors import RecipeError
from seedbed.training.generation import Choice, generate
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model

VOCAB = 23
EOS = 0
PROMPTS = [[0], [0, 5, 9, 1, 7, 7, 2], [0, 3], [0, 5, 9], [0, 11, 12, 13, 14, 2, 2, 4, 19], [0, 3, 22, 1]]
SHAPES = {
    "rotary": {"mlp": "swiglu"},
    "learned": {"positions": "learned", "tied": False},
    "no norm": {"norm": "none"},
}


@pytest.fixture(scope="module", params=SHAPES.values(), ids=SHAPES.keys())
def model(request):
    return Transformer(Model(2, 16, 4, context=32, init_std=0.4, **request.param), VOCAB, init_seed=3)


def plain_greedy(model, prompt, new):
    tokens = list(prompt)
    with torch.no_grad():
        while len(tokens) < len(prompt) + new:
            tokens.append(int(model(torch.tensor([tokens]))[0, -1].argmax()))
            if tokens[-1] == EOS:
                return tokens[len(prompt) : -1], True
    return tokens[len(prompt) :], False


def test_greedy_tokens_are_those_of_one_prompt_at_a_time_without_a_cache(model):
    wanted = [plain_greedy(model, prompt, 20) for prompt in PROMPTS]
    found = generate(model, PROMPTS, eos_id=EOS, max_new_tokens=20)
    assert [(each.tokens, each.ended) for each in found] == wanted
    assert len({tuple(each.tokens) for each in found}) > 1


@pytest.mark.parametrize(
    "choice",
    [{}, {"temperature": 1.0}, {"temperature": 0.7, "top_k": 5}, {"temperature": 1.3, "top_p": 0.8}],
    ids=["greedy", "sampled", "top-k", "top-p"],
)
@pytest.mark.parametrize("rows", [1, 2, 6])
def test_the_cache_and_the_batch_change_no_token(model, choice, rows):
    how = {"eos_id": EOS, "max_new_tokens": 20, "seed": 4, **choice}
    whole = generate(model, PROMPTS, cached=False, rows_at_once=6, **how)
    assert generate(model, PROMPTS, rows_at_once=rows, **how) == whole


def test_a_document_ends_where_its_end_is_written(model):
    found = generate(model, PROMPTS * 20, eos_id=EOS, max_new_tokens=20, temperature=2.0, seed=1)
    ended = [each for each in found if each.ended]
    assert ended
    assert len(ended) < len(found)  # both kinds are there, so rows leave the batch while others go on
    assert all(EOS not in each.tokens for each in found)
    assert all(len(each.tokens) == 20 for each in found if not each.ended)
    assert all(len(each.tokens) < 20 for each in ended)


def test_the_seed_decides_and_the_global_state_is_left_alone(model):
    state = torch.random.get_rng_state()
    how = {"eos_id": EOS, "max_new_tokens": 12, "temperature": 1.0}
    first, same, other = (model.continuations(PROMPTS, **how, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert first == same
    assert first != other


def test_a_prompt_gets_the_same_tokens_whatever_the_other_prompts_are(model):
    how = {"eos_id": EOS, "max_new_tokens": 12, "temperature": 1.0, "seed": 8}
    others = [prompt if number == 2 else [0, 1, 1, 1] for number, prompt in enumerate(PROMPTS)]
    assert generate(model, PROMPTS, **how)[2] == generate(model, others, **how)[2]


def test_draws_follow_the_probabilities():
    logits = torch.tensor([[0.1, 0.4, 0.0, 0.2, 0.3]]).log().expand(1000, 5)
    draws = (torch.arange(1000).double() + 0.5) / 1000

    def counts(**choice):
        return torch.bincount(Choice(**{"temperature": 1.0, "top_k": None, "top_p": 1.0} | choice)(logits, draws))

    assert counts().tolist() == [100, 400, 0, 200, 300]
    assert counts(top_k=2).tolist() == [0, 571, 0, 0, 429]  # 4/7 and 3/7
    assert counts(top_p=0.5).tolist() == [0, 571, 0, 0, 429]  # .4 does not reach .5, .4 + .3 does
    assert counts(top_p=0.3).tolist() == [0, 1000]
    square = counts(temperature=0.5).tolist()  # 1 : 16 : 0 : 4 : 9
    assert square == pytest.approx([1000 / 30, 16000 / 30, 0, 4000 / 30, 9000 / 30], abs=1)


def test_equal_tokens():
    """The smaller id is greedy; top-k keeps what equals the last; top-p takes equal ones in order of ids."""
    logits = torch.tensor([[0.25, 0.25, 0.25, 0.25]]).log()
    middle = torch.tensor([0.6], dtype=torch.float64)
    assert Choice(0.0, None, 1.0)(logits, None).tolist() == [0]
    assert Choice(1.0, 1, 1.0)(logits, middle).tolist() == [2]
    assert Choice(1.0, None, 0.5)(logits, middle).tolist() == [1]


def test_a_draw_of_the_whole_mass_gives_a_token_that_has_some():
    logits = torch.tensor([[0.0, 0.0, float("-inf")]])
    assert Choice(1.0, None, 1.0)(logits, torch.tensor([1.0], dtype=torch.float64)).tolist() == [1]


def test_what_does_not_fit_is_refused_and_what_just_fits_is_not():
    model = Transformer(Model(1, 8, 2, context=10, init_std=0.3), VOCAB)
    mend = r"prompt 1 has 4 tokens and 8 more .* reads 11; its context is 10: lower max_new_tokens to 7, or train .*=11"
    with pytest.raises(RecipeError, match=mend) as refused:
        generate(model, [[0], [0, 1, 2, 3]], eos_id=VOCAB, max_new_tokens=8)
    assert "\n" not in str(refused.value)
    with pytest.raises(RecipeError, match=r"its context is 10: train a model with context=12 or more"):
        generate(model, [[0] * 12], eos_id=EOS, max_new_tokens=1)
    [full] = generate(model, [[0, 1, 2, 3]], eos_id=VOCAB, max_new_tokens=7)  # nothing ends a document
    assert len(full.tokens) == 7
    assert full == generate(model, [[0, 1, 2, 3]], eos_id=VOCAB, max_new_tokens=7, cached=False)[0]


@pytest.mark.parametrize(
    ("prompts", "how", "mend"),
    [
        ([[]], {}, "prompt 0 is empty; begin a text with the end-of-document token"),
        ([[0], [23]], {}, "prompt 1 holds a token id outside 0 to 22"),
        ([[0]], {"max_new_tokens": 0}, "max_new_tokens = 0 asks for nothing"),
        ([[0]], {"temperature": -1.0}, "temperature = -1.0"),
        ([[0]], {"temperature": 1.0, "top_k": 0}, "top_k = 0 leaves no token"),
        ([[0]], {"temperature": 1.0, "top_p": 0.0}, "top_p = 0.0 is no share"),
        ([[0]], {"top_k": 3}, "temperature 0 takes the most probable token; leave out top_k"),
    ],
)
def test_bad_requests_are_refused(prompts, how, mend):
    model = Transformer(Model(1, 8, 2, context=10), VOCAB)
    with pytest.raises(RecipeError, match=mend):
        generate(model, prompts, **({"eos_id": EOS, "max_new_tokens": 3} | how))


def test_a_model_that_sees_both_sides_is_refused():
    model = Transformer(Model(1, 8, 2, context=10, causal=False), VOCAB)
    with pytest.raises(RecipeError, match=r"sees both sides writes no text .*; take one with causal=True"):
        generate(model, [[0]], eos_id=EOS, max_new_tokens=3)


def test_no_prompts_give_nothing():
    assert generate(Transformer(Model(1, 8, 2, context=10), VOCAB), [], eos_id=EOS, max_new_tokens=3) == []


def test_a_cache_read_in_pieces_gives_the_residual_stream_of_the_whole(model):
    tokens = torch.randint(VOCAB, (3, 12), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        whole = model.hidden(tokens)
        cache = model.cache(3, 12)
        pieces = [model.hidden(tokens[:, :5], cache=cache)]
        for start, end in ((5, 9), (9, 10), (10, 12)):
            places = torch.arange(start, end).expand(3, -1)
            pieces.append(model.hidden(tokens[:, start:end], positions=places, cache=cache))
    assert torch.allclose(torch.cat(pieces, 1), whole, atol=1e-5)
