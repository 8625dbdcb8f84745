"""Bits per byte by pattern: words, capitals, digits, dashes, punctuation, characters beyond ASCII, white space.

Text is cut into units by a pattern of our own, near GPT-2's: a word, a number, a dash or other signs in a row, each
with the space before it; contractions ("'t"); white space that stands before nothing. A unit has one pattern:

    space        white space before no word, number or sign
    digit        a number
    dash         dashes (‒ – — ―)
    punctuation  other signs of ASCII
    non-ascii    a word or signs with a character beyond ASCII
    capital      a word with a capital
    word-start   a small word after a space, or at the beginning of a text or line
    word-inside  small letters right after something else (`which` in "walk—which", "'t")

How nats are attributed: a token's nats go to the unit that it lies in. What a model needs for a whole unit, given all
before it, can be compared between tokenizers; what it needs for single bytes of a token cannot: to split a token's nats
over its bytes would leave a byte-level model's at the first letter of a word and spread a BPE model's evenly, and the
difference would be one of book-keeping. What remains of that: a tokenizer whose tokens end where words end pays for the
end of a word in the word, and one of bytes in the unit after it, with the space.

Only a token that reaches into several units ("of the", where merges cross words) is split, in proportion to its bytes
in each. The share of nats in such tokens is measured beside ("<probe>/crossing"): so much rests on that rule alone.

Nats are rounded to multiples of 2^-20; what rounding leaves over goes to the document's largest pattern, so those of
the patterns add up to those of the total exactly, in any order. Scalars: "<probe>/total", "<probe>/pattern.<pattern>"
in bits per byte of the pattern's own bytes, with ".nats" and ".bytes" beside each. Controls: the untrained model is
step 0 (with at="all").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from torch import nn

from seedbed.errors import SourceError
from seedbed.probes.base import Material, Measurement, TextEncoder, with_conventions
from seedbed.probes.bits_per_byte import bits_per_byte, encoded, first_bytes, pieces, quantised
from seedbed.probes.byte_patterns_recipe import PATTERNS, BytePatterns, Pattern
from seedbed.probes.scoring import Request, Scorer, sums_by
from seedbed.probes.slices import token_bytes

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DASHES = "‒–—―"
UNIT = re.compile(
    rf"'(?:s|t|re|ve|m|ll|d)(?![^\W\d_])| ?[^\W\d_]+| ?\d+| ?[{DASHES}]+| ?(?:[^\s\w{DASHES}]|_)+|\s+(?!\S)|\s+"
)
CONVENTIONS = (
    "Every token of a document is scored, the first one after an end-of-document token; the end of it is not. A "
    "token's nats go to the unit (word, number, dash, signs, white space) that it lies in, and in proportion to bytes "
    "where it reaches into several. Nats are rounded to multiples of 2^-20 by document and pattern."
)


def units(text: str) -> list[tuple[Pattern, int]]:
    """(pattern, UTF-8 bytes) of the units of a text in a row; the bytes add up to those of the text."""
    found: list[tuple[Pattern, int]] = []
    for match in UNIT.finditer(text):
        before = text[match.start() - 1] if match.start() else "\n"
        found.append((pattern_of(match.group(), before), len(match.group().encode())))
    return found


def pattern_of(unit: str, before: str) -> Pattern:
    """The pattern of a unit. before: the character before it, a line break at the beginning of a text."""
    bare = unit.strip()
    if not bare:
        return "space"
    if bare[0] in DASHES:
        return "dash"
    if bare.isdecimal():
        return "digit"
    if not bare.isascii():
        return "non-ascii"
    if not any(character.isalpha() for character in bare):
        return "punctuation"
    if bare != bare.lower():
        return "capital"
    starts = unit[0].isspace() or (before.isspace() and bare[0].isalpha())
    return "word-start" if starts else "word-inside"


def shares(text: str, sizes: Ints) -> tuple[Ints, Ints, Floats]:
    """Which part of each token lies in which unit: (token, pattern, share) of every overlap, in order.

    sizes: int64[tokens], bytes of the text that each token is; a token of no bytes counts to the unit that it stands
    in. The shares of a token add up to 1.
    """
    cut = units(text)
    unit_ends = np.cumsum([size for _, size in cut])
    patterns = np.array([PATTERNS.index(pattern) for pattern, _ in cut], np.int64)
    token_ends = np.cumsum(sizes)
    borders = np.unique(np.concatenate((unit_ends, token_ends)))
    lengths = np.diff(borders, prepend=0)
    kept = lengths > 0
    ends, lengths = borders[kept], lengths[kept]
    token = np.searchsorted(token_ends, ends, side="left")
    unit = np.searchsorted(unit_ends, ends, side="left")
    share = lengths / sizes[token]
    empty = np.flatnonzero(sizes == 0)
    at = np.minimum(np.searchsorted(unit_ends, token_ends[empty], side="right"), len(cut) - 1)
    order = np.argsort(np.concatenate((token, empty)), kind="stable")
    return (
        np.concatenate((token, empty))[order],
        patterns[np.concatenate((unit, at))][order],
        np.concatenate((share, np.ones(len(empty))))[order],
    )


def prepare(recipe: BytePatterns, material: Material) -> PreparedBytePatterns:
    """Choose, encode and cut the documents. Errors: SourceError, see the recipe."""
    texts = {source: first_bytes(some, recipe.bytes_per_source) for source, some in material.heldout.items()}
    texts = {source: [text for text in some if text] for source, some in texts.items()}
    if not any(texts.values()):
        raise SourceError(f"{recipe.name}: no component has held-out text; raise its heldout_share")
    return PreparedBytePatterns(recipe.name, texts, material.encoder, material.context)


class PreparedBytePatterns:
    """Held-out documents, encoded, with the pattern of every token or part of one."""

    def __init__(self, name: str, texts: Mapping[str, Sequence[str]], encoder: TextEncoder, context: int) -> None:
        self.name = name
        self.conventions = CONVENTIONS
        flat = [text for some in texts.values() for text in some]
        ids = encoded(name, flat, encoder)
        requests: list[Request] = []
        for tokens in ids:
            requests += pieces([encoder.eos_id, *tokens], context)
        self._scorer = Scorer(requests, encoder, tries=False)
        self.cost_tokens = sum(request.fed for request in requests)
        starts = np.cumsum([0, *(len(tokens) for tokens in ids)])
        cuts = [shares(text, token_bytes(text, tokens, encoder)) for text, tokens in zip(flat, ids, strict=True)]
        self._token = np.concatenate([start + token for start, (token, _, _) in zip(starts, cuts, strict=False)])
        self._pattern = np.concatenate([pattern for _, pattern, _ in cuts])
        self._share = np.concatenate([share for _, _, share in cuts])
        document = np.repeat(np.arange(len(ids)), np.diff(starts))[self._token]
        self._row = document * len(PATTERNS) + self._pattern
        self._crossing = np.bincount(self._token, weights=self._share < 1) > 0
        self._bytes = np.zeros((len(flat), len(PATTERNS)), np.int64)
        for number, text in enumerate(flat):
            for pattern, size in units(text):
                self._bytes[number, PATTERNS.index(pattern)] += size
        sources = [source for source, some in texts.items() for _ in some]
        self._fixed = {
            "source": pa.array(sources, pa.string()).dictionary_encode(),
            "document": pa.array([number for some in texts.values() for number in range(len(some))], pa.int64()),
            "tokens": pa.array([len(tokens) for tokens in ids], pa.int64()),
        }

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Bits per byte, nats and bytes of all text and of every pattern, and one row per document and pattern."""
        of_token = -self._scorer.token_scores(model)
        nats = sums_by(self._row, of_token[self._token] * self._share, self._bytes.size)
        exact = exact_parts(nats.reshape(self._bytes.shape))
        scalars = _scalars(f"{self.name}/total", float(exact.sum()), int(self._bytes.sum()))
        for place, pattern in enumerate(PATTERNS):
            if size := int(self._bytes[:, place].sum()):
                scalars |= _scalars(f"{self.name}/pattern.{pattern}", float(exact[:, place].sum()), size)
        scalars[f"{self.name}/crossing"] = float(of_token[self._crossing].sum() / of_token.sum())
        columns = dict(self._fixed)
        for place, pattern in enumerate(PATTERNS):
            columns[f"{pattern}.nats"] = pa.array(exact[:, place])
            columns[f"{pattern}.bytes"] = pa.array(self._bytes[:, place])
        return Measurement(scalars, with_conventions(pa.table(columns), self.conventions))


def exact_parts(nats: Floats) -> Floats:
    """float64[documents, patterns], rounded so that each document's add up to its own rounded total exactly."""
    rounded = quantised(nats)
    left = quantised(nats.sum(axis=1)) - rounded.sum(axis=1)
    rows = np.arange(len(nats))
    rounded[rows, nats.argmax(axis=1)] += left
    return rounded


def _scalars(name: str, nats: float, size: int) -> dict[str, float]:
    return {name: bits_per_byte(nats, size), f"{name}.nats": nats, f"{name}.bytes": float(size)}
