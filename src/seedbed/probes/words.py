"""The probability of whole words, whatever their tokens are.

log P(word | prefix) = log P(tokens of " word" | prefix) + log sum over boundary tokens b of P(b | prefix word)

A boundary token begins with white space or ends the document. The last term makes "do" a word and not the beginning of
"does": without it the probability of every continuation of "do" is in that of "do" (Pimentel and Meister 2024; Oh and
Schuler 2024). Where every token is a whole word the term is zero and is left out. Over all words there are, the empty
one included, the probabilities add up to that of a space after the prefix (as far as no word has two tokenizations).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from seedbed.errors import SeedbedError
from seedbed.probes.base import TextEncoder
from seedbed.probes.scoring import Request, Scorer


class WordScorer:
    """Candidate words after prefixes, encoded once.

    prefixes: n texts that end with a whole word; the end-of-document token goes before each. words: k candidates, the
    same for all prefixes, or k for each of them.

    Errors: SeedbedError if a tokenizer joins the end of a prefix with the word after it.
    """

    def __init__(
        self, encoder: TextEncoder, prefixes: Sequence[str], words: Sequence[str] | Sequence[Sequence[str]]
    ) -> None:
        self.prefixes = list(prefixes)
        same = [word for word in words if isinstance(word, str)]
        after = [same] * len(self.prefixes) if same else [list(each) for each in words]
        candidates = len(after[0]) if after else len(words)
        self.shape = (len(self.prefixes), candidates)
        boundary = not bool(encoder.starts_with_space.all())
        heads = encoder.encode_batch(self.prefixes)
        wholes = encoder.encode_batch(
            [f"{prefix} {word}" for prefix, some in zip(self.prefixes, after, strict=True) for word in some]
        )
        requests = []
        for number, whole in enumerate(wholes):
            head = heads[number // candidates]
            if whole[: len(head)] != head:
                raise SeedbedError(
                    f"the tokenizer joins the end of {self.prefixes[number // candidates][-40:]!r} with the word after "
                    "it, so that the word has no probability of its own; use a tokenizer that splits at spaces (kind "
                    "'bpe' with pieces='gpt2' or 'whitespace'), or leave this probe out"
                )
            requests.append(Request([encoder.eos_id, *whole], first=1 + len(head), boundary=boundary))
        self._scorer = Scorer(requests, encoder)

    @property
    def longest(self) -> tuple[str, int]:
        """The prefix for which the model must read the most tokens, and how many with the first one and candidates."""
        lengths = [request.fed for request in self._scorer.requests]
        number = int(np.argmax(lengths))
        return self.prefixes[number // self.shape[1]], lengths[number]

    @property
    def cost_tokens(self) -> int:
        """Tokens that a model reads for all of it, as of `Scorer`."""
        return self._scorer.cost_tokens

    def logprobs(self, model: nn.Module) -> NDArray[np.float64]:
        """float64[n, k], in nats."""
        return self._scorer.score(model).reshape(self.shape)


def word_logprobs(
    model: nn.Module,
    encoder: TextEncoder,
    prefixes: Sequence[str],
    candidate_words: Sequence[str],
) -> NDArray[np.float64]:
    """float64[n, k], in nats: log-probability of every candidate as the whole next word after every prefix."""
    return WordScorer(encoder, prefixes, candidate_words).logprobs(model)
