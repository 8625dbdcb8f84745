"""A planted unit is found, costs its class alone, and the controls stay at chance."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu
from torch import nn

from seedbed.errors import SourceError, UnknownNameError
from seedbed.probes.base import Material
from seedbed.probes.held_out import documents_by_class, first_tokens
from seedbed.probes.inside_recipes import Selectivity, Sharpness
from seedbed.probes.selectivity import PreparedSelectivity, auroc, chosen_units
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import Tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.workbench import Workbench


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bytes")
    train_tokenizer(Tokenizer("byte"), iter(()), folder)
    return load_encoder(folder)


class Planted(nn.Module):
    """Knows that after 'a' comes 'a', by unit 3 alone; all other units are noise of the token."""

    def __init__(self, vocab_size, a):
        super().__init__()
        self.a = a
        self.mlp = PlantedUnits(vocab_size, a)

    def forward(self, tokens):
        return self.mlp(tokens)


class PlantedUnits(nn.Module):
    def __init__(self, vocab_size, a):
        super().__init__()
        self.noise = nn.Parameter(torch.randn(vocab_size, 30, generator=torch.Generator().manual_seed(0)))
        self.a = a

    def units(self, x):
        units = self.noise[x] * 1.0
        units[..., 3] = (x == self.a).float()
        return units

    def from_units(self, units):
        logits = torch.zeros(*units.shape[:-1], len(self.noise))
        logits[..., self.a] = 6 * units[..., 3]
        return logits

    def forward(self, x):
        return self.from_units(self.units(x))


def texts(rng, letters, count):
    return ["".join(rng.choice(list(letters), size=rng.integers(10, 30))) for _ in range(count)]


@pytest.fixture(scope="module")
def measured(encoder):
    rng = np.random.default_rng(0)
    documents = {"as": ["a" * int(rng.integers(10, 30)) for _ in range(20)], "others": texts(rng, "bcdefgh", 20)}
    prepared = PreparedSelectivity("selectivity", documents, encoder, context=40, units=1, seed=0)
    (a,) = encoder.encode_batch(["a"])[0]
    return prepared, prepared.measure(Planted(encoder.vocab_size, a), 0)


def test_the_planted_unit_is_chosen_and_tells_its_class_apart(measured):
    _, found = measured
    assert found.scalars["selectivity/as/auroc"] == 1
    (row,) = [row for row in found.items.to_pylist() if row["class"] == "as"]
    assert row["auroc_choosing"] in (0, 1)
    assert found.items.schema.metadata[b"conventions"].startswith(b"One row per class")


def test_holding_it_costs_the_class_and_a_random_unit_nothing(encoder):
    rng = np.random.default_rng(1)
    # Every other unit answers to both classes alike, so that only the planted one can be chosen.
    documents = {"as": ["ab" * int(rng.integers(5, 15)) for _ in range(20)], "others": ["b" * 20 for _ in range(20)]}
    (a,) = encoder.encode_batch(["a"])[0]
    model = Planted(encoder.vocab_size, a)
    with torch.no_grad():
        model.mlp.noise.zero_()
    prepared = PreparedSelectivity("s", documents, encoder, context=40, units=1, seed=0)
    found = prepared.measure(model, 0)
    (row,) = [row for row in found.items.to_pylist() if row["class"] == "as"]
    assert row["unit"] == 3
    assert found.scalars["s/as/random-ablation-class"] == 0
    assert found.scalars["s/as/ablation-elsewhere"] > 0, "held at its mean, it expects an a where none ever comes"
    assert found.scalars["s/as/ablation-class"] != 0
    assert found.scalars["s/as/ablation-selectivity"] == pytest.approx(
        found.scalars["s/as/ablation-class"] - found.scalars["s/as/ablation-elsewhere"]
    )


def test_dealt_labels_choose_units_that_tell_nothing_apart(encoder):
    rng = np.random.default_rng(2)
    documents = {"one": texts(rng, "abcd", 60), "other": texts(rng, "abcd", 60)}
    (a,) = encoder.encode_batch(["a"])[0]
    found = PreparedSelectivity("s", documents, encoder, context=40, units=4, seed=0).measure(
        Planted(encoder.vocab_size, a), 0
    )
    for name in documents:
        assert found.scalars[f"s/{name}/shuffled-auroc"] == pytest.approx(0.5, abs=0.06)
        assert found.scalars[f"s/{name}/null-95"] > 0.6, "the best of thirty units looks selective by chance"
        assert found.scalars[f"s/{name}/auroc"] == pytest.approx(0.5, abs=0.15), "no unit can tell one from the other"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=3, max_size=20), st.integers(1, 2))
def test_auroc_is_the_share_of_pairs_that_are_told_apart(values, count):
    answers = np.array(values, dtype=float)
    of_class = np.arange(len(values)) < count
    expected = mannwhitneyu(answers[of_class], answers[~of_class]).statistic / (count * (len(values) - count))
    assert auroc(answers[:, None], of_class)[0] == pytest.approx(expected)
    assert auroc(-answers[:, None], of_class)[0] == pytest.approx(1 - expected)


def test_units_that_answer_less_are_chosen_as_well():
    assert chosen_units(np.array([0.5, 0.1, 0.8, 0.9]), 3).tolist() == [1, 3, 2]


def test_the_cost_is_what_is_read(measured):
    prepared, _ = measured
    everything = sum(len(tokens) - 1 for tokens in prepared._tokens)
    assert everything < prepared.cost_tokens < 4.5 * everything


def heldout(encoder, tmp_path, **texts_of):
    return Material(encoder, 16, Workbench(tmp_path), texts_of)


def test_classes_come_from_components(encoder, tmp_path):
    material = heldout(encoder, tmp_path, one=["a"] * 9, two=["b"] * 5, few=["c"] * 3)
    assert {name: len(some) for name, some in documents_by_class("s", material, "component", (), 6).items()} == {
        "one": 6,
        "two": 5,
    }
    with pytest.raises(SourceError, match="'few' has 3 held-out documents, and 4 are needed; raise heldout_share"):
        documents_by_class("s", material, "component", ("few",), 6)
    with pytest.raises(UnknownNameError, match="did you mean 'one'"):
        documents_by_class("s", material, "component", ("ones",), 6)
    with pytest.raises(SourceError, match="0 class of documents tells nothing apart"):
        Selectivity(by="language").prepare(material)


def test_a_batch_takes_documents_of_every_component_in_turn(encoder, tmp_path):
    material = heldout(encoder, tmp_path, one=["aaaa", "cc"], two=["b" * 30])
    rows = first_tokens("sharpness", material, 21)
    assert [(row >= 0).sum().item() - 1 for row in rows] == [4, 16, 1]
    assert rows[:, 0].tolist() == [encoder.eos_id] * 3
    assert Sharpness(tokens=21).prepare(material).cost_tokens == 21 * 83
    with pytest.raises(SourceError, match="no component has held-out text"):
        first_tokens("sharpness", heldout(encoder, tmp_path, one=[""]), 5)
