"""Induction on models whose answer is known, and in two small models that are trained until they have it, or not."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # the name every reader of PyTorch knows
from torch import Tensor, nn

from seedbed.errors import SeedbedError
from seedbed.probes.base import Material
from seedbed.probes.induction import PreparedInduction, prefix_matching, previous_token
from seedbed.probes.induction_recipe import Induction
from seedbed.tokenizers.encoder import Encoder
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model
from seedbed.workbench import Workbench


class Numbers:
    """A tokenizer of `vocab_size` tokens, of which 0 ends documents; each other one is a word."""

    eos_id = 0

    def __init__(self, vocab_size: int) -> None:
        self.vocab_size = vocab_size
        self.starts_with_space = np.ones(vocab_size, np.bool_)
        self.token_bytes = [b"", *(b"%d" % token for token in range(1, vocab_size))]

    def encode_batch(self, texts) -> list[list[int]]:
        return [[int(word) for word in text.split()] for text in texts]

    def decode(self, ids) -> str:
        return " ".join(map(str, ids))


class Copies(nn.Module):
    """Expects what followed the last occurrence of the token, as surely as told; else all tokens alike."""

    def __init__(self, vocab_size: int, logit: float) -> None:
        super().__init__()
        self.vocab_size, self.logit = vocab_size, logit

    def forward(self, tokens: Tensor) -> Tensor:
        logits = torch.zeros(*tokens.shape, self.vocab_size)
        for row, sequence in enumerate(tokens.tolist()):
            after: dict[int, int] = {}
            for place, token in enumerate(sequence):
                if place:
                    after[sequence[place - 1]] = token
                if token in after:
                    logits[row, place, after[token]] = self.logit
        return logits


def material(vocab_size: int = 200, context: int = 128, **more) -> Material:
    return Material(Numbers(vocab_size), context, Workbench(), **more)


def prepared(vocab_size: int = 200, context: int = 128, **fields) -> PreparedInduction:
    return Induction(**fields).prepare(material(vocab_size, context))


def test_a_model_that_copies_has_the_behaviour_and_one_of_equal_logits_does_not() -> None:
    probe = prepared(2000, sequences=6, period=30)
    copied = probe.measure(Copies(2000, 30.0), 0).scalars
    assert copied["induction/repeated/accuracy"] == 1.0
    assert copied["induction/repeated/gain"] > 5
    assert copied["induction/unrepeated/accuracy"] < 0.05
    assert abs(copied["induction/unrepeated/gain"]) < 1.5
    alike = probe.measure(Copies(2000, 0.0), 0).scalars
    assert alike["induction/repeated/copy-1"] == pytest.approx(math.log(2000))
    assert alike["induction/repeated/gain"] == pytest.approx(0, abs=1e-6)
    assert alike["induction/repeated/accuracy"] == pytest.approx(1 / 2000)


def test_what_rules_without_order_get() -> None:
    probe = prepared(200, sequences=4, period=30)
    baselines = probe.baselines()
    assert baselines["induction/uniform"] == pytest.approx(math.log(199))
    assert baselines["induction/bag-of-tokens"] == pytest.approx(math.log(199) - math.log(30))


def test_prefix_matching_and_previous_token_of_known_heads() -> None:
    period, copies = 5, 3
    length = 1 + period * copies
    prefix, previous = torch.zeros(1, 1, length, length), torch.zeros(1, 1, length, length)
    for place in range(1, length):
        previous[0, 0, place, place - 1] = 1
        if place > period:
            prefix[0, 0, place, place + 1 - period] = 1
    assert prefix_matching(prefix, period).item() == 1.0
    assert previous_token(previous).item() == 1.0
    assert prefix_matching(previous, period).item() == 0.0
    assert previous_token(prefix).item() == 0.0
    uniform = torch.ones(length, length).tril()[None, None]
    uniform = uniform / uniform.sum(-1, keepdim=True)
    rows = range(1 + period, length)
    assert prefix_matching(uniform, period).item() == pytest.approx(np.mean([1 / (row + 1) for row in rows]))


def test_scores_of_heads_are_named_by_layer_and_head() -> None:
    probe = prepared(50, head_period=6)
    scalars = probe.measure(Transformer(Model(2, 16, 2, context=128), 50, init_seed=0), 0).scalars
    for what in ("prefix", "previous"):
        each = [scalars[f"induction/head/{head}/{what}"] for head in ("0.0", "0.1", "1.0", "1.1")]
        assert min(each) - 1e-3 <= scalars[f"induction/heads/{what}"] <= max(each) + 1e-3
    assert not any("head" in name for name in probe.measure(Copies(50, 1.0), 0).scalars)


def test_rows_are_sequences_and_cost_is_what_is_fed() -> None:
    probe = prepared(50, sequences=3, period=10, head_draws=2, head_period=4)
    found = probe.measure(Copies(50, 1.0), 0)
    assert found.items["kind"].to_pylist() == ["repeated"] * 3 + ["unrepeated"] * 3
    first, second = (found.items[name].to_numpy()[:3] for name in ("first_nats", "second_nats"))
    assert found.scalars["induction/repeated/gain"] == pytest.approx((first - second).mean())
    assert probe.cost_tokens == 2 * 3 * 20 + 2 * (1 + 4 * 4)


def test_a_model_that_sees_both_sides_is_refused() -> None:
    model = Transformer(Model(2, 16, 2, context=128, causal=False), 50, init_seed=0)
    with pytest.raises(SeedbedError, match="induction: the model sees both sides"):
        prepared(50).measure(model, 0)


def test_a_short_context_shortens_the_period_and_a_shorter_one_is_refused() -> None:
    assert prepared(50, 33).period == 16
    assert prepared(50, 33).head_period == 8
    assert "sequences of 16 of 49 tokens" in prepared(50, 33).conventions
    with pytest.raises(SeedbedError, match="a context of 16 tokens does not hold 4 copies of 4 tokens"):
        prepared(50, 16)
    with pytest.raises(SeedbedError, match="1 tokens to draw from"):
        prepared(2)


def test_tokens_of_heads_leave_out_the_extremes_of_the_training_mixture() -> None:
    documents = [np.repeat(np.arange(50), np.arange(50))]
    probe = Induction(excluded_share=0.2).prepare(material(50, training_documents=lambda tokens: documents))
    assert set(np.unique(probe.often)) - {0} <= set(range(10, 41))
    assert "of 31, 4 times" in probe.conventions


class Improves(nn.Module):
    """Gives the true next token more probability the later it stands: its loss is `scale` / place."""

    def __init__(self, text: list[int], vocab_size: int) -> None:
        super().__init__()
        self.text, self.vocab_size = text, vocab_size

    def forward(self, tokens: Tensor) -> Tensor:
        p = torch.zeros(*tokens.shape, self.vocab_size)
        for place in range(tokens.shape[1]):
            right = math.exp(-4 / (place + 1)) if place < len(self.text) else 1 / self.vocab_size
            p[:, place] = (1 - right) / (self.vocab_size - 1)
            p[:, place, self.text[place] if place < len(self.text) else 0] = right
        return p.log()


def test_in_context_learning_is_the_loss_late_less_the_loss_early() -> None:
    text = [1 + number % 40 for number in range(100)]
    heldout = {"a": ["1 2 3", " ".join(map(str, text))], "b": []}
    probe = Induction(icl_positions=(0.1, 0.9), icl_window=0.0).prepare(material(50, 80, heldout=heldout))
    scalars = probe.measure(Improves(text, 50), 0).scalars
    assert scalars["induction/icl/early"] == pytest.approx(4 / 8, abs=1e-5)
    assert scalars["induction/icl/late"] == pytest.approx(4 / 72, abs=1e-5)
    assert scalars["induction/icl/score"] == pytest.approx(4 / 72 - 4 / 8, abs=1e-5)
    assert "positions 8 and 72 (with 0 on each side) in tokens, of 1 held-out documents" in probe.conventions


def test_documents_that_are_too_short_give_no_score_and_it_is_said() -> None:
    probe = Induction().prepare(material(50, 80, heldout={"a": ["1 2 3"]}))
    assert "No held-out document holds positions 8 and 78" in probe.conventions
    assert not any("icl" in name for name in probe.measure(Copies(50, 1.0), 0).scalars)


def test_positions_in_bytes_are_the_same_for_every_tokenizer(encoders: dict[str, Encoder], sentences) -> None:
    """A model of equal logits: nats per byte are those of its vocabulary over the bytes that a token has there."""
    text = " ".join(sentences[:6])
    recipe = Induction(icl_bytes=(40, 200))
    for kind in ("byte", "bpe"):
        encoder = encoders[kind]
        probe = recipe.prepare(Material(encoder, 512, Workbench(), {"a": [text]}))
        scalars = probe.measure(Copies(encoder.vocab_size, 0.0), 0).scalars
        if kind == "byte":
            assert scalars["induction/icl/early"] == pytest.approx(math.log(encoder.vocab_size))
        else:
            assert 0 < scalars["induction/icl/early"] < math.log(encoder.vocab_size)


class AttentionOnly(nn.Module):
    """Attention alone, without norms; positions are added to queries and keys and to nothing else (PROTOCOLS 3)."""

    def __init__(self, layers: int, *, vocab_size: int, context: int, width: int = 64, heads: int = 4) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(layers)
        self.heads = heads

        def drawn(*shape: int, std: float) -> nn.Parameter:
            return nn.Parameter(torch.empty(shape).normal_(0, std, generator=generator))

        self.embedding = drawn(vocab_size, width, std=0.3)
        self.positions = drawn(context, width, std=0.3)
        self.qkvo = nn.ParameterList([drawn(4, width, width, std=width**-0.5) for _ in range(layers)])
        self.head = drawn(vocab_size, width, std=width**-0.5)

    def forward(self, tokens: Tensor, *, at: Tensor | None = None, attention: list[Tensor] | None = None) -> Tensor:
        x = self.embedding[tokens]
        batch, length, width = x.shape
        hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
        for query, key, value, out in self.qkvo:
            placed = x + self.positions[:length]
            q, k, v = (
                (source @ matrix).view(batch, length, self.heads, -1).transpose(1, 2)
                for source, matrix in ((placed, query), (placed, key), (x, value))
            )
            maps = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).masked_fill(hidden, float("-inf")).softmax(-1)
            if attention is not None:
                attention.append(maps)
            x = x + (maps @ v).transpose(1, 2).reshape(batch, length, width) @ out
        x = x if at is None else x.flatten(0, 1)[at]
        return x @ self.head.T


def trained(layers: int, steps: int, vocab_size: int = 33, length: int = 32) -> AttentionOnly:
    """On sequences of random tokens that repeat, the end of document (token 0) before them.

    After how many tokens they repeat is drawn anew for each: else one layer finds the earlier copy by its distance.
    """
    model = AttentionOnly(layers, vocab_size=vocab_size, context=length + 1)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.98), weight_decay=0.01)
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        block = torch.randint(1, vocab_size, (32, length), generator=generator)
        period = torch.randint(length // 4, length // 2 + 1, (32, 1), generator=generator)
        repeated = block.gather(1, torch.arange(length) % period)
        tokens = torch.cat([torch.zeros(32, 1, dtype=torch.int64), repeated], dim=1)
        logits = model(tokens[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model


@pytest.mark.slow
def test_two_layers_learn_induction() -> None:
    """PROTOCOLS row 5."""
    probe = prepared(33, 33, sequences=100, period=16, head_period=12, head_copies=2, head_draws=100)
    scalars = probe.measure(trained(2, 1500), 0).scalars
    assert scalars["induction/repeated/copy-2"] < 0.1
    assert scalars["induction/repeated/accuracy"] > 0.97
    assert max(scalars[f"induction/head/1.{head}/prefix"] for head in range(4)) > 0.8
    assert scalars["induction/heads/previous"] > 0.5
    assert scalars["induction/unrepeated/accuracy"] < 0.1


@pytest.mark.slow
def test_one_layer_does_not() -> None:
    """PROTOCOLS row 5, the control: it foresees which tokens come again, and not where."""
    probe = prepared(33, 33, sequences=100, period=16, head_period=12, head_copies=2, head_draws=100)
    scalars = probe.measure(trained(1, 1000), 0).scalars
    assert 1.5 < scalars["induction/repeated/copy-2"] < 2.0
    assert scalars["induction/heads/prefix"] < 0.25
