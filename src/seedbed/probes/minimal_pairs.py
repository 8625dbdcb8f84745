"""Does a model give the good sentence of a pair more probability than the bad one?

score(s) = sum over the tokens of s of log p(token | the tokens before it), in nats, after an end-of-document token: the
first token is scored, the end of the document only if the recipe says so. A pair is right if the good sentence has the
higher score: as a sum, per token, and per UTF-8 byte. Ties (within `tie_nats`, see `pair_scores.margins`) are half
right and counted. Scalars are means over the pairs of a paradigm, and "mean" is the unweighted mean over paradigms.

A sum rewards the sentence with fewer tokens; `token_counts_differ` says in what share of pairs that matters. Pairs from
one template share biases: chance is 1/2 only on average over seeds, so read the margin, and put no binomial interval
over pairs. Controls: the untrained model is step 0; `baselines` has unigrams and "shorter wins".
Source: Warstadt et al. 2020; PROTOCOLS 4.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
from torch import nn

from seedbed.data.grammar.items import MinimalPair, agreement_pairs
from seedbed.probes.base import Measurement, TextEncoder, check_context, with_conventions
from seedbed.probes.pair_files import chosen, read_pairs
from seedbed.probes.pair_scores import RULES, Sides, pair_measures
from seedbed.probes.recipes import GRAMMAR_AGREEMENT, MinimalPairs
from seedbed.probes.scoring import Scorer, sentence_requests
from seedbed.workbench import Workbench


def prepare(recipe: MinimalPairs, encoder: TextEncoder, *, context: int, workbench: Workbench) -> PreparedMinimalPairs:
    """Read and encode the pairs. Errors: SeedbedError for bad files, or a sentence longer than the context."""
    path = workbench.resolve(recipe.location)
    notes = []
    if recipe.location == GRAMMAR_AGREEMENT:
        found: dict[str, list[MinimalPair]] = {}
        for pair in agreement_pairs(recipe.pairs_per_paradigm or 1, recipe.seed, workbench=workbench):
            found.setdefault(pair.paradigm, []).append(pair)
    elif recipe.optional and not path.exists():
        found = {}
        notes.append(f"There are no pairs: {path.name} is not there.")
    else:
        found = read_pairs(path)
    pairs = chosen(found, recipe.paradigms if found else (), recipe.pairs_per_paradigm)
    if recipe.pairs_per_paradigm is not None and recipe.location != GRAMMAR_AGREEMENT:
        notes.append(f"Only the first {recipe.pairs_per_paradigm} pairs of each paradigm are scored.")
    return PreparedMinimalPairs(
        recipe.name,
        pairs,
        encoder,
        context=context,
        score_end=recipe.score_end,
        tie_nats=recipe.tie_nats,
        notes=notes,
    )


class PreparedMinimalPairs:
    """Pairs by paradigm, encoded. Sentences of all paradigms are scored together."""

    def __init__(
        self,
        name: str,
        pairs: Mapping[str, Sequence[MinimalPair]],
        encoder: TextEncoder,
        *,
        context: int,
        score_end: bool = False,
        tie_nats: float = 1e-4,
        notes: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.pairs = {paradigm: list(some) for paradigm, some in pairs.items()}
        end = "is scored" if score_end else "is not scored"
        conventions = (
            f"Every sentence follows an end-of-document token; its first token is scored, the end of it {end}."
        )
        self.conventions = " ".join([conventions, *notes])
        self._tie_nats = tie_nats
        flat = [pair for some in self.pairs.values() for pair in some]
        sentences = [sentence for pair in flat for sentence in (pair.good, pair.bad)]
        requests = sentence_requests(sentences, encoder, score_end=score_end)
        lengths = [request.fed for request in requests]
        if sentences:
            longest = int(np.argmax(lengths))
            check_context(name, sentences[longest], lengths[longest], context)
        self._scorer = Scorer(requests, encoder)
        self._tokens = self._scorer.scored_tokens.reshape(-1, 2)
        self._bytes = np.array([len(sentence.encode()) for sentence in sentences], np.int64).reshape(-1, 2)
        self._fixed = {
            "paradigm": pa.array([pair.paradigm for pair in flat], pa.string()).dictionary_encode(),
            "pair": pa.array([number for some in self.pairs.values() for number in range(len(some))], pa.int32()),
            "good_tokens": pa.array(self._tokens[:, 0]),
            "bad_tokens": pa.array(self._tokens[:, 1]),
            "good_bytes": pa.array(self._bytes[:, 0]),
            "bad_bytes": pa.array(self._bytes[:, 1]),
        }

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Scalars by paradigm and their mean, and one row per pair."""
        sides = Sides(self._scorer.score(model).reshape(-1, 2), self._tokens, self._bytes)
        measures = pair_measures(sides, self._tie_nats)
        scalars: dict[str, float] = {}
        starts = np.cumsum([0] + [len(some) for some in self.pairs.values()])
        for what, values in measures.items():
            means = [float(values[start:end].mean()) for start, end in pairwise(starts)]
            for paradigm, mean in zip(self.pairs, means, strict=True):
                scalars[f"minimal-pairs/{self.name}/{paradigm}/{what}"] = mean
            if means:
                scalars[f"minimal-pairs/{self.name}/mean/{what}"] = float(np.mean(means))
        columns = self._fixed | {
            "good_logprob": pa.array(sides.scores[:, 0]),
            "bad_logprob": pa.array(sides.scores[:, 1]),
            "margin_nats": pa.array(measures["margin_nats"]),
        }
        columns |= {f"credit_{rule}": pa.array(measures[f"accuracy_{rule}"]) for rule in RULES}
        return Measurement(scalars, with_conventions(pa.table(columns), self.conventions))
