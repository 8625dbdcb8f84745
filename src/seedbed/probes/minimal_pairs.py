"""Does a model give the good sentence of a pair more probability than the bad one?

score(s) = sum over the tokens of s of log p(token | the tokens before it), in nats, after an end-of-document token: the
first token is scored, the end of the document only if the recipe says so. A pair is right if the good sentence has the
higher score: as a sum, per token, and per UTF-8 byte. Ties (within `tie_nats`, see `pair_scores.margins`) are half
right and counted. Scalars are means over the pairs of a paradigm, and "mean" is the unweighted mean over paradigms.

A sum rewards the sentence with fewer tokens; `token_counts_differ` says in what share of pairs that matters. Pairs from
one template share biases: chance is 1/2 only on average over seeds, so read the margin, and put no binomial interval
over pairs. Controls: the untrained model is step 0; `seedbed.probes.baselines` has unigrams and "shorter wins". Pairs
that the model cannot be asked are left out and said (`unscored`). Source: Warstadt et al. 2020; PROTOCOLS 4.1.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from torch import nn

from seedbed.data.grammar.items import MinimalPair, agreement_pairs
from seedbed.probes.base import Measurement, TextEncoder
from seedbed.probes.pair_files import chosen, read_pairs
from seedbed.probes.pair_scores import RULES, Sides, pair_measures
from seedbed.probes.recipes import GRAMMAR_AGREEMENT, MinimalPairs
from seedbed.probes.scoring import Scorer, sentence_requests
from seedbed.probes.unscored import sort_out
from seedbed.workbench import Workbench


def prepare(recipe: MinimalPairs, encoder: TextEncoder, *, context: int, workbench: Workbench) -> PreparedMinimalPairs:
    """Read and encode the pairs. Errors: SeedbedError for bad files, or if no sentence can be scored."""
    path = workbench.resolve(recipe.location)
    notes = []
    if recipe.location == GRAMMAR_AGREEMENT:
        found = by_paradigm(agreement_pairs(recipe.pairs_per_paradigm or 1, recipe.seed, workbench=workbench))
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


def by_paradigm(pairs: Sequence[MinimalPair]) -> dict[str, list[MinimalPair]]:
    """Pairs by their paradigm, in order."""
    found: dict[str, list[MinimalPair]] = {}
    for pair in pairs:
        found.setdefault(pair.paradigm, []).append(pair)
    return found


class PreparedMinimalPairs:
    """Pairs by paradigm, encoded. Sentences of all paradigms are scored together.

    prefix: of its metrics, by default "minimal-pairs/<name>". known_words: where given, pairs with other words are left
    out. groups: further means, by name: the paradigms whose unweighted mean "mean.<group>" is.
    Errors: SeedbedError if no pair can be scored.
    """

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
        prefix: str | None = None,
        known_words: Collection[str] | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.name = name
        self.prefix = prefix or f"minimal-pairs/{name}"
        flat = [pair for some in pairs.values() for pair in some]
        kept, self._left_out = sort_out(
            self.prefix,
            [(pair.good, pair.bad) for pair in flat],
            encoder,
            context,
            margin_tokens=int(score_end),
            known_words=known_words,
        )
        numbers = [number for some in pairs.values() for number in range(len(some))]
        self.pairs = by_paradigm([flat[row] for row in kept])
        flat = [flat[row] for row in kept]
        self._groups = {group: [each for each in some if each in self.pairs] for group, some in (groups or {}).items()}
        end = "is scored" if score_end else "is not scored"
        conventions = (
            f"Every sentence follows an end-of-document token; its first token is scored, the end of it {end}."
        )
        self.conventions = " ".join([conventions, *notes, self._left_out.note()]).strip()
        self._tie_nats = tie_nats
        sentences = [sentence for pair in flat for sentence in (pair.good, pair.bad)]
        requests = sentence_requests(sentences, encoder, score_end=score_end)
        self._scorer = Scorer(requests, encoder)
        self.cost_tokens = self._scorer.cost_tokens
        self._tokens = self._scorer.scored_tokens.reshape(-1, 2)
        self._bytes = np.array([len(sentence.encode()) for sentence in sentences], np.int64).reshape(-1, 2)
        paradigms = np.array([pair.paradigm for pair in flat])
        self._rows: dict[str, NDArray[np.int64]] = {name: np.flatnonzero(paradigms == name) for name in self.pairs}
        self._fixed = {
            "paradigm": pa.array([pair.paradigm for pair in flat], pa.string()).dictionary_encode(),
            "pair": pa.array([numbers[row] for row in kept], pa.int32()),
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
        for what, values in measures.items():
            means = {paradigm: float(values[rows].mean()) for paradigm, rows in self._rows.items()}
            scalars |= {f"{self.prefix}/{paradigm}/{what}": mean for paradigm, mean in means.items()}
            if means:
                scalars[f"{self.prefix}/mean/{what}"] = float(np.mean(list(means.values())))
            for group, some in self._groups.items():
                if some:
                    scalars[f"{self.prefix}/mean.{group}/{what}"] = float(np.mean([means[each] for each in some]))
        columns = self._fixed | {
            "good_logprob": pa.array(sides.scores[:, 0]),
            "bad_logprob": pa.array(sides.scores[:, 1]),
            "margin_nats": pa.array(measures["margin_nats"]),
        }
        columns |= {f"credit_{rule}": pa.array(measures[f"accuracy_{rule}"]) for rule in RULES}
        scalars |= self._left_out.scalars()
        return Measurement(scalars, self._left_out.table(pa.table(columns), self.conventions))
