import itertools
import json
import math

import numpy as np
import pytest
import torch

from seedbed.training.batches import TrainingData
from seedbed.training.losses import UNITS_PER_NAT, LossSums, batch_loss, batch_nll, token_nll, weighted_mean
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model, Training
from seedbed.training.slices import Labels

from .conftest import InOrder

CPU = torch.device("cpu")


def data_of(parts, *, batch_size=4, causal=True, width=8, positions="rotary", **fields):
    model = Model(1, width, 2, context=6, causal=causal, positions=positions, init_std=0.3)
    training = Training(model, steps=5_040, batch_size=batch_size, learning_rate=0.1, **fields)
    return Transformer(model, 50), TrainingData(parts, InOrder(), training, 0)


def test_constant_logits_cost_the_logarithm_of_the_vocabulary():
    assert torch.allclose(token_nll(torch.zeros(6, 32), torch.arange(6)), torch.full((6,), math.log(32)))


def test_a_certain_model_costs_nothing_where_it_is_right():
    logits = 1000 * torch.nn.functional.one_hot(torch.tensor([1, 2]), 4).float()
    assert token_nll(logits, torch.tensor([1, 3])).tolist() == [0.0, 1000.0]


def test_the_mean_counts_weights():
    nll = torch.tensor([1.0, 2.0, 4.0, 8.0])
    assert weighted_mean(nll, torch.tensor([1.0, 0.0, 1.0, 0.5])).item() == pytest.approx(9 / 2.5)
    assert weighted_mean(nll, torch.zeros(4)).item() == 0.0


@pytest.mark.parametrize("documents", [[[1, 2, 3, 4], [5]], [[1, 2], [3, 4]]])
def test_the_loss_is_the_mean_over_targets_that_count(make_part, documents):
    model, data = data_of([make_part(documents)], batch_size=2)
    batch = data.batch(0)
    real = batch.weights > 0
    nll = -model(batch.inputs).log_softmax(-1).gather(-1, batch.targets[..., None])[..., 0]
    assert torch.allclose(batch_nll(model, batch), nll[real])
    assert batch_loss(batch_nll(model, batch), batch).item() == pytest.approx(nll[real].mean().item())


def test_a_batch_without_a_target_that_counts_moves_nothing(make_part):
    spans = np.array([[0, 0]])
    model, data = data_of([make_part([[1, 2]], answer_spans=spans)], batch_size=1, loss_on="answer")
    loss = batch_loss(batch_nll(model, data.batch(0)), data.batch(0))
    loss.backward()
    assert loss.item() == 0.0
    assert all(not weight.grad.any() for weight in model.parameters())


def test_hidden_tokens_are_hidden_and_the_others_cost_nothing(make_part):
    documents = [[1, 2, 3, 4, 5], [6, 7]]
    model, data = data_of([make_part(documents)], batch_size=2, causal=False, objective="masked", mask_share=0.5)
    step = next(step for step in range(20) if 0 < data.batch(step).weights.sum() < 8)
    batch = data.batch(step)
    with torch.no_grad():
        nll = batch_nll(model, batch)
        hidden = torch.where(batch.weights > 0, model.mask_id, batch.inputs)
        seen = model(hidden, keep=batch.keep)[batch.weights > 0]
        assert torch.allclose(nll, token_nll(seen, batch.targets[batch.weights > 0]))


def test_a_model_that_sees_both_sides_learns_to_fill_in(make_part):
    # A hidden token is the one beside it, on either side. Who looks to the left alone cannot know the first and third,
    # and pays half of ln 8 on average.
    documents = [[first, first, second, second] for first, second in itertools.product(range(1, 9), repeat=2)]
    fields = {"width": 32, "positions": "learned", "causal": False, "objective": "masked", "mask_share": 0.2}
    model, data = data_of([make_part(documents)], batch_size=64, **fields)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    losses = []
    for step in range(100):
        batch = data.batch(step)
        loss = batch_loss(batch_nll(model, batch), batch)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert losses[0] > 3.0
    assert sum(losses[-5:]) / 5 < 1.0


def test_bits_per_byte_of_constant_logits(make_part):
    # Four tokens and the end of document, ln 2 nats each, over six bytes: 5 / 6 bits per byte.
    _, data = data_of([make_part([[1, 2, 3, 4]], bytes_per_document=[6])], batch_size=1)
    sums = LossSums(data.slices, CPU, data.gauges)
    batch = data.batch(0)
    sums.add(token_nll(torch.zeros(5, 2), batch.targets[0].clamp(max=1)), batch)
    metrics = sums.take()
    assert metrics["train/loss_bits_per_byte"] == pytest.approx(5 / 6, abs=1e-5)
    assert metrics["train/loss_nats_per_token"] == pytest.approx(math.log(2), abs=1e-5)
    assert metrics["train/one/loss_bits_per_byte"] == metrics["train/loss_bits_per_byte"]


@pytest.mark.parametrize("layout", ["documents", "packed"])
def test_the_sources_losses_add_up_to_the_total_exactly_in_any_order(make_part, layout):
    generator = np.random.default_rng(0)
    parts = [
        make_part([list(generator.integers(1, 50, length)) for length in generator.integers(0, 9, 20)], source=source)
        for source in ("one", "two", "three")
    ]
    model, data = data_of(parts, batch_size=7, layout=layout)
    batches = [data.batch(step) for step in range(8)]
    with torch.no_grad():
        nlls = [batch_nll(model, batch) for batch in batches]
    forward, backward = LossSums(data.slices, CPU, data.gauges), LossSums(data.slices, CPU, data.gauges)
    for nll, batch in zip(nlls, batches, strict=True):
        forward.add(nll, batch)
    for nll, batch in zip(reversed(nlls), reversed(batches), strict=True):
        backward.add(nll, batch)
    assert forward.state() == backward.state()
    state = forward.state()
    sources = sum(units / UNITS_PER_NAT for units in state["units"])
    metrics = forward.take()
    assert metrics["train/loss_nats_per_token"] == sources / sum(state["tokens"])
    assert metrics["train/loss_bits_per_byte"] == sources / (math.log(2) * sum(state["bytes"]))
    assert sources == pytest.approx(sum(nll.double().sum().item() for nll in nlls), abs=1e-3)


def test_every_way_of_cutting_adds_up_to_the_same_total_exactly(make_part):
    generator = np.random.default_rng(1)
    documents = [generator.integers(1, 50, length).tolist() for length in generator.integers(1, 9, 40)]
    scores = {name: generator.integers(0, 9, 40).astype(float) for name in ("words", "mtld")}
    scores["mtld"][::7] = np.nan
    labels = {"construction": Labels(("a", "b", "c"), generator.integers(-1, 3, 40))}
    parts = [
        make_part(documents, rows=range(20), source="one", difficulty=scores, labels=labels),
        make_part(documents, rows=range(20, 40), source="two", difficulty=scores, labels=labels),
    ]
    model, data = data_of(parts, batch_size=7)
    sums = LossSums(data.slices, CPU, data.gauges)
    for step in range(8):
        with torch.no_grad():
            sums.add(batch_nll(model, data.batch(step)), data.batch(step))
    state = sums.state()
    units = data.slices.sums(np.array(state["units"]))
    ways = [name.rpartition("/")[0] for name in data.slices.names]
    assert set(ways) == {"", "difficulty/mtld", "difficulty/words", "construction"}
    for way in set(ways):
        assert sum(int(u) for u, of in zip(units, ways, strict=True) if of == way) == sum(state["units"])
    metrics = sums.take()
    assert metrics["train/difficulty/words/rank"] == pytest.approx(0.5, abs=0.1)
    assert {name.split("/")[1] for name in metrics if "loss" in name} >= {"one", "two", "difficulty", "construction"}


def test_taking_starts_anew_and_a_silent_source_says_nothing(make_part):
    model, data = data_of([make_part([[1]], source="one"), make_part([[2]], source="two")], batch_size=1)
    sums = LossSums(data.slices, CPU, data.gauges)
    first, second = data.batch(0), data.batch(1)
    sums.add(batch_nll(model, first), first)
    assert "train/two/loss_nats_per_token" not in sums.take()
    sums.add(batch_nll(model, second), second)
    metrics = sums.take()
    assert "train/one/loss_nats_per_token" not in metrics
    assert metrics["train/loss_nats_per_token"] == metrics["train/two/loss_nats_per_token"]


def test_sums_are_taken_up_where_they_were_left(make_part):
    model, data = data_of([make_part([[1, 2], [3], [4, 5, 6]])], batch_size=1)
    whole, before, after = (LossSums(data.slices, CPU, data.gauges) for _ in range(3))
    for step in range(3):
        batch = data.batch(step)
        nll = batch_nll(model, batch)
        whole.add(nll, batch)
        if step == 2:
            after.load(json.loads(json.dumps(before.state())))
        (after if step == 2 else before).add(nll, batch)
    assert after.take() == whole.take()
