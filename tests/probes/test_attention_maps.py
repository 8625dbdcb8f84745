"""Attention of models that show it, pooled from tokens to words."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from seedbed.errors import SeedbedError
from seedbed.probes.attention_maps import attention_maps, token_starts, word_maps, words_of_tokens
from seedbed.probes.huggingface import adapt
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model


def spans(*words):
    return np.array(words, np.int64)


def test_a_transformer_shows_one_map_per_layer_and_gives_no_logits() -> None:
    model = Transformer(Model(2, 16, 4, context=8), 11, init_seed=0)
    tokens = torch.randint(0, 11, (3, 5), generator=torch.Generator().manual_seed(0))
    maps = attention_maps(model, tokens)
    assert [tuple(layer.shape) for layer in maps] == [(3, 4, 5, 5)] * 2
    assert torch.allclose(maps[0].sum(-1), torch.ones(3, 4, 5))
    assert not maps[1].triu(1).any()


def test_a_model_that_shows_nothing_is_refused_with_what_it_needs() -> None:
    with pytest.raises(SeedbedError, match="a Linear does not show its attention; give it a method attention_maps"):
        attention_maps(nn.Linear(2, 2), torch.zeros(1, 1, dtype=torch.int64))


def test_tokens_belong_to_the_word_of_their_first_letter() -> None:
    text = "I don't, née"
    words = spans((0, 1), (2, 4), (4, 7), (7, 8), (9, 12))  # I do n't , née
    pieces = [b"I", b" don", b"'t", b", n", "ée".encode()[:1], "ée".encode()[1:]]
    assert token_starts(text, pieces).tolist() == [0, 2, 5, 7, 10, 11]
    assert words_of_tokens(text, words, pieces).tolist() == [0, 1, 2, 3, 4, 4]


def test_words_of_one_span_leave_the_second_without_a_token() -> None:
    assert words_of_tokens("du pain", spans((0, 2), (0, 2), (3, 7)), [b"du", b" pain"]).tolist() == [0, 2]


def test_whitespace_belongs_to_the_word_after_it_and_nothing_at_the_end_to_none() -> None:
    assert words_of_tokens("a  b ", spans((0, 1), (3, 4)), [b"a", b" ", b" b", b" "]).tolist() == [0, -1, 1, -1]


def test_word_tokenizers_and_a_space_before_the_text_are_understood() -> None:
    words = spans((0, 3), (4, 8))
    assert words_of_tokens("the newt", words, [b"the", b"newt"]).tolist() == [0, 1]
    assert words_of_tokens("the newt", words, [b" the", b" ne", b"wt"]).tolist() == [0, 1, 1]
    assert words_of_tokens("the newt", words, [b"the", b"unknown"]) is None


def test_every_tokenizer_gives_every_word_its_tokens(encoder, sentences) -> None:
    """Whatever the pieces, the tokens of a word hold its letters."""
    for text in sentences[:20]:
        words = text.split()
        starts = np.cumsum([0, *(len(word) + 1 for word in words[:-1])])
        places = np.stack([starts, starts + [len(word) for word in words]], axis=1)
        (tokens,) = encoder.encode_batch([text])
        owner = words_of_tokens(text, places, [encoder.token_bytes[token] for token in tokens])
        for number, word in enumerate(words):
            held = b"".join(encoder.token_bytes[t] for t, of in zip(tokens, owner, strict=True) if of == number)
            assert held.strip() == word.encode()


def test_attention_between_words_sums_over_targets_and_averages_over_sources() -> None:
    maps = torch.tensor([[[[1.0, 0, 0, 0], [0.4, 0.6, 0, 0], [0.1, 0.2, 0.7, 0], [0.3, 0.1, 0.4, 0.2]]]])
    found = word_maps(maps, torch.tensor([[-1, 0, 1, 1]]), 3)[0, 0]
    # Word 1 looks with two pieces: at word 0 with .2 and .1; at itself with .7 and .4 + .2.
    assert found == pytest.approx(torch.tensor([[0.6, 0, 0], [0.15, 0.65, 0], [0, 0, 0]]).numpy())


@given(st.lists(st.integers(1, 3), min_size=1, max_size=5), st.integers(0, 1000))
def test_words_get_all_attention_that_tokens_give_them(pieces: list[int], seed: int) -> None:
    words = torch.tensor([[n for n, count in enumerate(pieces) for _ in range(count)]])
    maps = torch.rand(1, 2, words.shape[1], words.shape[1], generator=torch.Generator().manual_seed(seed)).softmax(-1)
    assert torch.allclose(word_maps(maps, words, len(pieces)).sum(-1), torch.ones(1, 2, len(pieces)), atol=1e-5)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_a_hugging_face_model_shows_its_attention_and_stays_as_it_was(family: str) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(0)
        if family == "gpt2":
            made = GPT2LMHeadModel(GPT2Config(n_layer=2, n_head=4, n_embd=16, vocab_size=50, n_positions=32))
        else:
            shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
            made = LlamaForCausalLM(LlamaConfig(vocab_size=50, **shape))
    model = adapt(made.eval())
    tokens = torch.arange(18).reshape(2, 9)
    with torch.inference_mode():
        before = model(tokens)
        maps = attention_maps(model, tokens)
        states = model.layer_states(tokens)
        assert torch.equal(model(tokens), before)
        last = model.lens(states[-1].flatten(0, 1), last=True)
        first = model.lens(states[0].flatten(0, 1), last=False)
        theirs = made.base_model(input_ids=tokens, output_hidden_states=True).hidden_states
    assert made.config._attn_implementation == "sdpa"
    assert [tuple(layer.shape) for layer in maps] == [(2, 4, 9, 9)] * 2
    assert torch.allclose(maps[1].sum(-1), torch.ones(2, 4, 9), atol=1e-5)
    assert not maps[0].triu(1).any()
    assert len(states) == 3
    assert all(torch.equal(*pair) for pair in zip(states[:2], theirs[:2], strict=True))
    assert not torch.allclose(states[2], theirs[2])  # theirs is after the norm
    assert torch.allclose(last, before.flatten(0, 1), atol=1e-5)
    assert first.shape == (18, 50)
