"""Which tokens of a document are its answer: from spans of bytes to spans of tokens.

A document says which bytes of its text are the answer (`answer_start` and `answer_end` in its labels). A token is part
of the answer if any byte of the answer is in it; so a span that cuts a token is widened to whole tokens, which is
counted where the token holds more than the white space before the answer ("=", " 46" is not a cut, "=46" is one).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seedbed.errors import SourceError
from seedbed.tokenizers.encoder import WHITESPACE, Ids, Lengths

Spans = npt.NDArray[np.int64]
"""[documents, 2], begin and end, -1 and -1 where a document marks no answer."""
NONE = -1
ANSWER_COLUMNS = ["answer_start", "answer_end"]


def answer_bytes(catalogue: Any) -> Spans | None:
    """Answers in bytes from the columns of an Arrow table; None if no document marks one."""
    columns = [catalogue.column(name).fill_null(NONE).to_numpy() for name in ANSWER_COLUMNS]
    spans = np.stack(columns, axis=1).astype(np.int64)
    return spans if (spans != NONE).any() else None


def leading_whitespace(pieces: Sequence[bytes]) -> Lengths:
    """int64[pieces]: bytes of white space at the beginning of each."""
    return np.array([len(piece) - len(piece.lstrip(WHITESPACE)) for piece in pieces], dtype=np.int64)


def token_spans(
    spans: Spans,
    ids: Ids,
    lengths: Lengths,
    piece_lengths: Lengths,
    leading: Lengths,
    *,
    before: int,
    between: int,
    first: int,
) -> tuple[Spans, int]:
    """Answers of some documents in tokens, and how many of them had to be widened.

    spans: in bytes. ids, lengths: all tokens of the documents, and tokens of each. piece_lengths: bytes of each token
    of the vocabulary, with the `between` bytes (0, or 1 for the space before a word) that stand before it. before:
    bytes of the tokens that come before the first of the text (0, or 1 for a space). leading: white space at the
    beginning of each token. first: the number that errors give to the first document.
    Errors: SourceError for a span that is empty, half there, not within its text, or in no token.
    """
    sizes = piece_lengths[ids]
    ends = np.cumsum(sizes)
    starts = ends - sizes + between
    token = np.concatenate(([0], np.cumsum(lengths)))
    edge = np.concatenate(([0], ends))[token]
    text_bytes = np.maximum(np.diff(edge) - before, 0)
    marked = (spans != NONE).any(axis=1)
    good = ~marked | ((spans[:, 0] >= 0) & (spans[:, 0] < spans[:, 1]) & (spans[:, 1] <= text_bytes))
    if not good.all():
        bad = int(np.flatnonzero(~good)[0])
        raise SourceError(
            f"document {first + bad} marks bytes {spans[bad, 0]} to {spans[bad, 1]} of its {text_bytes[bad]} as the "
            "answer; mend its answer_start and answer_end, or leave both out"
        )
    found = np.full_like(spans, NONE)
    rows = np.flatnonzero(marked)
    begin, end = (edge[rows] + before + side for side in spans[rows].T)
    begin_token = np.searchsorted(ends, begin, side="right")
    end_token = np.searchsorted(starts, end, side="left")
    if (begin_token >= end_token).any():
        bad = int(rows[np.flatnonzero(begin_token >= end_token)[0]])
        raise SourceError(
            f"document {first + bad} marks a space between two words as the answer, which is in no token of a word "
            "tokenizer; mend its answer_start and answer_end, or use kind 'bpe' or 'byte'"
        )
    found[rows] = np.stack([begin_token, end_token], axis=1) - token[rows, None]
    outside = begin - starts[begin_token]
    widened = (outside > leading[ids[begin_token]]) | (ends[end_token - 1] > end)
    return found, int(np.count_nonzero(widened))


def check_answers(spans: Spans | None, rows: npt.NDArray[np.int64], source: str) -> None:
    """Refuse rows of a store that a loss on answers would not see.

    Errors: SourceError if a chosen document marks no answer.
    """
    bare = len(rows) if spans is None else int(np.count_nonzero(spans[rows, 0] == NONE))
    if bare:
        raise SourceError(
            f"{bare:,} of the {len(rows):,} documents chosen of {source!r} mark no answer, and loss_on='answer' would "
            "learn nothing from them; take loss_on='all', or a source whose documents all mark one"
        )
