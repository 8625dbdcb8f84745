"""Intrinsic measures: what can be said of a tokenizer on a text without training a model.

Pure functions on counts and arrays, and `measure`, which takes them all from one pass over texts. None of them
predicts the quality of a model reliably (Schmidt et al. 2024; Ali et al. 2024; Cognetta et al. 2024 for Renyi
efficiency): they describe.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seedbed.errors import SourceError
from seedbed.tokenizers.encoder import Encoder
from seedbed.tokenizers.store import LosslessCheck, batches
from seedbed.tokenizers.word_cuts import single_token_share, token_borders, tokens_per_word, word_spans

Counts = npt.NDArray[np.int64]
GZIP_LEVEL = 6
PUBLISHED_ALPHA = 2.5  # the order at which Zouhar et al. (2023) found the highest correlation with BLEU


@dataclass(frozen=True)
class TokenizerMeasures:
    """One tokenizer on one text. A word is what stands between whitespace; ends of documents are not counted.

    bytes_per_token, characters_per_token: of the text, over its tokens. fertility: tokens per word, T / W.
    continued_word_share: of words (each time they occur), those that more than one token reaches into.
    single_token_share: of word types, those that are one token after a space. renyi_efficiency: of order 2.5,
    normalised by the nominal vocabulary. vocabulary_use: share of the vocabulary that occurs, the end of document left
    out. letters_alone: of letters whole in a token, those that share it with no other letter. letters_per_token: of
    tokens that hold a letter. gzip_ratio, zstd_ratio: bytes over compressed bytes (levels 6 and 1), to stand beside
    bytes_per_token.
    """

    documents: int
    words: int
    tokens: int
    total_bytes: int
    bytes_per_token: float
    characters_per_token: float
    fertility: float
    continued_word_share: float
    single_token_share: float
    renyi_efficiency: float
    vocabulary_use: float
    letters_alone: float
    letters_per_token: float
    gzip_ratio: float
    zstd_ratio: float


def measure(encoder: Encoder, texts: Iterable[str]) -> TokenizerMeasures:
    """All measures of a tokenizer on texts, read once. Errors: SourceError, if the texts hold no word or are not given
    back exactly.
    """
    counts = np.zeros(encoder.vocab_size, dtype=np.int64)
    check = LosslessCheck(encoder)
    documents = words = total_bytes = characters = continued = 0
    types: dict[str, None] = {}
    gzip, zstd = zlib.compressobj(GZIP_LEVEL), _Zstd()
    gzipped = 0
    for batch in batches(texts):
        ids, lengths = encoder.encode_flat(batch, first=documents)
        total_bytes += check(batch, ids, lengths, first=documents)
        counts += np.bincount(ids, minlength=encoder.vocab_size)
        per_word = tokens_per_word(word_spans(batch), token_borders(encoder, ids, lengths))
        words += len(per_word)
        continued += int((per_word > 1).sum())
        characters += sum(map(len, batch))
        types.update(dict.fromkeys(word for text in batch for word in text.split()))
        joined = "".join(batch).encode()
        gzipped += len(gzip.compress(joined))
        zstd.add(joined)
        documents += len(batch)
    if not words:
        raise SourceError("there is no word in these texts to measure a tokenizer on; give it some text")
    tokens = int(counts.sum())
    writable = np.delete(counts, encoder.eos_id)
    letters = np.array([_letters(piece) for piece in encoder.token_bytes], dtype=np.int64)
    total_letters = int((letters * counts).sum())
    return TokenizerMeasures(
        documents=documents,
        words=words,
        tokens=tokens,
        total_bytes=total_bytes,
        bytes_per_token=bytes_per_token(total_bytes, tokens),
        characters_per_token=characters / tokens,
        fertility=fertility(tokens, words),
        continued_word_share=continued / words,
        single_token_share=single_token_share(encoder, list(types)),
        renyi_efficiency=renyi_efficiency(writable, vocab_size=len(writable)),
        vocabulary_use=vocabulary_use(writable),
        letters_alone=float(counts[letters == 1].sum() / total_letters) if total_letters else math.nan,
        letters_per_token=total_letters / int(counts[letters > 0].sum()) if total_letters else math.nan,
        gzip_ratio=total_bytes / (gzipped + len(gzip.flush())),
        zstd_ratio=total_bytes / zstd.size(),
    )


class _Zstd:
    """The size of what is added, compressed in one stream."""

    def __init__(self) -> None:
        self._sink = pa.BufferOutputStream()
        self._stream = pa.CompressedOutputStream(self._sink, "zstd")

    def add(self, content: bytes) -> None:
        self._stream.write(content)

    def size(self) -> int:
        self._stream.close()
        return int(self._sink.getvalue().size)


def _letters(piece: bytes) -> int:
    """Whole letters in a token; a letter whose bytes are cut apart is in none."""
    return sum(character.isalpha() for character in piece.decode("utf-8", errors="ignore"))


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
