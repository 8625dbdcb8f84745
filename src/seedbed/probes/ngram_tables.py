"""Unigram, bigram and trigram models of token ids, sparse, with every probability above zero.

Smoothing: additive for single tokens, then each order backs off to the one below it in proportion to what it has seen:

    q1(w) = (c(w) + additive) / (c + additive V)
    qn(w | h) = (c(h w) + backoff q(n-1)(w | h')) / (c(h) + backoff),    h' is h without its first token

so that a history never seen gives the order below. A document is preceded by its end token, as models are fed it, and a
trigram's history before that is a place of its own. Source: PROTOCOLS 4.5; MacKay and Peto 1995 for the form.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
ORDERS = ("unigram", "bigram", "trigram")


def histories(tokens: Ints, start: int) -> Ints:
    """int64[tokens - 1, 2]: the two tokens before each token but the first; `start` before the first of all."""
    before = np.concatenate([[start], tokens[:-2]])
    return np.stack([before, tokens[:-1]], axis=1)


class NgramTables:
    """Counted once; `rows` gives probabilities over the whole vocabulary after some histories.

    documents: token ids, each with the end of the document at its end. additive, backoff: see above, in tokens.
    """

    def __init__(
        self, documents: Sequence[Ints], *, vocab_size: int, eos_id: int, additive: float = 1.0, backoff: float = 1.0
    ) -> None:
        self.vocab_size = vocab_size
        self.start = vocab_size
        self._backoff = backoff
        events = [np.concatenate([[eos_id], document]).astype(np.int64) for document in documents]
        self.tokens = sum(len(document) for document in documents)
        before = np.concatenate([histories(event, self.start) for event in events])
        word = np.concatenate([event[1:] for event in events])
        counts = np.bincount(word, minlength=vocab_size) + additive
        self.unigram: Floats = counts / counts.sum()
        shape = (vocab_size + 1, vocab_size)
        ones = np.ones(len(word))
        self._bigram = sparse.csr_array((ones, (before[:, 1], word)), shape=shape)
        self._keys, row = np.unique(self._key(before), return_inverse=True)
        self._trigram = sparse.csr_array((ones, (row, word)), shape=(len(self._keys), vocab_size))
        self._bigram_totals = np.asarray(self._bigram.sum(axis=1)).ravel()
        self._trigram_totals = np.asarray(self._trigram.sum(axis=1)).ravel()

    def rows(self, before: Ints) -> Floats:
        """float64[3, n, V]: probabilities of every token after int64[n, 2] histories, by the three orders."""
        found = np.empty((3, len(before), self.vocab_size))
        found[0] = self.unigram
        last = before[:, 1]
        found[1] = self._backed_off(self._bigram[last], self._bigram_totals[last], found[0])
        key = self._key(before)
        at = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        seen = self._keys[at] == key
        found[2] = found[1]
        found[2, seen] = self._backed_off(self._trigram[at[seen]], self._trigram_totals[at[seen]], found[1, seen])
        return found

    def _backed_off(self, counts: sparse.csr_array, totals: Floats, lower: Floats) -> Floats:
        mixed: Floats = (counts.toarray() + self._backoff * lower) / (totals + self._backoff)[:, None]
        return mixed

    def _key(self, before: Ints) -> Ints:
        return before[:, 0] * (self.vocab_size + 1) + before[:, 1]
