"""The probability that a text goes on with given bytes, whatever tokens write them.

P(next bytes begin with b | context) = sum over token paths of the product of their probabilities

The paths of b are the sequences of tokens whose bytes begin with b while those without the last token do not: every
text that begins with b, in any segmentation, begins with exactly one of them, so their probabilities add up and nothing
is counted twice. The last token may reach beyond b; the end of a document has no bytes and is in no path. So two
tokenizers are asked the same question, though one has a token for a dash and the other writes it in three.

Where the last word of the context could have been written otherwise had other bytes followed (a tokenizer that joins
words and dashes), give its bytes as `given`, and the context without them: P(given + b) / P(given) then counts the
paths across the border too. Paths that the tokenizer itself would never write have a probability as well, as a model
gives them one; it is part of the sum. Source: PROTOCOLS 4.8.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from seedbed.errors import SourceError
from seedbed.probes.base import TextEncoder
from seedbed.probes.exact_answer import PieceEncoder
from seedbed.probes.scoring import Request, Scorer

MOST_PATHS = 20_000
"""Paths of one byte string; more are refused, as a long string in small pieces has 2^(bytes - 1)."""

Path = tuple[int, ...]


class PrefixPaths:
    """The paths of byte strings over one vocabulary. token_bytes: of every token, b"" for the end of a document."""

    def __init__(self, token_bytes: Sequence[bytes]) -> None:
        self._by_first: dict[int, list[tuple[int, bytes]]] = {}
        for token, piece in enumerate(token_bytes):
            if piece:
                self._by_first.setdefault(piece[0], []).append((token, piece))

    def of(self, prefix: bytes) -> list[Path]:
        """Every path of a byte string, in order of token ids; the empty path alone for no bytes.

        Errors: SourceError, for a string of more than MOST_PATHS paths.
        """
        if not prefix:
            return [()]
        found: list[Path] = []
        stack: list[tuple[Path, bytes]] = [((), prefix)]
        while stack:
            path, rest = stack.pop()
            for token, piece in self._by_first.get(rest[0], ()):
                if piece.startswith(rest):
                    found.append((*path, token))
                elif rest.startswith(piece):
                    stack.append(((*path, token), rest[len(piece) :]))
            if len(found) + len(stack) > MOST_PATHS:
                raise SourceError(
                    f"{prefix[:40]!r} can be written in more than {MOST_PATHS:,} ways by this tokenizer; ask for fewer "
                    "bytes at a time"
                )
        return sorted(found)


@dataclass(frozen=True)
class PrefixQuery:
    """What is asked: does `prefix` come next? context: tokens, the end of document before a text's first one included.

    given: bytes that are known to follow the context, before the prefix.
    """

    context: tuple[int, ...]
    prefix: bytes
    given: bytes = b""


class BytePrefixScorer:
    """Queries whose paths are laid out once; equal contexts and shared beginnings of paths are computed once."""

    def __init__(self, queries: Sequence[PrefixQuery], encoder: TextEncoder) -> None:
        paths = PrefixPaths(token_bytes(encoder))
        ways: dict[bytes, list[Path]] = {}
        requests: list[Request] = []
        sums: dict[tuple[tuple[int, ...], bytes], tuple[int, int]] = {}

        def laid_out(context: tuple[int, ...], wanted: bytes) -> tuple[int, int]:
            """Where the requests of a byte string after a context begin and end."""
            if (context, wanted) not in sums:
                if wanted not in ways:
                    ways[wanted] = paths.of(wanted)
                first = len(requests)
                requests.extend(Request([*context, *path], first=len(context)) for path in ways[wanted])
                sums[context, wanted] = (first, len(requests))
            return sums[context, wanted]

        self._whole = [laid_out(query.context, query.given + query.prefix) for query in queries]
        self._given = [laid_out(query.context, query.given) if query.given else None for query in queries]
        self._scorer = Scorer(requests, encoder)
        self.requests = len(requests)

    @property
    def longest(self) -> int:
        """Tokens that a model has to read of the longest path, its context included."""
        return self._scorer.longest

    @property
    def cost_tokens(self) -> int:
        """Tokens that a model reads for all of it, as of `Scorer`."""
        return self._scorer.cost_tokens

    def log_probabilities(self, model: nn.Module) -> NDArray[np.float64]:
        """float64[queries], in nats; -inf where no token path writes the bytes."""
        scores = self._scorer.score(model)
        whole = np.array([_log_sum(scores[first:end]) for first, end in self._whole])
        given = np.array([0.0 if span is None else _log_sum(scores[span[0] : span[1]]) for span in self._given])
        found: NDArray[np.float64] = whole - given
        return found


def token_bytes(encoder: TextEncoder) -> Sequence[bytes]:
    """The bytes of every token, which written one after another are the text.

    Errors: SourceError for a tokenizer that does not know them, or that puts spaces between words itself.
    """
    if not isinstance(encoder, PieceEncoder):
        raise SourceError("the tokenizer does not say which bytes its tokens hold; use one of ours, or a fast one")
    if getattr(encoder, "kind", None) == "word":
        raise SourceError(
            "a word tokenizer has no bytes between its words, so no byte string has a probability under it; use kind "
            "'bpe' or 'byte'"
        )
    return encoder.token_bytes


def split_at(encoder: TextEncoder, left: str, continuations: Iterable[str]) -> tuple[list[int], bytes]:
    """Tokens that a text has in common whichever continuation follows it, and the bytes of it that they leave.

    The tokens are those of `left` as far as they are the same in `left` + each continuation, the end of document not
    among them; the bytes are the `given` of queries. Errors: as of `token_bytes`.
    """
    pieces = token_bytes(encoder)
    alone, *others = encoder.encode_batch([left, *(left + each for each in continuations)])
    shared = len(alone)
    for other in others:
        differ = (place for place, (a, b) in enumerate(zip(alone, other, strict=False)) if a != b)
        shared = min(shared, next(differ, min(len(alone), len(other))))
    return alone[:shared], b"".join(bytes(pieces[token]) for token in alone[shared:])


def _log_sum(values: NDArray[np.float64]) -> float:
    return float(np.logaddexp.reduce(values)) if len(values) else -np.inf
