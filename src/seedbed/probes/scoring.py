"""Log-probabilities of token sequences under a model, as few times and in as few batches as it takes.

score(s) = sum over scored t of log p(s_t | s_<t), in nats. Logits are float32 and so is the log-softmax; sums run in
float64, in the order of the tokens. Every sequence begins with the end-of-document token, which is given and not
scored, so the first token of the text is scored. Sequences in which a beginning recurs get exactly the same numbers
for it, as it is computed once.

What it trades: rows of about equal length are batched up to a number of tokens that keeps logits in a core's cache, and
a model that can (see `SplitModel`) reads sequences as tries (see `tries`) and gives logits only where they are asked
for. Scores agree with one sequence at a time to float32 rounding, about 1e-5 nats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seedbed.probes.base import SplitModel, TextEncoder, looking_at
from seedbed.probes.tries import Batch, Ints, Layout, batches, lay_out

# Best of a sweep on one core; a GPU is only filled by more at once.
BATCH_TOKENS = {"cpu": 1024, "cuda": 32_768}
LOGITS_AT_ONCE = {"cpu": 2**18, "cuda": 2**27}
"""Float32 logits per log-softmax: on a core 1 MB, so that they stay in its cache."""


@dataclass(frozen=True)
class Request:
    """What is asked about one sequence.

    tokens: the end-of-document token, then the text's. first: the first token that is scored, at least 1.
    boundary: also score that a new word or the end of the document comes next.
    """

    tokens: Sequence[int]
    first: int = 1
    boundary: bool = False

    @property
    def fed(self) -> int:
        """Tokens that the model has to read."""
        return len(self.tokens) - (not self.boundary)


@dataclass(frozen=True)
class _Asked:
    """One batch and what is asked about it.

    needed: int64[N], flat places in the batch whose logits are needed. A question i asks at needed[at[i]] for
    target[i], or for any boundary token where target[i] is -1, and goes to answer[i].
    """

    batch: Batch
    needed: Tensor
    at: Ints
    target: Ints
    answer: Ints


class Scorer:
    """Sequences laid out once; `score` then costs little more than the model itself.

    encoder: gives the padding and the boundary tokens. tries:
    whether beginnings are shared with models that can do so; for long texts that share nothing it only costs.
    """

    def __init__(self, requests: Sequence[Request], encoder: TextEncoder, *, tries: bool = True) -> None:
        self.requests = list(requests)
        self.longest = max((request.fed for request in self.requests), default=0)
        self._tries = tries
        self._pad, self._vocab_size = encoder.eos_id, encoder.vocab_size
        any_boundary = any(request.boundary for request in self.requests)
        self._boundary = torch.from_numpy(np.flatnonzero(encoder.starts_with_space)) if any_boundary else None
        # One question per scored token, request after request, then one per boundary.
        counts = np.array([len(r.tokens) - r.first for r in self.requests], np.int64)
        bounded = [number for number, request in enumerate(self.requests) if request.boundary]
        self._of_request = np.concatenate([np.repeat(np.arange(len(counts)), counts), np.array(bounded, np.int64)])
        self.scored_tokens = counts
        # One layout per kind of model, and one plan per kind of model and device, made when they are first needed.
        self._layout: Callable[[bool], Layout] = lru_cache(maxsize=2)(self._lay_out)
        self._plan: Callable[[bool, str], list[_Asked]] = lru_cache(maxsize=2)(self._make_plan)

    def score(self, model: nn.Module) -> NDArray[np.float64]:
        """float64[requests], in nats: the sum of each request's log-probabilities."""
        return sums_by(self._of_request, self._answers(model), len(self.requests))

    def token_scores(self, model: nn.Module) -> NDArray[np.float64]:
        """float64[scored tokens], in nats: every scored token's log-probability, request after request."""
        return self._answers(model)[: int(self.scored_tokens.sum())]

    def _answers(self, model: nn.Module) -> NDArray[np.float64]:
        """float64[questions], in nats: one for every scored token, request after request, then one per boundary."""
        with looking_at(model) as device:
            kind = "cpu" if device.type == "cpu" else "cuda"
            split = model if isinstance(model, SplitModel) else None
            plan = self._plan(self._tries and split is not None, kind)
            answers = [self._ask(model, split, asked, device, LOGITS_AT_ONCE[kind]) for asked in plan]
            values = torch.cat(answers).double().cpu().numpy() if answers else np.empty(0)
        ordered = np.empty(len(self._of_request))
        for start, asked in zip(np.cumsum([0] + [len(a.answer) for a in plan]), plan, strict=False):
            ordered[asked.answer] = values[start : start + len(asked.answer)]
        return ordered

    @property
    def cost_tokens(self) -> int:
        """Tokens that a model reads for all of it, shared beginnings once if it can share them (padding left aside)."""
        return sum(len(row.tokens) for row in self._layout(self._tries).rows)

    def _lay_out(self, tries: bool) -> Layout:
        return lay_out([request.tokens[: request.fed] for request in self.requests], tries=tries)

    def _make_plan(self, tries: bool, kind: str) -> list[_Asked]:
        layout = self._layout(tries)
        pieces = list(zip(layout.places, self.requests, strict=True))
        place = np.concatenate(
            [np.empty(0, np.int64)]
            + [places[r.first - 1 : len(r.tokens) - 1] for places, r in pieces]
            + [places[-1:] for places, r in pieces if r.boundary]
        )
        scored = [token for r in self.requests for token in r.tokens[r.first :]]
        target = np.concatenate([np.array(scored, np.int64), np.full(len(place) - len(scored), -1, np.int64)])
        order = np.argsort(place, kind="stable")
        row_of = place[order] // layout.stride
        plan: list[_Asked] = []
        for batch in batches(layout, batch_tokens=BATCH_TOKENS[kind], pad=self._pad):
            spans = np.searchsorted(row_of, [batch.rows, batch.rows + 1])
            asked = np.concatenate([order[start:end] for start, end in spans.T])
            rank = np.repeat(np.arange(len(batch.rows)), spans[1] - spans[0])
            flat = rank * batch.tokens.shape[1] + place[asked] % layout.stride
            needed, at = np.unique(flat, return_inverse=True)
            # The softmax runs over pieces of `needed`; questions in the order of their places fall into them in turn.
            by_place = np.argsort(at, kind="stable")
            plan.append(_Asked(batch, torch.from_numpy(needed), at[by_place], target[asked][by_place], asked[by_place]))
        return plan

    def _ask(
        self, model: nn.Module, split: SplitModel | None, asked: _Asked, device: torch.device, at_once: int
    ) -> Tensor:
        """float32[questions]: log-probabilities, in the order of `asked.answer`."""
        tokens = torch.from_numpy(asked.batch.tokens).to(device)
        needed = asked.needed.to(device)
        if split is not None:
            positions = torch.from_numpy(asked.batch.depths).to(device) if self._tries else None
            visible = torch.from_numpy(asked.batch.visible()).to(device) if self._tries else None
            source = split.hidden(tokens, positions=positions, visible=visible).flatten(0, 1)
        else:
            source = model(tokens).flatten(0, 1)
        piece = max(1, at_once // self._vocab_size)
        answers: list[Tensor] = []
        for start in range(0, len(needed), piece):
            rows = source[needed[start : start + piece]]
            logits = rows if split is None else split.logits(rows)
            log_p = logits.float().log_softmax(-1)
            first, end = np.searchsorted(asked.at, [start, start + piece])
            at = torch.from_numpy(asked.at[first:end] - start).to(device)
            target = torch.from_numpy(asked.target[first:end]).to(device)
            answers.append(self._pick(log_p, at, target))
        return torch.cat(answers)

    def _pick(self, log_p: Tensor, at: Tensor, target: Tensor) -> Tensor:
        picked = log_p[at, target.clamp(min=0)]
        if self._boundary is not None:
            boundary = target < 0
            tokens = self._boundary.to(log_p.device)
            picked[boundary] = log_p[at[boundary]].index_select(-1, tokens).logsumexp(-1)
        return picked


def sums_by(group: Ints, values: NDArray[np.float64], groups: int) -> NDArray[np.float64]:
    """float64[groups]: the sum of each group's values, added in the order of the array."""
    sums: NDArray[np.float64] = np.bincount(group, weights=values, minlength=groups).astype(np.float64)
    return sums


def sentence_requests(texts: Sequence[str], encoder: TextEncoder, *, score_end: bool = False) -> list[Request]:
    """One request per text: every token of it and, if `score_end`, the end of the document after it."""
    end = [encoder.eos_id] if score_end else []
    return [Request([encoder.eos_id, *tokens, *end]) for tokens in encoder.encode_batch(texts)]


def sequence_logprobs(
    model: nn.Module, encoder: TextEncoder, texts: Sequence[str], *, score_end: bool = False
) -> NDArray[np.float64]:
    """float64[texts]: log-probability in nats of each text, every token scored, after the end of a document."""
    return Scorer(sentence_requests(texts, encoder, score_end=score_end), encoder).score(model)
