"""Divergence from n-gram models: of the n-gram models themselves, and of a model that learns them in turn."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # the name every reader of PyTorch knows
from torch import Tensor, nn

from seedbed.errors import SeedbedError, SourceError, UnknownNameError
from seedbed.probes.base import Material
from seedbed.probes.baselines import constant_logits
from seedbed.probes.ngram_tables import NgramTables
from seedbed.probes.strategy import PreparedStrategy, divergences
from seedbed.probes.strategy_recipe import NgramStrategy
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model
from seedbed.workbench import Workbench

V = 17
EOS = 0


class Numbers:
    """A tokenizer whose tokens are numbers; 0 ends documents."""

    eos_id = EOS
    vocab_size = V
    starts_with_space = np.ones(V, np.bool_)

    def encode_batch(self, texts) -> list[list[int]]:
        return [[int(word) for word in text.split()] for text in texts]

    def decode(self, ids) -> str:
        return " ".join(map(str, ids))


class Ngrams(nn.Module):
    """Predicts as one order of some tables."""

    def __init__(self, tables: NgramTables, order: int) -> None:
        super().__init__()
        self.tables, self.order = tables, order

    def forward(self, tokens: Tensor) -> Tensor:
        ids = tokens.numpy()
        before = np.concatenate([np.full((len(ids), 1), self.tables.start), ids[:, :-1]], axis=1)
        rows = self.tables.rows(np.stack([before.ravel(), ids.ravel()], axis=1))[self.order]
        return torch.from_numpy(rows).log().view(*tokens.shape, V)


TRIPLE = 1.0
"""How alike the distributions after two tokens are that end in the same one: the less, the more trigrams tell."""


def markov(documents: int, length: int, seed: int, *, shuffled: bool = False) -> list[np.ndarray]:
    """Documents of an order-2 Markov source over 1 .. 16 whose pairs and single tokens have structure of their own.

    shuffled: every token drawn anew from the tokens of all documents, so that none tells of another.
    """
    rng = np.random.default_rng(7)
    base = rng.dirichlet(np.full(V - 1, 1.0))
    pairs = np.stack([rng.dirichlet(4 * base + 1e-3) for _ in range(V - 1)])
    triples = np.stack([[rng.dirichlet(TRIPLE * pairs[b] + 1e-2) for b in range(V - 1)] for _ in range(V - 1)])
    rng = np.random.default_rng(seed)
    state = rng.integers(0, V - 1, (2, documents))
    drawn = []
    for _ in range(length):
        ends = triples[state[0], state[1]].cumsum(axis=-1)
        new = (rng.random((documents, 1)) * ends[:, -1:] > ends).sum(axis=-1)
        drawn.append(new + 1)
        state = np.stack([state[1], new])
    texts = np.stack(drawn, axis=1)
    if shuffled:
        texts = rng.permutation(texts.ravel()).reshape(texts.shape)
    return [np.array([*text, EOS]) for text in texts]


def prepared(training, heldout, *, context: int = 64, **fields) -> PreparedStrategy:
    texts = [" ".join(map(str, document[:-1])) for document in heldout]
    material = Material(Numbers(), context, Workbench(), {"source": texts}, None, lambda tokens: training)
    return NgramStrategy(**fields).prepare(material)


@pytest.fixture(scope="module")
def source() -> PreparedStrategy:
    return prepared(markov(300, 31, 0), markov(40, 31, 1))


def test_divergences_by_hand() -> None:
    p = torch.tensor([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]])
    q = torch.tensor([[0.25, 0.5, 0.25], [0.25, 0.25, 0.5]], dtype=torch.float64)
    found = divergences(p.log(), q, 1e-4)
    assert found[0] == pytest.approx([0.5, 0], abs=1e-6)
    # A token of probability 0 has -1000 nats.
    assert found[1, 0].item() == pytest.approx(-0.25 - 0.5 * 0 + 0.25 * (math.log(0.25) + 1000) / math.log(2), rel=1e-4)
    assert found[2].tolist() == [0.5, 1.0]  # one of the two tokens that tie in p


def test_an_ngram_model_is_at_no_distance_from_itself(source: PreparedStrategy) -> None:
    names = ("unigram", "bigram", "trigram")
    for order, name in enumerate(names):
        scalars = source.measure(Ngrams(source.tables, order), 0).scalars
        assert scalars[f"strategy/{name}/kl-from-model"] == pytest.approx(0, abs=1e-5)
        assert scalars[f"strategy/{name}/kl-to-model"] == pytest.approx(0, abs=1e-5)
        assert scalars[f"strategy/{name}/agreement"] == pytest.approx(1, abs=0.005)  # ties within float32
        assert scalars[f"strategy/{name}/gain"] == pytest.approx(0, abs=1e-5)
        assert scalars["strategy/all/closest"] == order + 1
        assert scalars["strategy/all/bits"] == pytest.approx(source.baselines()[f"strategy/{name}-bits"], abs=1e-5)
        for other in set(names) - {name}:
            assert scalars[f"strategy/{other}/kl-from-model"] > 0.05
        if order:
            assert scalars[f"strategy/{name}-shuffled/kl-from-model"] > 0.3


def test_a_uniform_model_is_at_the_stated_distance(source: PreparedStrategy) -> None:
    scalars = source.measure(constant_logits(V), 0).scalars
    baselines = source.baselines()
    for order in ("unigram", "bigram", "trigram"):
        assert scalars[f"strategy/{order}/kl-from-model"] == pytest.approx(
            baselines[f"strategy/{order}-kl-from-uniform"], abs=1e-5
        )
        assert 1 / V - 1e-6 <= scalars[f"strategy/{order}/agreement"] < 1.1 / V  # more only where n-grams tie
    assert scalars["strategy/all/bits"] == pytest.approx(math.log2(V))


def test_ngram_models_of_higher_order_foresee_the_source_better(source: PreparedStrategy) -> None:
    bits = [source.baselines()[f"strategy/{order}-bits"] for order in ("unigram", "bigram", "trigram")]
    assert bits[0] > bits[1] > bits[2]


def test_rows_are_contexts_and_the_end_is_foreseen(source: PreparedStrategy) -> None:
    found = prepared(markov(20, 31, 0), markov(5, 9, 1), contexts=25).measure(constant_logits(V), 0)
    assert found.items.num_rows == 25
    assert found.items["document"].to_pylist() == [0] * 10 + [1] * 10 + [2] * 5
    assert found.items["place"].to_pylist()[:11] == [*range(10), 0]
    assert found.items["token"].to_pylist()[9] == EOS
    assert found.scalars["strategy/bigram/kl-to-model"] == pytest.approx(
        np.mean(found.items["bigram_kl_to_model"].to_numpy())
    )
    assert "1 added to every count" in found.items.schema.metadata[b"conventions"].decode()


def test_the_strength_of_backing_off_may_be_stated() -> None:
    probe = prepared(markov(5, 31, 0), markov(2, 31, 1), backoff=2.0)
    assert probe.tables.backoff == (2.0, 2.0)
    assert "backed off with 2 tokens of unigrams" in probe.conventions


def test_a_model_that_sees_both_sides_is_refused(source: PreparedStrategy) -> None:
    with pytest.raises(SeedbedError, match="strategy: the model sees both sides"):
        source.measure(Transformer(Model(1, 16, 2, context=64, causal=False), V, init_seed=0), 0)


def test_documents_longer_than_the_context_are_cut_at_it() -> None:
    found = prepared(markov(20, 31, 0), markov(2, 100, 1))
    assert found.cost_tokens == 128
    assert max(map(len, found.sequences)) == 65


def test_outside_a_study_or_without_text_it_is_refused() -> None:
    with pytest.raises(SourceError, match="which only a study tells"):
        NgramStrategy().prepare(Material(Numbers(), 64, Workbench()))
    with pytest.raises(SourceError, match="no component has held-out documents"):
        prepared(markov(2, 5, 0), [])


def test_contexts_may_be_of_one_component_alone() -> None:
    training, (one, other) = markov(20, 15, 0), (markov(5, 15, 1), markov(5, 15, 2))
    texts = {name: [" ".join(map(str, d[:-1])) for d in some] for name, some in (("one", one), ("other", other))}
    material = Material(Numbers(), 64, Workbench(), texts, None, lambda tokens: training)
    assert set(NgramStrategy().prepare(material).texts) == {*texts["one"], *texts["other"]}
    assert NgramStrategy(component="other").prepare(material).texts == texts["other"]
    with pytest.raises(UnknownNameError, match="did you mean 'other'"):
        NgramStrategy(component="othr").prepare(material)


def learned(documents: list[np.ndarray], measured: PreparedStrategy, steps: list[int]) -> list[dict[str, float]]:
    """Scalars at some steps of a two-layer model that reads the first 32 tokens of documents, each once."""
    model = Transformer(Model(2, 64, 4, context=32, init_std=0.1), V, init_seed=0)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
    tokens = torch.from_numpy(np.stack([np.array([EOS, *document[:32]]) for document in documents]))
    found = []
    for step in range(steps[-1] + 1):
        if step in steps:
            found.append(measured.measure(model, step).scalars)
        batch = tokens[step * 64 : step * 64 + 64]
        loss = F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return found


STEPS = [0, 5, 10, 20, 40, 80, 150, 250]


@pytest.mark.slow
def test_a_model_learns_unigrams_then_bigrams_then_trigrams() -> None:
    """PROTOCOLS row 7, on a source in which all three tell something."""
    documents = markov(64 * 251, 60, 2)
    measured = prepared(documents[:4_000], markov(40, 60, 3), context=32)
    found = learned(documents, measured, STEPS)
    curves = {
        order: [scalars[f"strategy/{order}/kl-from-model"] for scalars in found]
        for order in ("unigram", "bigram", "trigram")
    }
    closest = {order: STEPS[int(np.argmin(curve))] for order, curve in curves.items()}
    assert closest["unigram"] < closest["bigram"] < closest["trigram"] == STEPS[-1]
    assert (np.diff(curves["trigram"]) < 0.02).all()
    assert curves["unigram"][-1] > 2 * min(curves["unigram"])
    assert found[-1]["strategy/all/closest"] == 3


@pytest.mark.slow
def test_tokens_drawn_one_by_one_leave_a_model_at_unigrams() -> None:
    documents = markov(64 * 251, 60, 2, shuffled=True)
    measured = prepared(documents[:4_000], markov(40, 60, 3, shuffled=True), context=32)
    last = learned(documents, measured, [0, 250])[-1]
    assert last["strategy/all/closest"] == 1
    assert last["strategy/unigram/kl-from-model"] < 0.1
    assert last["strategy/bigram/gain"] > -0.05
