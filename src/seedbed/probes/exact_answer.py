"""Does a model give the right answer, and how sure is it?

Fed a question after the end-of-document token, the model goes on greedily. The question is all tokens before the first
one that holds a part of the answer (a space before an answer may belong to its first token), so that questions and
answers are cut as they were in training. Means over the items of each stratum, "<probe>/<stratum>/<what>":

- exact: the next tokens are those of the answer, all of them. Ties: the model's most probable token, of equal ones the
  smaller id; a model of equal logits everywhere gets nothing right.
- ended: exact, and the document ends there. A model trained on answers alone (loss_on="answer") never learns to end, so
  this is told apart.
- margin: log-probability of a token of the answer, after the true ones before it, minus that of its best rival, of the
  token where this is least; in nats. It is positive exactly where the answer is exact, and so is its soft form.
- margin-first: the same of the answer's first token.
- nats: log-probability of the whole answer (without the end of the document), comparable over tokenizers; and
  nats-per-token, which is not.

Controls: the untrained model is step 0. "<probe>/shuffled/..." has the same measures with every question's answer taken
from another question: what is left of them there is no knowledge of the question. `baselines` gives what rules get
right that know the answers' frequencies, and no arithmetic or spelling (see `answer_items.rules`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seedbed.errors import SourceError
from seedbed.probes.answer_items import (
    AnswerItem,
    addends,
    heldout_items,
    rules,
    shuffled,
    source_items,
    strata,
    sum_columns,
)
from seedbed.probes.base import Measurement, SplitModel, TextEncoder, check_context, looking_at, with_conventions
from seedbed.probes.recipes import ExactAnswers
from seedbed.tokenizers.answers import leading_whitespace, token_spans
from seedbed.workbench import Workbench

SHUFFLED = "shuffled"
BATCH_TOKENS = {"cpu": 2048, "cuda": 65_536}
CONVENTIONS = (
    "Fed the question after an end-of-document token; the answer is what greedy decoding gives next, compared token by "
    "token with the tokens of the right answer in its document. The end of the document is told apart (ended)."
)

Floats = NDArray[np.float64]


@runtime_checkable
class PieceEncoder(Protocol):
    """A tokenizer that knows which bytes its tokens stand for."""

    @property
    def token_bytes(self) -> Sequence[bytes]:
        """UTF-8 bytes of every token."""
        ...


class Written(Protocol):
    """What a model wrote after a prompt."""

    @property
    def tokens(self) -> list[int]:
        """Token ids, the end of document left out."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the end of the document was written."""
        ...


@runtime_checkable
class WritingModel(Protocol):
    """What a model may offer so that text is written fast; others are read again for every token, with one result."""

    def continuations(self, prompts: Sequence[Sequence[int]], *, eos_id: int, max_new_tokens: int) -> Sequence[Written]:
        """What is most probable after each prompt, until the end of the document or for max_new_tokens."""
        ...


@dataclass(frozen=True)
class Scores:
    """Of answers under a model, in nats: the least margin of a token, that of the first, and the log-probability."""

    margin: Floats
    margin_first: Floats
    nats: Floats


@dataclass(frozen=True)
class _Plain:
    tokens: list[int]
    ended: bool


def prepare(
    recipe: ExactAnswers,
    encoder: TextEncoder,
    *,
    context: int,
    workbench: Workbench,
    heldout: Mapping[str, Sequence[str]],
) -> PreparedExactAnswers:
    """Draw the items and encode them. Errors: SourceError without items; SeedbedError for one beyond the context."""
    if recipe.source is not None:
        items = source_items(recipe.source, recipe.items, workbench)
    else:
        items = heldout_items(heldout, recipe.component, recipe.answer_after, recipe.items)
    return PreparedExactAnswers(recipe.name, items, encoder, context=context)


class PreparedExactAnswers:
    """Questions with their answers, encoded."""

    def __init__(self, name: str, items: Sequence[AnswerItem], encoder: TextEncoder, *, context: int) -> None:
        self.name = name
        self.conventions = CONVENTIONS
        self.items = list(items)
        self._eos = encoder.eos_id
        self._decode = encoder.decode
        self._dealt = shuffled(items)
        self._right = _encoded(name, self.items, encoder)
        self._wrong = _encoded(name, self._dealt, encoder)
        self._longest = max(len(answer) for _, answer in (*self._right, *self._wrong)) + 1
        for item, (prompt, _) in zip(self.items, self._right, strict=True):
            check_context(name, item.question, len(prompt) + self._longest - 1, context)
        self._strata = strata(self.items)
        pairs = addends(self.items)
        self._fixed = {
            "item": pa.array(np.arange(len(self.items))),
            "question": pa.array([item.question for item in self.items]),
            "answer": pa.array([item.answer for item in self.items]),
            "construction": pa.array([item.construction for item in self.items]).dictionary_encode(),
            "answer_tokens": pa.array([len(answer) for _, answer in self._right]),
        } | {column: pa.array(values) for column, values in ({} if pairs is None else sum_columns(pairs)).items()}

    @property
    def cost_tokens(self) -> int:
        """Tokens that a model which keeps what it has read reads: the questions and what is written after them, then
        every question with its answer, and with another one's."""
        written = sum(len(prompt) + self._longest for prompt, _ in self._right)
        return written + sum(len(prompt) + len(answer) - 1 for prompt, answer in (*self._right, *self._wrong))

    def baselines(self) -> dict[str, float]:
        """What rules get right on these items: "<probe>/<rule>" is their share of exact answers."""
        return {f"{self.name}/{rule}": share for rule, share in rules(self.items).items()}

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Scalars by stratum and one row per item."""
        with looking_at(model) as device:
            written = self._write(model, device)
            right = self._score(model, device, self._right)
            wrong = self._score(model, device, self._wrong)
        exact = _exact(written, self._right)
        lengths = np.array([len(answer) for _, answer in self._right])
        ends = np.array([len(each.tokens) if each.ended else -1 for each in written])
        values = {
            "exact": exact,
            "ended": exact * (ends == lengths),
            "margin": right.margin,
            "margin-first": right.margin_first,
            "nats": right.nats,
            "nats-per-token": right.nats / lengths,
        }
        scalars = {
            f"{self.name}/{stratum}/{what}": float(np.mean(each[rows]))
            for stratum, rows in self._strata.items()
            for what, each in values.items()
        }
        if self._wrong:
            # Prompts are the same, so that what was written after the questions serves here too.
            dealt = {"exact": _exact(written, self._wrong), "margin": wrong.margin, "nats": wrong.nats}
            scalars |= {f"{self.name}/{SHUFFLED}/{what}": float(np.mean(each)) for what, each in dealt.items()}
        return Measurement(scalars, self._table(written, values, wrong.nats))

    def _table(self, written: Sequence[Written], values: Mapping[str, Floats], wrong_nats: Floats) -> pa.Table:
        columns = dict(self._fixed)
        columns["given"] = pa.array([self._decode(each.tokens) for each in written])
        columns |= {what.replace("-", "_"): pa.array(each) for what, each in values.items()}
        if self._wrong:
            columns["shuffled_answer"] = pa.array([item.answer for item in self._dealt])
            columns["shuffled_nats"] = pa.array(wrong_nats)
        return with_conventions(pa.table(columns), self.conventions)

    def _write(self, model: nn.Module, device: torch.device) -> Sequence[Written]:
        prompts = [prompt for prompt, _ in self._right]
        if isinstance(model, WritingModel):
            return model.continuations(prompts, eos_id=self._eos, max_new_tokens=self._longest)
        return plain_greedy(model, prompts, self._eos, self._longest, device)

    def _score(self, model: nn.Module, device: torch.device, pairs: Sequence[tuple[list[int], list[int]]]) -> Scores:
        """The given answers under the model, each token after the true ones before it."""
        least, first, nats = (np.empty(len(pairs)) for _ in range(3))
        for rows in _batches([len(prompt) + len(answer) for prompt, answer in pairs], device):
            fed = [[*pairs[row][0], *pairs[row][1][:-1]] for row in rows]
            places = [range(len(pairs[row][0]) - 1, len(tokens)) for row, tokens in zip(rows, fed, strict=True)]
            targets = torch.tensor([[token] for row in rows for token in pairs[row][1]], device=device)
            log_p = _logits_at(model, fed, places, self._eos, device).log_softmax(-1)
            picked = log_p.gather(-1, targets)[:, 0].double().cpu().numpy()
            rivals = log_p.scatter(-1, targets, float("-inf")).max(-1).values.double().cpu().numpy()
            starts = np.cumsum([0, *map(len, places)])[:-1]
            least[rows] = np.minimum.reduceat(picked - rivals, starts)
            first[rows] = (picked - rivals)[starts]
            nats[rows] = np.add.reduceat(picked, starts)
        return Scores(least, first, nats)


def plain_greedy(
    model: nn.Module, prompts: Sequence[Sequence[int]], eos_id: int, new: int, device: torch.device
) -> list[Written]:
    """The most probable continuation of every prompt under a model that only gives logits of whole rows."""
    rows = [list(prompt) for prompt in prompts]
    going = list(range(len(rows)))
    for _ in range(new):
        for batch in _batches([len(rows[row]) for row in going], device):
            numbers = [going[place] for place in batch]
            fed = [rows[number] for number in numbers]
            last = [range(len(tokens) - 1, len(tokens)) for tokens in fed]
            chosen = _logits_at(model, fed, last, eos_id, device).argmax(-1).tolist()
            for number, token in zip(numbers, chosen, strict=True):
                rows[number].append(token)
        going = [number for number in going if rows[number][-1] != eos_id]
    written: list[Written] = []
    for prompt, tokens in zip(prompts, rows, strict=True):
        ended = tokens[-1] == eos_id and len(tokens) > len(prompt)
        written.append(_Plain(tokens[len(prompt) : len(tokens) - ended], ended))
    return written


def _logits_at(
    model: nn.Module, rows: Sequence[Sequence[int]], places: Sequence[range], pad: int, device: torch.device
) -> Tensor:
    """float32[places of all rows in turn, V]."""
    width = max(map(len, rows))
    tokens = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows], device=device)
    at = torch.tensor([number * width + place for number, some in enumerate(places) for place in some], device=device)
    if isinstance(model, SplitModel):
        return model.logits(model.hidden(tokens).flatten(0, 1).index_select(0, at)).float()
    logits: Tensor = model(tokens).flatten(0, 1).index_select(0, at)
    return logits.float()


def _batches(lengths: Sequence[int], device: torch.device) -> list[list[int]]:
    """Numbers of rows of about equal length, so many that a batch has about as many tokens as is quick."""
    most = BATCH_TOKENS["cpu" if device.type == "cpu" else "cuda"]
    found: list[list[int]] = []
    for number in sorted(range(len(lengths)), key=lambda number: lengths[number]):
        if not found or (len(found[-1]) + 1) * lengths[number] > most:
            found.append([])
        found[-1].append(number)
    return found


def _exact(written: Sequence[Written], pairs: Sequence[tuple[list[int], list[int]]]) -> Floats:
    """float64[items]: 1 where the tokens written begin with those of the answer, else 0."""
    return np.array(
        [float(each.tokens[: len(answer)] == answer) for each, (_, answer) in zip(written, pairs, strict=True)]
    )


def _encoded(name: str, items: Sequence[AnswerItem], encoder: TextEncoder) -> list[tuple[list[int], list[int]]]:
    """(tokens up to the answer, the end-of-document token first; tokens of the answer) of each item."""
    pieces = [bytes(piece) for piece in pieces_of(encoder)]
    own = np.array([len(piece) for piece in pieces], np.int64)
    leading = leading_whitespace(pieces)
    pairs = []
    for item, tokens in zip(items, encoder.encode_batch([item.text for item in items]), strict=True):
        before, between = laid_out(name, item.text, [pieces[token] for token in tokens])
        sizes = own + between
        span = np.array([[len(item.question.encode()), len(item.text[: item.end].encode())]])
        ids, count = np.array(tokens, np.uint32), np.array([len(tokens)])
        where = token_spans(span, ids, count, sizes, leading, before=before, between=between, first=0)
        [[begin, end]], _ = where
        pairs.append(([encoder.eos_id, *tokens[:begin]], tokens[begin:end]))
    return pairs


def laid_out(name: str, text: str, held: Sequence[bytes]) -> tuple[int, int]:
    """How a text's tokens, given as their bytes, make the text: bytes before the first one, and between any two.

    Errors: SourceError for a tokenizer that loses some of the text.
    """
    raw = text.encode()
    if b"".join(held) == raw:
        return 0, 0
    if b"".join(held) == b" " + raw:
        return 1, 0
    if b" ".join(held) == raw:
        return 1, 1
    raise SourceError(f"{name}: the tokenizer loses some of {text[:40]!r}; use a lossless one, such as kind 'bpe'")


def pieces_of(encoder: TextEncoder) -> Sequence[bytes]:
    """The bytes of every token. Errors: SourceError for a tokenizer that does not say them."""
    if not isinstance(encoder, PieceEncoder):
        raise SourceError("the tokenizer does not say which bytes its tokens hold; use one of ours, or a fast one")
    return encoder.token_bytes
