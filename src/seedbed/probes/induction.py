"""Does a model go on with what it has seen before in the same text?

"<probe>/repeated/...", the behaviour and the primary test: `period` tokens drawn uniformly from the tokenizer's own
vocabulary, no token twice, are read twice after the end-of-document token. copy-1, copy-2: nats per token of each copy,
its first token left out, which nothing foretells. gain, the soft form: copy-1 minus copy-2. accuracy: share of those
tokens of copy 2 that the model holds most probable, ties shared. (A vocabulary smaller than the period repeats some.)
"<probe>/unrepeated/...", the control: the same first copy, followed by as many new random tokens; gain is about 0.

"<probe>/head/<layer>.<head>/prefix" and ".../previous": tokens drawn without the commonest and rarest, read
`head_copies` times. prefix: mean attention from each token after the first copy to the one that followed it one copy
ago, A[t, t + 1 - period]. previous: mean of A[t, t - 1] over all tokens. "<probe>/heads/prefix" and "/previous" are the
best head's, chosen on one half of the draws and scored on the other. These are diagnostics: a model may have the
behaviour and no such head.

"<probe>/icl/...", on held-out documents that are long enough: early, late: mean loss around two positions; score: late
minus early, so that less is better. By tokens in nats per token; by bytes (icl_bytes) in nats per byte, which can be
compared across tokenizers. Baselines: "uniform", nats of a uniform guess, and "bag-of-tokens", the gain of a rule that
knows which tokens copy 1 holds and not their order. The untrained model is step 0. Source: PROTOCOLS 4.4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seedbed.errors import SeedbedError
from seedbed.probes.attention_maps import attention_maps, shows_attention
from seedbed.probes.base import Material, Measurement, looking_at, with_conventions
from seedbed.probes.induction_draws import (
    Window,
    bag_nats,
    byte_window,
    drawable,
    drawn,
    repeated,
    token_window,
    without_extremes,
)
from seedbed.probes.induction_recipe import Induction
from seedbed.probes.next_token import batches_of, check_looks_back_alone, expectations, padded, top_credit

Floats = NDArray[np.float64]
LEAST_PERIOD = 4
COUNTED_TOKENS = 1_000_000
CONVENTIONS = (
    "Random tokens are fed after an end-of-document token. Rows of kind 'repeated' are sequences read twice, of kind "
    "'unrepeated' the same followed by other tokens, of kind 'text' held-out documents with the losses around an early "
    "and a late position; nats are per token, the first of each copy left out (of texts measured by bytes, per byte)."
)


def prefix_matching(maps: Tensor, period: int) -> Tensor:
    """float32[B, H]: mean attention from each token after the first copy to the one after its last occurrence.

    maps: float32[B, H, T, T], of sequences that begin with one other token and then repeat `period` tokens.
    """
    return maps.diagonal(1 - period, dim1=-2, dim2=-1)[..., 2:].mean(-1)


def previous_token(maps: Tensor) -> Tensor:
    """float32[B, H]: mean attention from each token to the one before it; the first two tokens do not count."""
    return maps.diagonal(-1, dim1=-2, dim2=-1)[..., 1:].mean(-1)


def prepare(recipe: Induction, material: Material) -> PreparedInduction:
    """Draw the sequences and choose the documents. Errors: SeedbedError for too small a context or vocabulary."""
    return PreparedInduction(recipe, material)


class PreparedInduction:
    """Random sequences, and windows of held-out text."""

    def __init__(self, recipe: Induction, material: Material) -> None:
        self.name = recipe.name
        encoder, context = material.encoder, material.context
        self._eos, self._vocab_size, self._tie = encoder.eos_id, encoder.vocab_size, recipe.tie_nats
        self.period = min(recipe.period, (context - 1) // 2)
        self.head_period = min(recipe.head_period, (context - 1) // recipe.head_copies)
        if min(self.period, self.head_period) < LEAST_PERIOD:
            raise SeedbedError(
                f"{self.name}: a context of {context} tokens does not hold {recipe.head_copies} copies of "
                f"{LEAST_PERIOD} tokens; give the model context={1 + LEAST_PERIOD * recipe.head_copies} or more"
            )
        ids = drawable(encoder)
        if len(ids) < 2:
            raise SeedbedError(f"{self.name}: the tokenizer has {len(ids)} tokens to draw from; it needs two or more")
        rng = np.random.default_rng(recipe.seed)
        self.twice = repeated(drawn(ids, recipe.sequences, self.period, rng), 2, self._eos)
        self.once = self.twice.copy()
        self.once[:, 1 + self.period :] = drawn(ids, recipe.sequences, self.period, rng)
        documents = [] if material.training_documents is None else material.training_documents(COUNTED_TOKENS)
        among = without_extremes(ids, documents, recipe.excluded_share) if documents else ids
        self.often = repeated(drawn(among, recipe.head_draws, self.head_period, rng), recipe.head_copies, self._eos)
        self.windows, note = windows(recipe, material)
        self._uniform_nats = math.log(len(ids))
        self.conventions = (
            f"{CONVENTIONS} {recipe.sequences} sequences of {self.period} of {len(ids)} tokens; heads: "
            f"{recipe.head_draws} draws of {self.head_period} of {len(among)}, {recipe.head_copies} times. {note}"
        )

    @property
    def cost_tokens(self) -> int:
        """Tokens fed at every measurement."""
        texts = sum(len(window.tokens) - 1 for window in self.windows)
        return 2 * (self.twice.size - len(self.twice)) + self.often.size + texts

    def baselines(self) -> dict[str, float]:
        """What a uniform guess loses, and what a rule gains that knows which tokens were there but not where."""
        bag = bag_nats(self.twice[:, 1 : 1 + self.period])
        return {f"{self.name}/uniform": self._uniform_nats, f"{self.name}/bag-of-tokens": self._uniform_nats - bag}

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Scalars, and one row per sequence and document."""
        scalars: dict[str, float] = {}
        rows: dict[str, list[object]] = {name: [] for name in ("kind", "number", "first", "second", "credit")}
        with looking_at(model) as device:
            check_looks_back_alone(self.name, model, self._vocab_size, device)
            for kind, tokens in (("repeated", self.twice), ("unrepeated", self.once)):
                nats, credit = self._losses(model, [row.tolist() for row in tokens], device)
                halves = np.stack([nats[:, 1 : self.period].mean(axis=1), nats[:, self.period + 1 :].mean(axis=1)])
                right = credit[:, self.period + 1 :].mean(axis=1)
                part = f"{self.name}/{kind}"
                scalars[f"{part}/copy-1"], scalars[f"{part}/copy-2"] = halves.mean(axis=1).tolist()
                scalars[f"{part}/gain"] = scalars[f"{part}/copy-1"] - scalars[f"{part}/copy-2"]
                scalars[f"{part}/accuracy"] = float(right.mean())
                _add(rows, kind, halves[0], halves[1], right)
            if shows_attention(model):
                scalars |= self._heads(model, device)
            if self.windows:
                early, late = self._text(model, device)
                part = f"{self.name}/icl"
                scalars |= {f"{part}/early": float(early.mean()), f"{part}/late": float(late.mean())}
                scalars[f"{part}/score"] = scalars[f"{part}/late"] - scalars[f"{part}/early"]
                _add(rows, "text", early, late, None)
        table = pa.table(
            {
                "kind": pa.array(rows["kind"], pa.string()).dictionary_encode(),
                "number": pa.array(rows["number"], pa.int64()),
                "first_nats": pa.array(rows["first"], pa.float64()),
                "second_nats": pa.array(rows["second"], pa.float64()),
                "second_credit": pa.array(rows["credit"], pa.float64()),
            }
        )
        return Measurement(scalars, with_conventions(table, self.conventions))

    def _losses(
        self, model: nn.Module, sequences: Sequence[Sequence[int]], device: torch.device
    ) -> tuple[Floats, Floats]:
        """float64[sequences, longest - 1] each: nats and credit of every token but the first; 0 behind the end."""
        width = max(map(len, sequences)) - 1
        nats, credit = np.zeros((len(sequences), width)), np.zeros((len(sequences), width))
        for batch in batches_of([len(sequence) for sequence in sequences], device):
            whole = padded([sequences[number] for number in batch], self._eos)
            fed = torch.from_numpy(np.ascontiguousarray(whole[:, :-1])).to(device)
            target = torch.from_numpy(np.ascontiguousarray(whole[:, 1:])).to(device).flatten()
            lost, right = np.empty(len(target)), np.empty(len(target))
            for piece, log_p in expectations(model, fed, torch.arange(len(target), device=device), self._vocab_size):
                lost[piece] = -log_p.gather(-1, target[piece, None])[:, 0].double().cpu().numpy()
                right[piece] = top_credit(log_p, target[piece], self._tie).double().cpu().numpy()
            nats[batch, : fed.shape[1]] = lost.reshape(fed.shape)
            credit[batch, : fed.shape[1]] = right.reshape(fed.shape)
        return nats, credit

    def _heads(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        found: list[Tensor] = []
        names: list[str] = []
        for batch in batches_of([self.often.shape[1]] * len(self.often), device):
            maps = attention_maps(model, torch.from_numpy(self.often[batch]).to(device))
            names = [f"{layer}.{head}" for layer, each in enumerate(maps) for head in range(each.shape[1])]
            scores = [
                torch.cat([prefix_matching(layer, self.head_period) for layer in maps], dim=-1),
                torch.cat([previous_token(layer) for layer in maps], dim=-1),
            ]
            found.append(torch.stack(scores).double().cpu())
        scalars: dict[str, float] = {}
        for what, values in zip(("prefix", "previous"), torch.cat(found, dim=1).numpy(), strict=True):
            halves = values[::2].mean(axis=0), values[1::2].mean(axis=0)
            chosen = halves[0][halves[1].argmax()], halves[1][halves[0].argmax()]
            scalars[f"{self.name}/heads/{what}"] = float(np.mean(chosen))
            for name, value in zip(names, values.mean(axis=0), strict=True):
                scalars[f"{self.name}/head/{name}/{what}"] = float(value)
        return scalars

    def _text(self, model: nn.Module, device: torch.device) -> tuple[Floats, Floats]:
        nats, _ = self._losses(model, [window.tokens for window in self.windows], device)
        early = [float(row[: len(each.early)] @ each.early) for row, each in zip(nats, self.windows, strict=True)]
        late = [float(row[: len(each.late)] @ each.late) for row, each in zip(nats, self.windows, strict=True)]
        return np.array(early), np.array(late)


def windows(recipe: Induction, material: Material) -> tuple[list[Window], str]:
    """The first held-out documents of each component that are long enough, in turn, and what was asked of them."""
    encoder, context = material.encoder, material.context
    if not recipe.icl_documents or not material.heldout:
        return [], "No held-out documents, hence no in-context-learning score."
    by_bytes = recipe.icl_bytes is not None
    places = recipe.icl_bytes or (
        max(1, round(recipe.icl_positions[0] * context)),
        max(2, round(recipe.icl_positions[1] * context)),
    )
    reach = round(recipe.icl_window * places[1])
    if not by_bytes:
        reach = min(reach, context - places[1])
    pieces = [bytes(piece) for piece in getattr(encoder, "token_bytes", ())] if by_bytes else []
    found: list[Window] = []
    longest = max(map(len, material.heldout.values()), default=0)
    each = [texts[number] for number in range(longest) for texts in material.heldout.values() if number < len(texts)]
    for text in each:
        if len(text.encode()) < places[1]:
            continue  # a token has a byte or more
        (tokens,) = encoder.encode_batch([text])
        if by_bytes:
            bytes_of = [pieces[token] for token in tokens] if pieces else []
            window = byte_window(text, tokens, bytes_of, encoder.eos_id, (places[0], places[1]), reach)
        else:
            window = token_window(text, tokens, encoder.eos_id, (places[0], places[1]), reach)
        if window is not None and len(window.tokens) - 1 <= context:
            found.append(window)
        if len(found) == recipe.icl_documents:
            break
    unit = "bytes" if by_bytes else "tokens"
    asked = f"positions {places[0]} and {places[1]} (with {reach} on each side) in {unit}"
    if not found:
        return [], f"No held-out document holds {asked}, hence no in-context-learning score."
    return found, f"In-context learning: {asked}, of {len(found)} held-out documents."


def _add(rows: dict[str, list[object]], kind: str, first: Floats, second: Floats, credit: Floats | None) -> None:
    rows["kind"] += [kind] * len(first)
    rows["number"] += range(len(first))
    rows["first"] += first.tolist()
    rows["second"] += second.tolist()
    rows["credit"] += [None] * len(first) if credit is None else credit.tolist()
