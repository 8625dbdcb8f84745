"""Does a model predict as an n-gram model of its own training text does, and when does it leave off?

The n-gram models are counted on the run's mixture (smoothing: see `ngram_tables`). On held-out documents, fed after the
end-of-document token, the model's distribution p after each context is set beside q of each order; means over contexts:

- "<probe>/<order>/kl-from-model": KL(p || q) in bits, 0 for a model that predicts as the n-gram model does.
- "<probe>/<order>/kl-to-model": KL(q || p) in bits, which is large where the model rules out what n-grams allow.
- "<probe>/<order>/agreement": share of contexts at which both hold the same token most probable, ties shared.
- "<probe>/<order>/gain": bits per token by which the model foresees the text better than the n-gram model does.
- "<probe>/all/closest": the order with the least KL(p || q): 1, 2 or 3; "<probe>/all/bits": the model's own loss.
- "<probe>/<order>-shuffled/kl-from-model" (bigram, trigram): the control, q after another context of these.

A model that learns n-grams in turn is closest to the unigram model first, then to the bigram, then to the trigram
model, and leaves all of them. Baselines: the loss of each n-gram model, and KL(uniform || q), where a model without
training begins. Values depend on the vocabulary: compare them across tokenizers only where tokens are bytes.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seedbed.errors import SourceError, UnknownNameError
from seedbed.probes.base import Material, Measurement, looking_at, with_conventions
from seedbed.probes.next_token import batches_of, check_looks_back_alone, expectations, padded
from seedbed.probes.ngram_tables import ORDERS, NgramTables, fitted, histories
from seedbed.probes.strategy_recipe import NgramStrategy

Ints = NDArray[np.int64]
LEAST_NATS = -1e3
"""Log-probabilities below this count as this, so that a model that rules a token out has a finite divergence."""
COLUMNS = ("kl_from_model", "kl_to_model", "agreement", "nats")


def divergences(log_p: Tensor, q: Tensor, tie_nats: float) -> Tensor:
    """float64[3, N]: KL(p || q) and KL(q || p) in bits, and whether the most probable tokens are the same.

    log_p: log-probabilities [N, V]; q: probabilities [N, V], all above 0. Tokens within tie_nats tie; of sets A and B
    of most probable tokens the credit is |A and B| / max(|A|, |B|), what uniform draws from both have in common.
    """
    log_p = log_p.double().clamp(min=LEAST_NATS)
    log_q = q.double().log()
    from_model = (log_p.exp() * (log_p - log_q)).sum(-1)
    to_model = (q * (log_q - log_p)).sum(-1)
    top_p = log_p >= log_p.amax(-1, keepdim=True) - tie_nats
    top_q = log_q >= log_q.amax(-1, keepdim=True) - tie_nats
    agreement = (top_p & top_q).sum(-1) / torch.maximum(top_p.sum(-1), top_q.sum(-1))
    return torch.stack([from_model / math.log(2), to_model / math.log(2), agreement.double()])


def prepare(recipe: NgramStrategy, material: Material) -> PreparedStrategy:
    """Count the training text and choose the contexts. Errors: SourceError outside a study, or without text."""
    if material.training_documents is None:
        raise SourceError(
            f"{recipe.name}: n-gram models are counted on the text that a model is trained on, which only a study "
            "tells; put the probe into the study's probes"
        )
    documents = material.training_documents(recipe.fit_tokens)
    if recipe.component:
        if recipe.component not in material.heldout:
            raise UnknownNameError("component of the study", recipe.component, material.heldout)
        material = replace(material, heldout={recipe.component: material.heldout[recipe.component]})
    if not any(material.heldout.values()):
        raise SourceError(f"{recipe.name}: no component has held-out documents; raise a component's heldout_share")
    return PreparedStrategy(recipe, material, documents)


class PreparedStrategy:
    """N-gram tables, and the beginnings of held-out documents with every token a context."""

    def __init__(self, recipe: NgramStrategy, material: Material, documents: list[Ints]) -> None:
        self.name = recipe.name
        encoder, context = material.encoder, material.context
        self._eos, self._vocab_size, self._tie = encoder.eos_id, encoder.vocab_size, recipe.tie_nats
        settings: dict[str, Any] = {"vocab_size": encoder.vocab_size, "eos_id": encoder.eos_id}
        settings["additive"] = recipe.additive
        if recipe.backoff is None:
            self.tables = fitted(documents, **settings)
        else:
            self.tables = NgramTables(documents, **settings, backoff=(recipe.backoff, recipe.backoff))
        self.sequences: list[list[int]] = []
        self.texts: list[str] = []
        left = recipe.contexts
        longest = max(map(len, material.heldout.values()))
        texts = [some[number] for number in range(longest) for some in material.heldout.values() if number < len(some)]
        for text in texts:
            if left <= 0:
                break
            (tokens,) = encoder.encode_batch([text])
            whole = [encoder.eos_id, *tokens, encoder.eos_id][: min(context, left) + 1]
            left -= len(whole) - 1
            self.sequences.append(whole)
            self.texts.append(text)
        self._lengths = [len(sequence) - 1 for sequence in self.sequences]
        self._ends = np.cumsum([0, *self._lengths])
        self.before = np.concatenate([histories(np.array(each), self.tables.start) for each in self.sequences])
        self.target = np.concatenate([np.array(each[1:], np.int64) for each in self.sequences])
        self._other = np.random.default_rng(recipe.seed).permutation(len(self.target))
        self.conventions = (
            f"One row per token of {len(self.sequences)} held-out documents, each from its beginning, after an "
            f"end-of-document token; the end of a document is foreseen too. N-gram models: {self.tables.tokens} tokens "
            f"of {len(documents)} documents of the training mixture, {recipe.additive:g} added to every count of a "
            f"token, bigrams backed off with {self.tables.backoff[0]:g} tokens of unigrams, trigrams with "
            f"{self.tables.backoff[1]:g} of bigrams. Divergences are in bits."
        )

    @property
    def cost_tokens(self) -> int:
        """Tokens fed at every measurement."""
        return len(self.target)

    def baselines(self) -> dict[str, float]:
        """Bits per token of the n-gram models, and the divergence of a uniform guess from each."""
        found: dict[str, float] = {}
        own, uniform = np.zeros(len(ORDERS)), np.zeros(len(ORDERS))
        for start in range(0, len(self.target), 256):
            q = self.tables.rows(self.before[start : start + 256])
            target = self.target[start : start + 256]
            own -= np.log2(q[:, np.arange(len(target)), target]).sum(axis=1)
            uniform += (-np.log2(q).mean(axis=-1) - math.log2(self._vocab_size)).sum(axis=1)
        for order, bits, divergence in zip(ORDERS, own, uniform, strict=True):
            found[f"{self.name}/{order}-bits"] = float(bits / len(self.target))
            found[f"{self.name}/{order}-kl-from-uniform"] = float(divergence / len(self.target))
        return found

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Scalars, and one row per context."""
        values = np.empty((len(ORDERS), len(COLUMNS), len(self.target)))
        shuffled = np.empty((len(ORDERS), len(self.target)))
        own = np.empty(len(self.target))
        with looking_at(model) as device:
            check_looks_back_alone(self.name, model, self._vocab_size, device)
            for batch in batches_of(self._lengths, device):
                fed = padded([self.sequences[number][:-1] for number in batch], self._eos)
                lengths = [self._lengths[number] for number in batch]
                rows = np.concatenate([np.arange(self._ends[number], self._ends[number + 1]) for number in batch])
                places = np.concatenate([row * fed.shape[1] + np.arange(n) for row, n in enumerate(lengths)])
                tokens, flat = (torch.from_numpy(each).to(device) for each in (fed, places))
                for piece, log_p in expectations(model, tokens, flat, self._vocab_size):
                    some = rows[piece]
                    target = torch.from_numpy(self.target[some]).to(device)[:, None]
                    own[some] = -log_p.gather(-1, target)[:, 0].double().cpu().numpy()
                    q = torch.from_numpy(self.tables.rows(self.before[some])).to(device)
                    other = torch.from_numpy(self.tables.rows(self.before[self._other[some]])).to(device)
                    for at, each in enumerate(q):
                        values[at, :3, some] = divergences(log_p, each, self._tie).T.cpu().numpy()
                        values[at, 3, some] = -each.gather(-1, target)[:, 0].log().cpu().numpy()
                        shuffled[at, some] = divergences(log_p, other[at], self._tie)[0].cpu().numpy()
        scalars: dict[str, float] = {}
        columns = dict(self._fixed())
        for number, order in enumerate(ORDERS):
            means = dict(zip(COLUMNS, values[number].mean(axis=-1).tolist(), strict=True))
            scalars[f"{self.name}/{order}/kl-from-model"] = means["kl_from_model"]
            scalars[f"{self.name}/{order}/kl-to-model"] = means["kl_to_model"]
            scalars[f"{self.name}/{order}/agreement"] = means["agreement"]
            scalars[f"{self.name}/{order}/gain"] = (means["nats"] - float(own.mean())) / math.log(2)
            if number:
                scalars[f"{self.name}/{order}-shuffled/kl-from-model"] = float(shuffled[number].mean())
            columns |= {f"{order}_{name}": pa.array(values[number, at]) for at, name in enumerate(COLUMNS)}
        scalars[f"{self.name}/all/closest"] = float(1 + values[:, 0].mean(axis=-1).argmin())
        scalars[f"{self.name}/all/bits"] = float(own.mean()) / math.log(2)
        columns["nats"] = pa.array(own)
        return Measurement(scalars, with_conventions(pa.table(columns), self.conventions))

    def _fixed(self) -> dict[str, pa.Array]:
        document = np.repeat(np.arange(len(self._lengths)), self._lengths)
        return {
            "document": pa.array(document),
            "place": pa.array(np.arange(len(self.target)) - self._ends[document]),
            "token": pa.array(self.target),
        }
