"""Intrinsic measures: what can be said of a tokenizer on a text without training a model.

Pure functions on counts and arrays, and `measure`, which takes them all from one pass over texts. None of them
predicts the quality of a model reliably (Schmidt et al. 2024; Ali et al. 2024; Cognetta et al. 2024 for Renyi
efficiency): they describe.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seedbed.errors import SourceError
from seedbed.tokenizers.encoder import Encoder
from seedbed.tokenizers.store import LosslessCheck, batches

Counts = npt.NDArray[np.int64]
PUBLISHED_ALPHA = 2.5  # the order at which Zouhar et al. (2023) found the highest correlation with BLEU


@dataclass(frozen=True)
class TokenizerMeasures:
    """One tokenizer on one text. A word is what stands between whitespace; ends of documents are not counted.

    fertility: tokens per word. bytes_per_token: UTF-8 bytes per token. renyi_efficiency: of order 2.5, normalised by
    the nominal vocabulary. vocabulary_use: share of the vocabulary that occurs, the end of document left out.
    """

    documents: int
    words: int
    tokens: int
    total_bytes: int
    fertility: float
    bytes_per_token: float
    renyi_efficiency: float
    vocabulary_use: float


def measure(encoder: Encoder, texts: Iterable[str]) -> TokenizerMeasures:
    """All measures of a tokenizer on texts, read once. Errors: SourceError, if the texts hold no word or are not given
    back exactly.
    """
    counts = np.zeros(encoder.vocab_size, dtype=np.int64)
    check = LosslessCheck(encoder)
    documents = words = total_bytes = 0
    for batch in batches(texts):
        ids, lengths = encoder.encode_flat(batch, first=documents)
        total_bytes += check(batch, ids, lengths, first=documents)
        counts += np.bincount(ids, minlength=encoder.vocab_size)
        words += sum(len(text.split()) for text in batch)
        documents += len(batch)
    if not words:
        raise SourceError("there is no word in these texts to measure a tokenizer on; give it some text")
    tokens = int(counts.sum())
    writable = np.delete(counts, encoder.eos_id)
    return TokenizerMeasures(
        documents=documents,
        words=words,
        tokens=tokens,
        total_bytes=total_bytes,
        fertility=fertility(tokens, words),
        bytes_per_token=bytes_per_token(total_bytes, tokens),
        renyi_efficiency=renyi_efficiency(writable, vocab_size=len(writable)),
        vocabulary_use=vocabulary_use(writable),
    )


def fertility(tokens: int, words: int) -> float:
    """Tokens per word, T / W; the word rule is the caller's and belongs beside the number."""
    return tokens / words


def bytes_per_token(total_bytes: int, tokens: int) -> float:
    """Compression: UTF-8 bytes per token, B / T."""
    return total_bytes / tokens


def parity(tokens: int, tokens_of_reference: int) -> float:
    """Tokens of a text over tokens of its translation, T(A) / T(B), English as B (Petrov et al. 2023)."""
    return tokens / tokens_of_reference


def continued_word_share(tokens_per_word: Counts) -> float:
    """Share of words, int64[words], that are written with two or more tokens."""
    return float(np.mean(np.asarray(tokens_per_word) >= 2))


def vocabulary_use(counts: Counts) -> float:
    """Share of the vocabulary that occurs at least once. counts: int64[vocab_size], how often each token occurs."""
    return float(np.mean(np.asarray(counts) > 0))


def renyi_entropy(counts: Counts, alpha: float = PUBLISHED_ALPHA) -> float:
    """Renyi entropy of order alpha, in nats: log(sum p^alpha) / (1 - alpha); alpha = 1 is Shannon's.

    counts: int64[n], how often each token occurs; zeros change nothing. alpha: 0 or more, not infinite.
    """
    present = np.asarray(counts, dtype=np.float64)
    present = present[present > 0]
    share = present / present.sum()
    if alpha == 1:
        return float(-(share * np.log(share)).sum())
    return float(np.log((share**alpha).sum()) / (1 - alpha))


def renyi_efficiency(counts: Counts, alpha: float = PUBLISHED_ALPHA, *, vocab_size: int | None = None) -> float:
    """Renyi entropy over its maximum, log(vocab_size); 1 when every token occurs equally often (Zouhar et al. 2023).

    vocab_size: the nominal size, for comparing tokenizers; None: the number of tokens that occur, as in the paper's
    package. With one token there is nothing to spread over, and the efficiency is 1.
    """
    size = vocab_size if vocab_size is not None else int(np.count_nonzero(counts))
    return renyi_entropy(counts, alpha) / math.log(size) if size > 1 else 1.0


def bits_per_byte(total_nats: float, total_bytes: int) -> float:
    """Negative log-likelihood in nats over ln 2 and UTF-8 bytes: comparable across tokenizers."""
    return total_nats / (math.log(2) * total_bytes)
