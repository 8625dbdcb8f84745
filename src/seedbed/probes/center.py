"""Does each verb of clauses in clauses agree with its own noun?

"the yak that the newts that my quail does amuse don't admire does sleep .": fed up to an agreeing word, the probability
of all words of the category in the right number, as whole words (see `words`), stands against that of all in the other:

- margin: log of the summed probability of the right number minus that of the other, in nats. accuracy: its credit, ties
  half right. probability: the right number's share of both. mass: of both among all continuations.

Scalars are means over words: "<probe>/depth-2" of all agreeing words of sentences of that depth (clauses around the
innermost one), "depth-2.verb-1" by place, the innermost clause's first, and "depth-2.differs" of those whose number is
not that of the agreeing word before: whoever repeats the number before is never right there. "depth-2.differs-verb-2"
by place again. The first verb of a sentence has none before it and is left out of "differs".

Controls: the untrained model is step 0; `baselines` has the number of the last noun, of the verb before, of the first
noun, and of cross-serial order (the first verb follows the first noun). Source: PROTOCOLS 1.4.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from torch import nn

from seedbed.data.grammar.center_items import CenterItem, center_items, forms_by_number
from seedbed.probes.base import Material, Measurement
from seedbed.probes.center_recipe import CenterEmbedding
from seedbed.probes.pair_scores import credits_of
from seedbed.probes.unscored import sort_out
from seedbed.probes.words import WordScorer

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
CONVENTIONS = (
    "Fed up to an agreeing word after the end-of-document token; all words of its category in the right number, scored "
    "as whole words, against all in the other."
)


def prepare(recipe: CenterEmbedding, material: Material) -> PreparedCenter:
    """Draw the sentences and encode them. Errors: SeedbedError if none can be scored."""
    bench = material.workbench
    items = [
        item
        for depth in recipe.depths
        for item in center_items(
            recipe.grammar,
            recipe.task,
            recipe.agreeing,
            depth,
            recipe.sentences_per_depth,
            recipe.seed,
            workbench=bench,
        )
    ]
    return PreparedCenter(recipe, items, forms_by_number(recipe.grammar, recipe.agreeing, workbench=bench), material)


class PreparedCenter:
    """Sentences with the places of their agreeing words, encoded. forms: singular, plural."""

    def __init__(
        self, recipe: CenterEmbedding, items: list[CenterItem], forms: tuple[list[str], list[str]], material: Material
    ) -> None:
        self.name = recipe.name
        self._tie_nats = recipe.tie_nats
        encoder = material.encoder
        words = [*forms[0], *forms[1]]
        self._singular = len(forms[0])
        longest = [" ".join(item.words[: item.places[-1]]) for item in items]
        kept, self._left_out = sort_out(
            self.name,
            [tuple(f"{text} {word}" for word in words) for text in longest],
            encoder,
            material.context,
            margin_tokens=int(not bool(encoder.starts_with_space.all())),
        )
        self.items = [items[row] for row in kept]
        asked = [(item, verb) for item in self.items for verb in range(len(item.places))]
        before = [" ".join(item.words[: item.places[verb]]) for item, verb in asked]
        self._words = WordScorer(encoder, before, words)
        self.cost_tokens = self._words.cost_tokens
        self.conventions = f"{CONVENTIONS} {self._left_out.note()}".strip()
        self._plural = np.array([item.plural[verb] for item, verb in asked], np.bool_)
        depth = np.array([item.depth for item, _ in asked], np.int64)
        verb = np.array([verb for _, verb in asked], np.int64)
        previous = np.array([item.plural[max(0, verb - 1)] for item, verb in asked], np.bool_)
        differs = (verb > 0) & (self._plural != previous)
        self._rules = {
            "last-noun": np.array([item.plural[0] for item, _ in asked], np.bool_),
            "verb-before": previous,
            "first-noun": np.array([item.plural[-1] for item, _ in asked], np.bool_),
            "cross-serial": np.array([item.plural[::-1][verb] for item, verb in asked], np.bool_),
        }
        self._slices = _slices(depth, verb, differs)
        self._fixed = {
            "depth": pa.array(depth),
            "verb": pa.array(verb + 1),
            "differs": pa.array(differs),
            "before": pa.array(before, pa.string()),
            "gold": pa.array([item.words[item.places[verb]] for item, verb in asked], pa.string()),
        }

    def baselines(self) -> dict[str, float]:
        """What rules score on these words: "<probe>/<slice>/<rule>"."""
        return {
            f"{self.name}/{part}/{rule}": float((says[rows] == self._plural[rows]).mean())
            for part, rows in self._slices.items()
            for rule, says in self._rules.items()
        }

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Scalars by depth and place, and one row per agreeing word."""
        log_p = self._words.logprobs(model)
        with np.errstate(invalid="ignore"):  # NaN comes from a model that broke down, and is meant to stay
            singular: Floats = np.logaddexp.reduce(log_p[:, : self._singular], axis=1)
            plural: Floats = np.logaddexp.reduce(log_p[:, self._singular :], axis=1)
            both: Floats = np.logaddexp(singular, plural)
        right: Floats = np.where(self._plural, plural, singular)
        margin: Floats = right - np.where(self._plural, singular, plural)
        measures = {
            "accuracy": credits_of(margin, self._tie_nats),
            "margin": margin,
            "probability": np.exp(right - both),
            "mass": np.exp(both),
        }
        scalars = {
            f"{self.name}/{part}/{what}": float(values[rows].mean())
            for part, rows in self._slices.items()
            for what, values in measures.items()
        }
        columns = self._fixed | {what: pa.array(values) for what, values in measures.items()}
        table = self._left_out.table(pa.table(columns), self.conventions)
        return Measurement(scalars | self._left_out.scalars(), table)


def _slices(depth: Ints, verb: Ints, differs: NDArray[np.bool_]) -> dict[str, Ints]:
    """Rows by slice; slices without any are left out."""
    found: dict[str, Ints] = {}
    for each in np.unique(depth).tolist():
        of_depth = depth == each
        found[f"depth-{each}"] = np.flatnonzero(of_depth)
        found[f"depth-{each}.differs"] = np.flatnonzero(of_depth & differs)
        for place in np.unique(verb[of_depth]).tolist():
            found[f"depth-{each}.verb-{place + 1}"] = np.flatnonzero(of_depth & (verb == place))
            found[f"depth-{each}.differs-verb-{place + 1}"] = np.flatnonzero(of_depth & (verb == place) & differs)
    return {part: rows for part, rows in found.items() if len(rows)}
