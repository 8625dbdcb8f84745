"""Tokens against words: how many tokens a word takes, and whether borders inside words are those of morphemes.

A word is what stands between white space. Everything is counted in UTF-8 bytes, which every tokenizer shares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from seedbed.tokenizers.encoder import Encoder, Ids, Lengths

Ints = npt.NDArray[np.int64]
WORD = re.compile(r"\S+")


def word_spans(texts: Sequence[str]) -> Ints:
    """Where words begin and end, in bytes of all texts in a row: int64[words, 2]."""
    spans: list[tuple[int, int]] = []
    before = 0
    for text in texts:
        if text.isascii():
            spans += [(before + match.start(), before + match.end()) for match in WORD.finditer(text)]
            before += len(text)
            continue
        at = 0
        for match in WORD.finditer(text):
            before += len(text[at : match.start()].encode())
            size = len(match.group().encode())
            spans.append((before, before + size))
            before += size
            at = match.end()
        before += len(text[at:].encode())
    return np.array(spans, dtype=np.int64).reshape(-1, 2)


def token_borders(encoder: Encoder, ids: Ids, lengths: Lengths) -> Ints:
    """Where tokens begin, and where the last one ends, in bytes of all texts in a row: int64[tokens + 1].

    lengths: tokens of each text. Under a word tokenizer the space before a word counts to the word's token. A space
    that a tokenizer puts before every text is no byte of it.
    """
    sizes = np.array([len(encoder.separator + piece) for piece in encoder.token_bytes], dtype=np.int64)[ids]
    starts = np.cumsum(lengths) - lengths
    sizes[starts[lengths > 0]] -= len(encoder.prefix)
    return np.concatenate(([0], np.cumsum(sizes)))


def tokens_per_word(spans: Ints, borders: Ints) -> Ints:
    """How many tokens reach into each word: int64[words]. One token may reach into several words.

    spans: int64[words, 2]. borders: int64[tokens + 1], where tokens begin and the last ends.
    """
    first = np.searchsorted(borders, spans[:, 0], side="right") - 1
    last = np.searchsorted(borders, spans[:, 1], side="left") - 1
    counted: Ints = last - first + 1
    return counted


def single_token_share(encoder: Encoder, types: Sequence[str]) -> float:
    """Share of word types that are one token after a space (whole-type share, STRR / 100); nan without types."""
    if not types:
        return float("nan")
    _, lengths = encoder.encode_flat([encoder.before_word + word for word in types])
    return float(np.mean(lengths == 1))


def inner_borders(encoder: Encoder, word: str) -> set[int]:
    """Places inside a word, in bytes from its beginning, where a token ends when the word stands after a space."""
    before = 0 if encoder.separator else 1
    tokens = encoder.encode(encoder.before_word + word)
    ends = np.cumsum([len(encoder.token_bytes[token]) for token in tokens]) - before
    size = len(word.encode())
    return {int(end) for end in ends if 0 < end < size}


def boundary_agreement(encoder: Encoder, morphemes: Mapping[str, Sequence[str]]) -> tuple[float, float]:
    """Precision and recall of token borders inside words against borders of morphemes, each word type once.

    morphemes: word -> its morphemes, which joined are the word. Precision: of the borders between tokens, the share
    that lie between morphemes; recall: of those between morphemes, the share that lie between tokens. A share of
    nothing is nan (a tokenizer that cuts no word has no precision).
    """
    found = wanted = both = 0
    for word, parts in morphemes.items():
        cut = inner_borders(encoder, word)
        gold = {int(end) for end in np.cumsum([len(part.encode()) for part in parts])[:-1]}
        found, wanted, both = found + len(cut), wanted + len(gold), both + len(cut & gold)
    return both / found if found else float("nan"), both / wanted if wanted else float("nan")
