"""Does a model hold sentences of one meaning alike, whatever their language? Layer by layer, on parallel sentences.

A sentence is fed after the end-of-document token; its vector at a layer is the mean over its tokens. Layer 0 is what
enters the first block. Scalars for every pair of languages a, b and every layer l:

- "<probe>/<a>-to-<b>.<l>/p1": share of a's sentences whose nearest of b's, by cosine, is its translation, ties shared;
  "p1-centred": after each language's mean is taken away; "p1-csls": by CSLS of the raw cosines; "margin", the soft
  form: centred cosine of the translation less that of the best other.
- "<probe>/<a>-<b>.<l>/cka", "/cka-debiased", and "/cka-shuffled", the control, of the same sentences paired at random.
- "<probe>/<a>.<l>/own-language": of the probability that the logit lens gives to tokens that stand in one language's
  sentences alone, the share of a's own, mean over the tokens of a's sentences.
- "<probe>/all/retrieval" and "/margin": centred retrieval over all directions at the best layer, chosen on one half of
  the sentences and scored on the other; "<probe>/all/shuffled": the same of sentences paired at random.

Baselines: "chance", 1/n; "token-overlap": retrieval by the cosine of token counts, which shared names and numbers
suffice for; "length": by the nearest number of tokens. The untrained model is step 0. Alignment permits transfer and
does not ensure it. Source: PROTOCOLS 4.10.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import combinations, permutations

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seedbed.data.alignment import retrieval_items
from seedbed.data.parallel import ParallelFiles
from seedbed.errors import SourceError
from seedbed.probes.alignment_scores import (
    centred,
    cosines,
    csls,
    debiased_cka,
    linear_cka,
    margins,
    retrieved,
)
from seedbed.probes.base import Material, Measurement, looking_at
from seedbed.probes.languages_recipe import Languages
from seedbed.probes.languages_states import layer_states, lens, sentence_means
from seedbed.probes.next_token import batches_of, looks_ahead, padded
from seedbed.probes.unscored import sort_out
from seedbed.workbench import Workbench

Floats = NDArray[np.float64]
LENS_ROWS = 512
"""Tokens whose logits over the whole vocabulary are in memory at once."""
CONVENTIONS = (
    "One row per sentence and direction, at the layer that is best on the other half of the sentences. Sentences are "
    "fed after an end-of-document token, and their vectors are the mean of their tokens' states, each language's mean "
    "taken away; similarity is the cosine."
)


def prepare(recipe: Languages, material: Material) -> PreparedLanguages:
    """Draw or read the sentences. Errors: SeedbedError for too few of them, or none that can be scored."""
    if recipe.grammars:
        found = retrieval_items(recipe.grammars, recipe.sentences, workbench=material.workbench, seed=recipe.seed)
        texts: Mapping[str, Sequence[str]] = found.texts
    else:
        texts = parallel_texts(dict(recipe.files), recipe.sentences, material.workbench)
    return PreparedLanguages(recipe, texts, material)


def parallel_texts(files: Mapping[str, str], count: int, workbench: Workbench) -> dict[str, list[str]]:
    """Lines of parallel files, no text twice in any language: those whose hashes are smallest, in their order.

    Errors: SourceError for missing files, or files that have not as many lines.
    """
    (step,) = ParallelFiles(files).steps(workbench)
    lines: dict[str, dict[str, str]] = {}
    for document in step.run():
        lines.setdefault(document.metadata["item"], {})[document.metadata["language"]] = document.text.strip()
    seen: set[tuple[str, str]] = set()
    rows: list[dict[str, str]] = []
    for row in lines.values():
        if not any(pair in seen for pair in row.items()):
            rows.append(row)
        seen.update(row.items())
    first = next(iter(files))
    ranked = sorted(range(len(rows)), key=lambda number: hashlib.sha256(rows[number][first].encode()).digest())
    chosen = sorted(ranked[:count])
    return {language: [rows[number][language] for number in chosen] for language in files}


class PreparedLanguages:
    """Parallel sentences, encoded. tokens: language -> token ids of each sentence, the end of document before it."""

    def __init__(self, recipe: Languages, texts: Mapping[str, Sequence[str]], material: Material) -> None:
        self.name = recipe.name
        encoder = material.encoder
        self._eos, self._neighbours = encoder.eos_id, recipe.neighbours
        kept, self.left_out = sort_out(
            recipe.name, list(zip(*texts.values(), strict=True)), encoder, material.context, margin_tokens=1
        )
        if len(kept) < 4:
            raise SourceError(f"{self.name}: {len(kept)} parallel sentences are too few; give four or more")
        self.texts = {language: [some[number] for number in kept] for language, some in texts.items()}
        self.tokens = {
            language: [[encoder.eos_id, *tokens] for tokens in encoder.encode_batch(some)]
            for language, some in self.texts.items()
        }
        self.count = len(kept)
        order = np.random.default_rng(recipe.seed).permutation(self.count)
        self._shuffled = order
        self._half = np.arange(self.count) % 2 == 1
        own = {
            language: np.unique(np.concatenate([np.array(each[1:], np.int64) for each in some]))
            for language, some in self.tokens.items()
        }
        self.own_tokens = {
            language: np.setdiff1d(ids, np.concatenate([other for name, other in own.items() if name != language]))
            for language, ids in own.items()
        }
        self._lens = min(recipe.lens_sentences, self.count)
        bare = [language for language, ids in self.own_tokens.items() if not len(ids)]
        note = ""
        if bare and self._lens:
            self._lens = 0
            note = f" No logit lens: {', '.join(bare)} has no token of its own in these sentences."
        self.conventions = f"{CONVENTIONS} {self.count} sentences.{note} {self.left_out.note()}".rstrip()

    @property
    def cost_tokens(self) -> int:
        """Tokens fed at every measurement."""
        return sum(len(each) for some in self.tokens.values() for each in some)

    def baselines(self) -> dict[str, float]:
        """Retrieval by chance, by the tokens that both sentences hold, and by their number of tokens; both ways."""
        vectors = self._token_counts()
        overlap, length = [], []
        for a, b in permutations(self.tokens, 2):
            overlap.append(retrieved(cosines(vectors[a], vectors[b])).mean())
            lengths = [np.array([len(each) for each in self.tokens[language]]) for language in (a, b)]
            length.append(retrieved(-np.abs(lengths[0][:, None] - lengths[1][None]).astype(np.float64)).mean())
        return {
            f"{self.name}/chance": 1 / self.count,
            f"{self.name}/token-overlap": float(np.mean(overlap)),
            f"{self.name}/length": float(np.mean(length)),
        }

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Scalars by pair, layer and language, and one row per sentence and direction."""
        vectors: dict[str, Floats] = {}
        scalars: dict[str, float] = {}
        with looking_at(model) as device:
            for language in self.tokens:
                vectors[language], shares = self._read(model, language, device)
                for layer, share in enumerate(shares):
                    scalars[f"{self.name}/{language}.{layer}/own-language"] = share
        directions = list(permutations(vectors, 2))
        layers = len(next(iter(vectors.values())))
        credit = np.empty((len(directions), layers, self.count))
        margin, control, nearest = np.empty_like(credit), np.empty_like(credit), np.empty(credit.shape, np.int64)
        for layer in range(layers):
            for number, (a, b) in enumerate(directions):
                raw = cosines(vectors[a][layer], vectors[b][layer])
                mended = cosines(centred(vectors[a][layer]), centred(vectors[b][layer]))
                credit[number, layer], margin[number, layer] = retrieved(mended), margins(mended)
                control[number, layer] = retrieved(mended[:, self._shuffled])
                nearest[number, layer] = mended.argmax(axis=1)
                part = f"{self.name}/{a}-to-{b}.{layer}"
                scalars[f"{part}/p1"] = float(retrieved(raw).mean())
                scalars[f"{part}/p1-centred"] = float(credit[number, layer].mean())
                scalars[f"{part}/p1-csls"] = float(retrieved(csls(raw, self._neighbours)).mean())
                scalars[f"{part}/margin"] = float(margin[number, layer].mean())
            for a, b in combinations(vectors, 2):
                x, y = vectors[a][layer], vectors[b][layer]
                part = f"{self.name}/{a}-{b}.{layer}"
                scalars[f"{part}/cka"] = linear_cka(x, y)
                scalars[f"{part}/cka-debiased"] = debiased_cka(x, y)
                scalars[f"{part}/cka-shuffled"] = linear_cka(x, y[self._shuffled])
        layer_of = self._best_layer(credit)
        at = np.arange(self.count)
        over_all = {
            f"{self.name}/all/retrieval": float(credit[:, layer_of, at].mean()),
            f"{self.name}/all/margin": float(margin[:, self._best_layer(margin), at].mean()),
            f"{self.name}/all/shuffled": float(control[:, self._best_layer(control), at].mean()),
        }
        return Measurement(
            over_all | scalars | self.left_out.scalars(), self._table(directions, layer_of, credit, margin, nearest)
        )

    def _best_layer(self, values: Floats) -> NDArray[np.int64]:
        """int64[sentences]: the layer that is best on the other half, over all directions. values: [D, L, n]."""
        chosen = np.empty(self.count, np.int64)
        for side in (False, True):
            chosen[self._half == side] = values[:, :, self._half != side].mean(axis=(0, 2)).argmax()
        return chosen

    def _table(
        self,
        directions: Sequence[tuple[str, str]],
        layer_of: NDArray[np.int64],
        credit: Floats,
        margin: Floats,
        nearest: NDArray[np.int64],
    ) -> pa.Table:
        at = np.arange(self.count)
        columns: dict[str, list[object]] = {}
        for number, (a, b) in enumerate(directions):
            found = nearest[number, layer_of, at]
            for name, values in (
                ("item", at),
                ("from", [a] * self.count),
                ("to", [b] * self.count),
                ("text", self.texts[a]),
                ("nearest", [self.texts[b][place] for place in found]),
                ("layer", layer_of),
                ("credit", credit[number, layer_of, at]),
                ("margin", margin[number, layer_of, at]),
            ):
                columns.setdefault(name, []).extend(values)
        return self.left_out.table(pa.table(columns), self.conventions)

    def _read(self, model: nn.Module, language: str, device: torch.device) -> tuple[Floats, list[float]]:
        """float64[layers, sentences, W], and each layer's share of the language's own tokens in the logit lens."""
        sequences = self.tokens[language]
        found: list[Tensor] = []
        order: list[NDArray[np.int64]] = []
        shares: list[list[float]] = []
        seen = 0
        padding = not self._looks_ahead(model, sequences[0], device)
        for batch in batches_of([len(each) for each in sequences], device, padding=padding):
            tokens = torch.from_numpy(padded([sequences[number] for number in batch], self._eos)).to(device)
            lengths = torch.tensor([len(sequences[number]) for number in batch], device=device)
            inside = torch.arange(tokens.shape[1], device=device) < lengths[:, None]
            inside[:, 0] = False
            states = layer_states(model, tokens)
            found.append(sentence_means(states, inside).double().cpu())
            order.append(batch)
            asked = inside & torch.from_numpy(batch < self._lens).to(device)[:, None]
            if asked.any():
                seen += int(asked.sum())
                shares.append(self._own_shares(model, states, asked, language))
        vectors = torch.cat(found, dim=1).numpy()[:, np.argsort(np.concatenate(order))]
        return vectors, [float(total) / seen for total in np.sum(shares, axis=0)] if shares else []

    def _looks_ahead(self, model: nn.Module, tokens: Sequence[int], device: torch.device) -> bool:
        """Whether a token's state depends on the tokens behind it, and would on padding."""
        pair = torch.tensor([[*tokens, tokens[-1]], [*tokens, self._eos]], device=device)
        return looks_ahead(layer_states(model, pair)[-1])

    def _own_shares(self, model: nn.Module, states: Sequence[Tensor], asked: Tensor, language: str) -> list[float]:
        """Of each layer that the lens can read, the sum over tokens of the share of the language's own tokens."""
        sums: list[float] = []
        own = torch.from_numpy(self.own_tokens[language]).to(asked.device)
        others = np.concatenate([ids for name, ids in self.own_tokens.items() if name != language])
        other = torch.from_numpy(others).to(asked.device)
        for layer, state in enumerate(states):
            total = 0.0
            for rows in torch.split(state[asked], LENS_ROWS):
                logits = lens(model, rows, last=layer == len(states) - 1)
                if logits is None:
                    return []
                sides = torch.stack([logits[:, own].logsumexp(-1), logits[:, other].logsumexp(-1)])
                total += float(sides.softmax(0)[0].double().sum())
            sums.append(total)
        return sums

    def _token_counts(self) -> dict[str, Floats]:
        ids, place = np.unique(
            np.concatenate([np.array(each[1:], np.int64) for some in self.tokens.values() for each in some]),
            return_inverse=True,
        )
        counts = np.zeros((len(self.tokens), self.count, len(ids)))
        sentence = np.repeat(
            np.arange(len(self.tokens) * self.count),
            [len(each) - 1 for some in self.tokens.values() for each in some],
        )
        np.add.at(counts.reshape(-1, len(ids)), (sentence, place), 1)
        return dict(zip(self.tokens, counts, strict=True))
