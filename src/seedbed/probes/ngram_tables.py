"""Unigram, bigram and trigram models of token ids, sparse, with every probability above zero.

Smoothing: additive for single tokens, then each order backs off to the one below it in proportion to what it has seen:

    q1(w) = (c(w) + additive) / (c + additive V)
    qn(w | h) = (c(h w) + backoff q(n-1)(w | h')) / (c(h) + backoff),    h' is h without its first token

so that a history never seen gives the order below. How strongly (backoff, in tokens, one number for each order) can be
chosen on documents that were not counted; see `fitted`. A document is preceded by its end token, as models are fed it,
and a trigram's history before that is a place of its own. Source: PROTOCOLS 4.5; MacKay and Peto 1995 for the form.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from seedbed.errors import SourceError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
ORDERS = ("unigram", "bigram", "trigram")
STRENGTHS = tuple(4.0**power for power in range(-2, 7))
"""Among which the strength of backing off is chosen: 1/16 to 4,096 tokens."""
KEPT_ASIDE = 10
"""One document of so many is kept aside for that."""


def histories(tokens: Ints, start: int) -> Ints:
    """int64[tokens - 1, 2]: the two tokens before each token but the first; `start` before the first of all."""
    before = np.concatenate([[start], tokens[:-2]])
    return np.stack([before, tokens[:-1]], axis=1)


def events(documents: Sequence[Ints], start: int, eos_id: int) -> tuple[Ints, Ints]:
    """The histories int64[n, 2] and the tokens int64[n] of all documents, each after its end token."""
    whole = [np.concatenate([[eos_id], document]).astype(np.int64) for document in documents]
    return np.concatenate([histories(each, start) for each in whole]), np.concatenate([each[1:] for each in whole])


class NgramTables:
    """Counted once; `rows` gives probabilities over the whole vocabulary after some histories.

    documents: token ids, each with the end of the document at its end. additive: see above. backoff: of bigrams and of
    trigrams, in tokens.
    """

    def __init__(
        self,
        documents: Sequence[Ints],
        *,
        vocab_size: int,
        eos_id: int,
        additive: float = 1.0,
        backoff: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        self.vocab_size = vocab_size
        self.start = vocab_size
        self.backoff = backoff
        self.tokens = sum(len(document) for document in documents)
        before, word = events(documents, self.start, eos_id)
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
        found[1] = mixed(self._bigram[last].toarray(), self._bigram_totals[last], found[0], self.backoff[0])
        at, seen = self._places(before)
        found[2] = found[1]
        counts = self._trigram[at[seen]].toarray()
        found[2, seen] = mixed(counts, self._trigram_totals[at[seen]], found[1, seen], self.backoff[1])
        return found

    def best_backoff(self, documents: Sequence[Ints], eos_id: int) -> tuple[float, float]:
        """Of `STRENGTHS`, those under which some documents, which must not have been counted, are most probable."""
        before, word = events(documents, self.start, eos_id)
        last = before[:, 1]
        at, seen = self._places(before)
        lower = self.unigram[word]
        chosen: list[float] = []
        for counts, totals in (
            (self._bigram[last, word], self._bigram_totals[last]),
            (np.where(seen, self._trigram[at, word], 0), np.where(seen, self._trigram_totals[at], 0)),
        ):
            column = np.asarray(counts, np.float64)[:, None]
            tried = [mixed(column, totals, lower[:, None], strength)[:, 0] for strength in STRENGTHS]
            best = int(np.argmax([np.log(each).sum() for each in tried]))
            chosen.append(STRENGTHS[best])
            lower = tried[best]
        return chosen[0], chosen[1]

    def _places(self, before: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """Rows of the trigram counts, and whether a history has one at all."""
        key = self._key(before)
        at = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        return at, self._keys[at] == key

    def _key(self, before: Ints) -> Ints:
        return before[:, 0] * (self.vocab_size + 1) + before[:, 1]


def mixed(counts: Floats, totals: Floats, lower: Floats, backoff: float) -> Floats:
    """(counts[n, k] + backoff x lower[n, k]) / (totals[n] + backoff)."""
    found: Floats = (counts + backoff * lower) / (totals + backoff)[:, None]
    return found


def fitted(documents: Sequence[Ints], *, vocab_size: int, eos_id: int, additive: float) -> NgramTables:
    """Tables of all documents, their backing off chosen on every tenth, which is not counted for that.

    Errors: SourceError if there are too few documents to keep one aside.
    """
    aside = documents[KEPT_ASIDE - 1 :: KEPT_ASIDE]
    if not aside:
        raise SourceError(
            f"{len(documents)} training documents are too few to choose backoff on one of {KEPT_ASIDE}; write backoff=1"
        )
    counted = [document for number, document in enumerate(documents) if number % KEPT_ASIDE != KEPT_ASIDE - 1]
    draft = NgramTables(counted, vocab_size=vocab_size, eos_id=eos_id, additive=additive)
    backoff = draft.best_backoff(aside, eos_id)
    return NgramTables(documents, vocab_size=vocab_size, eos_id=eos_id, additive=additive, backoff=backoff)
