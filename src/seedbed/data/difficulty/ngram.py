"""A small n-gram model of bytes or words, with Witten-Bell interpolation, as sorted arrays.

p(w | h) = (c(h w) + T(h) p(w | h')) / (N(h) + T(h))

c: how often w followed h; N(h): how often anything did; T(h): how many different tokens did; h': h without its first
token. At the end of the chain stands the uniform distribution over the vocabulary. A context that was never seen passes
its shorter one on unchanged. Every step is a sort or a look-up on whole arrays, so that a model of a million tokens is
made in about a second, and the same text always gives the same numbers. Source: Witten and Bell 1991; Chen and Goodman
1998.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
SCORED_AT_ONCE = 500_000
"""Bytes of text scored in one go."""


@dataclass(frozen=True)
class _Level:
    """The n-grams with contexts of one length. grams: sorted keys; seen, kinds: N and T by context."""

    grams: Ints
    counts: Ints
    seen: Ints
    kinds: Ints


class NgramModel:
    """Counts of all n-grams up to n; see the module.

    texts: what it is trained on. unit: "bytes" (a vocabulary of 256) or "words" (as white space separates them; a word
    that was not in the texts is the one unknown word).
    """

    def __init__(self, texts: Iterable[str], *, n: int, unit: str = "bytes") -> None:
        self.n, self.unit = n, unit
        self._number: dict[str, int] = {}
        some = list(texts)
        if unit == "words":
            for text in some:
                for word in text.split():
                    self._number.setdefault(word, len(self._number))
        self.vocabulary = len(self._number) + 1 if unit == "words" else 256
        tokens, _ = self._tokens(some)
        self._levels = list(self._count(tokens))

    def surprisal(self, texts: Sequence[str]) -> Floats:
        """Mean -log2 p of each text's tokens, in bits: float64[texts]; NaN for a text without a token.

        A document's first token is predicted from its beginning; its end is not predicted, so that length is no part.
        """
        tokens, starts = self._tokens(texts)
        bits = -np.log2(self.probability(tokens))
        ends = np.append(starts[1:], len(tokens))
        sums = np.add.reduceat(np.where(tokens == self._begin, 0.0, bits), starts) if len(texts) else np.empty(0)
        counts = ends - starts - 1  # the mark of the beginning is none
        means: Floats = np.divide(sums, counts, out=np.full(len(texts), np.nan), where=counts > 0)
        return means

    def probability(self, tokens: Ints) -> Floats:
        """p of each token after those before it, back to the last mark of a beginning (whose own p means nothing)."""
        p = np.full(len(tokens), 1.0 / self.vocabulary)
        context = np.zeros(len(tokens), dtype=np.int64)
        for level in self._levels:
            known = context >= 0
            seen = np.where(known, level.seen[context], 0)
            kinds = np.where(known, level.kinds[context], 0)
            key = self._keys(context, tokens)
            place = np.minimum(np.searchsorted(level.grams, key), len(level.grams) - 1)
            found = known & (level.grams[place] == key)
            count = np.where(found, level.counts[place], 0)
            np.divide(count + kinds * p, seen + kinds, out=p, where=seen > 0)
            context = _after(np.where(found, place, -1))
        return p

    @property
    def _begin(self) -> int:
        return self.vocabulary

    def _keys(self, context: Ints, tokens: Ints) -> Ints:
        return context * (self.vocabulary + 1) + tokens

    def _count(self, tokens: Ints) -> Iterator[_Level]:
        context = np.zeros(len(tokens), dtype=np.int64)
        contexts = 1
        for length in range(self.n):
            # A beginning is a context of what follows, and follows nothing itself.
            valid = (context >= 0) & ((tokens != self._begin) | (length == 0))
            grams, place, counts = np.unique(
                self._keys(context, tokens)[valid], return_inverse=True, return_counts=True
            )
            if not len(grams):
                return
            of, predicted = np.divmod(grams, self.vocabulary + 1)
            counted = np.where(predicted == self._begin, 0, counts)
            seen = np.bincount(of, counted, contexts).astype(np.int64)
            kinds = np.bincount(of, predicted != self._begin, contexts).astype(np.int64)
            yield _Level(grams, counted, seen, kinds)
            gram = np.full(len(tokens), -1, dtype=np.int64)
            gram[valid] = place
            context, contexts = _after(gram), len(grams)

    def _tokens(self, texts: Sequence[str]) -> tuple[Ints, Ints]:
        """All texts' tokens, a mark of the beginning before each; and where the marks stand."""
        if self.unit == "words":
            unknown = self.vocabulary - 1
            rows = [[self._number.get(word, unknown) for word in text.split()] for text in texts]
            lengths = np.array([len(row) for row in rows], dtype=np.int64)
            flat = np.array([number for row in rows for number in row], dtype=np.int64)
        else:
            data = [text.encode() for text in texts]
            lengths = np.array([len(row) for row in data], dtype=np.int64)
            flat = np.frombuffer(b"".join(data), dtype=np.uint8).astype(np.int64)
        starts = np.cumsum(lengths) - lengths + np.arange(len(texts))
        tokens = np.full(len(flat) + len(texts), self._begin, dtype=np.int64)
        real = np.ones(len(tokens), dtype=np.bool_)
        real[starts] = False
        tokens[real] = flat
        return tokens, starts


def _after(gram: Ints) -> Ints:
    """The n-gram that ends before each place: the context there, one token longer; -1 where none was seen."""
    return np.concatenate([[-1], gram[:-1]]) if len(gram) else gram
