"""Rates of models whose rate is known, and the interval."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson
from torch import nn

from seedbed.errors import SeedbedError
from seedbed.probes.base import Material
from seedbed.probes.dash_rate import Counts, count, draw_seed, poisson_interval
from seedbed.probes.dash_rate_recipe import DashRate

TEXT = "he didn't\u2014so they say \u2013 sleep, nor eat 3 times\u2014"


@dataclass(frozen=True)
class Text:
    tokens: list[int]
    ended: bool


class Writes(nn.Module):
    """Writes given texts in turn, whatever the prompt; remembers what it was asked."""

    def __init__(self, encoder, texts):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.texts = [encoder.encode_batch([text])[0] for text in texts]
        self.asked = []

    def continuations(self, prompts, *, eos_id, max_new_tokens, temperature=0.0, seed=0):
        self.asked.append((temperature, [list(prompt) for prompt in prompts], seed, self.training))
        made = (self.texts[number % len(self.texts)] for number in range(len(prompts)))
        return [Text(tokens[:max_new_tokens], len(tokens) <= max_new_tokens) for tokens in made]


def measured(encoder, workbench, texts, corpus=None, **fields):
    recipe = DashRate(**({"documents": 10, "max_new_tokens": 64, "temperatures": (1.0,)} | fields))
    documents = None if corpus is None else lambda _: [np.array([*ids, 0]) for ids in encoder.encode_batch(corpus)]
    prepared = recipe.prepare(Material(encoder, 256, workbench, training_documents=documents))
    model = Writes(encoder, texts)
    return prepared.measure(model, 3), model


def test_words_dashes_and_commas_by_hand():
    assert count([TEXT]) == Counts(words=10, em=2, en=1, commas=1)
    assert count([]) == Counts(0, 0, 0, 0)
    assert Counts(200, 3, 1, 0).rates()["per-1000"] == 20.0
    assert Counts(0, 0, 0, 0).rates()["per-1000"] == 0.0
    one, two = count(["so\u2014and"]), count(["so \u2013 and"])
    assert (one.words, two.words) == (2, 2)


@pytest.mark.parametrize(("events", "low", "high"), [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904)])
def test_the_interval_as_in_tables(events, low, high):
    assert poisson_interval(events) == pytest.approx((low, high), abs=1e-4)


@settings(max_examples=40)
@given(st.integers(1, 400))
def test_the_interval_cuts_off_two_and_a_half_per_cent_on_each_side(events):
    low, high = poisson_interval(events)
    assert poisson.sf(events - 1, low) == pytest.approx(0.025)
    assert poisson.cdf(events, high) == pytest.approx(0.025)


def test_scalars_by_hand(encoders, workbench):
    texts = ["one two\u2014three four", "one two \u2013 three, four", "one two, three four"]
    corpus = ["one\u2014two three four", "one \u2013 two three four"]
    found, _ = measured(encoders["byte"], workbench, texts, corpus, documents=9)
    scalars = {name.removeprefix("dash-rate/"): value for name, value in found.scalars.items()}
    assert scalars["t1/words"] == 36
    assert scalars["t1/per-1000"] == pytest.approx(1000 * 6 / 36)
    assert scalars["t1/em-share"] == 0.5
    assert scalars["t1/dash-share"] == 0.5
    assert scalars["corpus/per-1000"] == 250
    assert scalars["t1/over-corpus"] == pytest.approx(2 / 3)
    low, high = poisson_interval(6)
    assert (scalars["t1/low"], scalars["t1/high"]) == pytest.approx((1000 * low / 36, 1000 * high / 36))
    assert scalars["t1/inside"] == float(1000 * low / 36 <= 250 <= 1000 * high / 36)
    assert scalars["t1/ended"] == 1.0
    assert found.items.num_rows == 9
    assert set(found.items["text"].to_pylist()) == set(texts)


def test_a_corpus_with_one_kind_or_none_has_no_share(encoders, workbench):
    for corpus, there in ((["a\u2014b"], False), (["a b"], False), (["a\u2014b", "a \u2013 b"], True)):
        found, _ = measured(encoders["byte"], workbench, ["x\u2014y"], corpus)
        assert ("dash-rate/t1/em-share" in found.scalars) == there
    found, _ = measured(encoders["byte"], workbench, ["x\u2014y"])
    assert not any("corpus" in name or "inside" in name for name in found.scalars)


def test_what_no_dash_is_written_in_has_rate_zero(encoders, workbench):
    found, _ = measured(encoders["byte"], workbench, ["one two"], ["a b"])
    assert found.scalars["dash-rate/t1/per-1000"] == found.scalars["dash-rate/t1/low"] == 0
    assert found.scalars["dash-rate/t1/inside"] == 1
    assert "dash-rate/t1/over-corpus" not in found.scalars
    silent, _ = measured(encoders["byte"], workbench, [""], ["a b"])
    assert silent.scalars["dash-rate/t1/words"] == 0 and "dash-rate/t1/inside" not in silent.scalars


def test_after_a_prompt_only_what_follows_is_counted_in_the_corpus_too(encoders, workbench):
    encoder = encoders["byte"]
    corpus = ["the\u2014end\u2014yes", "a\u2014b", "the end"]
    found, model = measured(encoder, workbench, ["\u2014end"], corpus, prompts=("the", ""))
    assert found.scalars["dash-rate/corpus-after-the/words"] == 3
    assert found.scalars["dash-rate/corpus-after-the/per-1000"] == pytest.approx(2000 / 3)
    assert found.scalars["dash-rate/t1-after-the/per-1000"] == 1000
    assert [prompts[0] for _, prompts, _, _ in model.asked] == [[0, *encoder.encode("the")], [0]]


def test_texts_are_drawn_in_evaluation_mode_and_the_model_is_left_as_it_was(encoders, workbench):
    _, model = measured(encoders["byte"], workbench, ["a"], temperatures=(0.5, 2.0), seed=7)
    assert [(temperature, training) for temperature, _, _, training in model.asked] == [(0.5, False), (2.0, False)]
    assert model.training


def test_draws_follow_from_seed_and_weights():
    one, other = nn.Linear(2, 2), nn.Linear(2, 2)
    again = nn.Linear(2, 2)
    again.load_state_dict(one.state_dict())
    seeds = [draw_seed(one, 0), draw_seed(again, 0), draw_seed(other, 0), draw_seed(one, 1)]
    assert seeds[0] == seeds[1] and len(set(seeds)) == 3
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_model_that_does_not_write_and_texts_beyond_the_context_are_refused(encoders, workbench):
    prepared = DashRate().prepare(Material(encoders["byte"], 256, workbench))
    with pytest.raises(SeedbedError, match="writes no text"):
        prepared.measure(nn.Linear(1, 1), 0)
    with pytest.raises(SeedbedError, match="give the model context=64"):
        DashRate(max_new_tokens=64).prepare(Material(encoders["byte"], 63, workbench))


def test_a_model_of_equal_logits_writes_no_dash_and_the_same_every_time(encoders, workbench):
    from seedbed.training.model import Transformer
    from seedbed.training.recipes import Model

    encoder = encoders["byte"]
    model = Transformer(Model(1, 8, 1, context=64), encoder.vocab_size)
    # Equal logits: each of 257 tokens is equally likely, so three given bytes in a row are all but impossible.
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    prepared = DashRate(documents=40, max_new_tokens=32, temperatures=(1.0,)).prepare(Material(encoder, 64, workbench))
    first, second = (prepared.measure(model, 0).scalars for _ in range(2))
    assert first == second
    assert first["dash-rate/t1/em-per-1000"] == 0
    # Ended within 32 draws of 257: 1 - (256/257)^32 = .117, of 40 texts 4.7 with a standard deviation of 2.
    assert 0 < first["dash-rate/t1/ended"] < 0.3
