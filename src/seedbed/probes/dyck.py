"""Does a model balance brackets, or does it only count them?

Every place of a document but the first is asked for the next word among all brackets, as whole words (see `words`).

- type: where a bracket is closed, the share of places at which the right kind is the most probable of all closing ones
  (ties share the credit): the stack is needed, and a counter is at 1 / kinds. margin: log-probability of the right
  closing bracket minus that of the best other one, in nats. type-not-recent, margin-not-recent: the same where the
  bracket that was opened last has another kind than the one that is open: "close what you saw last" is never right.
- count: the probability that a place at which a bracket is open has a larger share of closing brackets than a place at
  which none is (area under the curve, ties half): a count of open brackets is enough, and without one it is 1/2.
  count-margin: mean log-odds of closing where one is open minus that where none is, in nats.

A model that counts has a count of 1 and a type of 1 / kinds; one that balances has both. Scalars by set:
"in-distribution" (drawn as in training with another seed, so that short documents may be among the trained ones),
"held-out-depth", "held-out-length", "held-out-both"; and by depth of the document, "held-out-depth.depth-5". Controls:
the untrained model is step 0; `baselines` has the rules "close what was opened last", "close the kind that is open
most", and chance. Source: PROTOCOLS 1.4; Murty et al. 2023 (structural grokking on Dyck).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import nn

from seedbed.data.formal.dyck import DyckDraws
from seedbed.data.formal.recipes import Dyck
from seedbed.probes.base import Material, Measurement
from seedbed.probes.dyck_recipe import Brackets
from seedbed.probes.unscored import sort_out
from seedbed.probes.words import WordScorer

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CONVENTIONS = (
    "Fed the brackets before each place but the first, after the end-of-document token; all brackets are scored as "
    "whole words. Documents in distribution are drawn anew and may be among the trained ones where these are short."
)


@dataclass(frozen=True)
class Place:
    """A place of a document. open: kinds of the open brackets before it, the last opened at the end. last: the kind
    that
    was opened last of all. closed: the kind that is closed here, -1 where one is opened or the document ends."""

    open: tuple[int, ...]
    last: int
    closed: int


def prepare(recipe: Brackets, material: Material) -> PreparedBrackets:
    """Draw the documents and encode them. Errors: SeedbedError if none can be scored."""
    return PreparedBrackets(recipe, documents(recipe.source, recipe.documents_per_set, recipe.seed), material)


def documents(source: Dyck, count: int, seed: int) -> dict[str, list[tuple[int, str]]]:
    """Depth and text of distinct documents by set; sets without any are left out. See `Brackets` for the sets."""
    depths = {"in": [d for d in source.depths if d not in source.held_out_depths], "out": source.held_out_depths}
    lengths = {"in": [n for n in source.lengths if n not in source.held_out_lengths], "out": source.held_out_lengths}
    sets = {
        "in-distribution": ("in", "in"),
        "held-out-depth": ("out", "in"),
        "held-out-length": ("in", "out"),
        "held-out-both": ("out", "out"),
    }
    found: dict[str, list[tuple[int, str]]] = {}
    for name, (deep, long) in sets.items():
        of_set = [length for length in lengths[long] if length >= 2 * max(depths[deep], default=0)]
        if not depths[deep] or not of_set:
            continue
        drawn = replace(
            source,
            depths=tuple(depths[deep]),
            lengths=tuple(of_set),
            held_out_depths=(),
            held_out_lengths=(),
            documents=8 * count,
            seed=source.seed + seed,
        )
        texts, labels = DyckDraws(drawn)(np.arange(8 * count))
        distinct = {text: known["embedding_depth"] for text, known in zip(texts, labels, strict=True)}
        found[name] = [(depth, text) for text, depth in list(distinct.items())[:count]]
    return found


def places(kinds: Sequence[int], opens: Sequence[bool]) -> list[Place]:
    """The places 1 .. n of a balanced document of n brackets, of which the last is its end."""
    found: list[Place] = []
    stack: list[int] = []
    last = -1
    for kind, is_open in zip(kinds, opens, strict=True):
        found.append(Place(tuple(stack), last, -1 if is_open else kind))
        if is_open:
            stack.append(kind)
            last = kind
        else:
            stack.pop()
    found.append(Place(tuple(stack), last, -1))
    return found[1:]


class PreparedBrackets:
    """Documents by set, with what stands open at every place, encoded."""

    def __init__(self, recipe: Brackets, sets: Mapping[str, Sequence[tuple[int, str]]], material: Material) -> None:
        self.name = recipe.name
        self._tie_nats = recipe.tie_nats
        encoder = material.encoder
        symbols = DyckDraws(recipe.source).symbols.tolist()
        number = {symbol: place for place, symbol in enumerate(symbols)}
        self.kinds = recipe.source.kinds
        flat = [(name, depth, text) for name, some in sets.items() for depth, text in some]
        kept, self._left_out = sort_out(
            self.name,
            [tuple(f"{text} {symbol}" for symbol in symbols) for _, _, text in flat],
            encoder,
            material.context,
            margin_tokens=int(not bool(encoder.starts_with_space.all())),
        )
        self.documents = [flat[row] for row in kept]
        self._places: list[Place] = []
        before: list[str] = []
        document: list[int] = []
        for row, (_, _, text) in enumerate(self.documents):
            numbers = [number[word] for word in text.split()]
            found = places([each // 2 for each in numbers], [each % 2 == 0 for each in numbers])
            self._places += found
            words = text.split()
            before += [" ".join(words[: end + 1]) for end in range(len(found))]
            document += [row] * len(found)
        self._words = WordScorer(encoder, before, symbols)
        self.cost_tokens = self._words.cost_tokens
        self.conventions = f"{CONVENTIONS} {self._left_out.note()}".strip()
        self._closed = np.array([place.closed for place in self._places], np.int64)
        self._open = np.array([len(place.open) for place in self._places], np.int64)
        self._recent = np.array([place.last == place.closed for place in self._places], np.bool_)
        names = np.array([name for name, _, _ in self.documents])[document]
        depths = np.array([depth for _, depth, _ in self.documents])[document]
        self._slices = {name: np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())}
        self._slices |= {
            f"{name}.depth-{depth}": rows[depths[rows] == depth]
            for name, rows in list(self._slices.items())
            for depth in np.unique(depths[rows]).tolist()
            if len(np.unique(depths[rows])) > 1
        }
        self._fixed = {
            "set": pa.array(names.tolist(), pa.string()).dictionary_encode(),
            "document": pa.array(document, pa.int64()),
            "place": pa.array([len(text.split()) for text in before], pa.int64()),
            "open": pa.array(self._open),
            "closed": pa.array(self._closed),
            "recent": pa.array(self._recent),
        }

    def baselines(self) -> dict[str, float]:
        """What rules score as `type`: "<probe>/<slice>/<rule>"."""
        closing = self._closed >= 0
        most = [Counter(place.open).most_common(1)[0][0] if place.open else -1 for place in self._places]
        rules = {
            "last-opened": self._recent.astype(np.float64),
            "most-open": (np.array(most) == self._closed).astype(np.float64),
            "chance": np.full(len(self._places), 1 / self.kinds),
        }
        return {
            f"{self.name}/{part}/{rule}": float(credit[rows][closing[rows]].mean())
            for part, rows in self._slices.items()
            for rule, credit in rules.items()
        }

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Scalars by set and depth, and one row per place."""
        log_p = self._words.logprobs(model)
        opening, closing = log_p[:, 0::2], log_p[:, 1::2]
        credit, margin = types(closing, self._closed, self._tie_nats)
        with np.errstate(invalid="ignore"):  # NaN comes from a model that broke down, and is meant to stay
            odds = np.logaddexp.reduce(closing, axis=1) - np.logaddexp.reduce(opening, axis=1)
        scalars: dict[str, float] = {}
        for part, rows in self._slices.items():
            at = rows[self._closed[rows] >= 0]
            other = at[~self._recent[at]]
            of = f"{self.name}/{part}"
            scalars |= {f"{of}/type": float(credit[at].mean()), f"{of}/margin": float(margin[at].mean())}
            if len(other):
                scalars[f"{of}/type-not-recent"] = float(credit[other].mean())
                scalars[f"{of}/margin-not-recent"] = float(margin[other].mean())
            is_open = self._open[rows] > 0
            scalars[f"{of}/count"] = area(odds[rows][is_open], odds[rows][~is_open], self._tie_nats)
            scalars[f"{of}/count-margin"] = float(odds[rows][is_open].mean() - odds[rows][~is_open].mean())
        asked = self._closed >= 0
        columns = self._fixed | {
            "type": pa.array(credit, mask=~asked),
            "margin": pa.array(margin, mask=~asked),
            "closing_log_odds": pa.array(odds),
        }
        table = self._left_out.table(pa.table(columns), self.conventions)
        return Measurement(scalars | self._left_out.scalars(), table)


def types(closing: Floats, closed: Ints, tie_nats: float) -> tuple[Floats, Floats]:
    """Credit and margin of the right closing bracket: float64[n] each, 0 where nothing is closed.

    closing: float64[n, kinds], nats; closed: the right kind, -1 for none. Kinds within `tie_nats` of the best share the
    credit; NaN where a log-probability is none.
    """
    asked = closed >= 0
    right = np.zeros(closing.shape, np.bool_)
    right[np.flatnonzero(asked), closed[asked]] = True
    best = closing.max(1, keepdims=True)
    tied = closing >= best - tie_nats
    credit = np.where(np.isnan(best[:, 0]), np.nan, (tied & right).sum(1) / np.maximum(tied.sum(1), 1))
    of_right = np.where(right, closing, 0.0).sum(1)
    margin = of_right - np.where(right, -np.inf, closing).max(1)
    return np.where(asked, credit, 0.0), np.where(asked, margin, 0.0)


def area(high: Floats, low: Floats, tie_nats: float) -> float:
    """The probability that one of `high` is larger than one of `low`, ties (within `tie_nats`) half; NaN if any is."""
    both = np.concatenate([high, low])
    if np.isnan(both).any():
        return float("nan")
    ranks = rankdata(np.round(both / tie_nats) if tie_nats else both)
    return float((ranks[: len(high)].sum() / len(high) - (len(high) + 1) / 2) / len(low))
