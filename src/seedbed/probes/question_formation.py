"""Which auxiliary does a model put first when it turns a declarative into a question?

Fed "<declarative> quest" after the end-of-document token, the next word is restricted to {do, does, don't, doesn't} as
whole words (see `words`), normalised over the four, and the most probable one is the choice. For each set of items, and
for each kind of relative clause on the subject ("ood-hard.rc-o"), the scalars are means over items:

- hierarchical, move-first, move-last, other: share of items whose choice is the main clause's auxiliary, the first, the
  last, or none of these. Where roles coincide both are credited (see `question_rules`), so shares need not sum to 1.
- ties: share of items in which several words are equally probable; they share the item's credit.
- right-number: share of choices with the main auxiliary's number.
- probability: of the main auxiliary among the four. mass: of all four among all continuations.
- margin: log-probability of the main auxiliary minus that of the best other of the four, in nats: the soft form of
  hierarchical, positive exactly where the choice is right.
- margin-present, margin-first: the same against the best other auxiliary that is in the item, and against the item's
  first one; over the items that have such another word, and left out where none has.

Items that the model cannot be asked are left out and said (`unscored`). Controls: the untrained model is step 0;
`baselines` gives what simple rules score on the same items.
Source: McCoy, Frank and Linzen 2020; scored next-word as in PROTOCOLS 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from torch import nn

from seedbed.data.grammar.items import QuestionItem, question_items
from seedbed.probes.base import Measurement, TextEncoder
from seedbed.probes.question_files import balanced_sample, read_questions
from seedbed.probes.question_rules import AUXILIARIES, CLASSES, SINGULAR, Masks, roles, rule_shares
from seedbed.probes.recipes import QuestionFormation
from seedbed.probes.unscored import sort_out
from seedbed.probes.words import WordScorer
from seedbed.workbench import Workbench

CONVENTIONS = (
    "Fed \"<declarative> quest\" after the end-of-document token; the next word is one of do, does, don't, doesn't, "
    "scored as a whole word with the probability that a space or the end follows; normalised over the four."
)

Floats = NDArray[np.float64]


def prepare(
    recipe: QuestionFormation, encoder: TextEncoder, *, context: int, workbench: Workbench
) -> PreparedQuestionFormation:
    """Draw the items and encode them. Errors: SeedbedError for a bad file, or if no item can be scored."""
    sets: dict[str, list[QuestionItem]] = {
        name: question_items(name, recipe.items_per_set, recipe.seed, workbench=workbench) for name in recipe.sets
    }
    skipped = []
    for name, location in recipe.files:
        path = workbench.resolve(location)
        if recipe.optional and not path.exists():
            skipped.append(f"The set {name} is left out: {path.name} is not there.")
            continue
        sets[name] = balanced_sample(read_questions(path, workbench), recipe.items_per_set)
    conventions = " ".join([CONVENTIONS, *skipped])
    return PreparedQuestionFormation(recipe.name, conventions, sets, encoder, context=context, tie_nats=recipe.tie_nats)


class PreparedQuestionFormation:
    """Sets of items, encoded. Items of all sets are scored together."""

    def __init__(
        self,
        name: str,
        conventions: str,
        sets: Mapping[str, Sequence[QuestionItem]],
        encoder: TextEncoder,
        *,
        context: int,
        tie_nats: float = 1e-4,
    ) -> None:
        self.name = name
        flat = [(of, number, item) for of, items in sets.items() for number, item in enumerate(items)]
        kept, self._left_out = sort_out(
            name,
            [tuple(f"{item.declarative} quest {word}" for word in AUXILIARIES) for _, _, item in flat],
            encoder,
            context,
            margin_tokens=int(not bool(encoder.starts_with_space.all())),
        )
        flat = [flat[row] for row in kept]
        self.conventions = f"{conventions} {self._left_out.note()}".strip()
        self.sets = {of: [item for each, _, item in flat if each == of] for of in sets}
        self.sets = {of: items for of, items in self.sets.items() if items}
        self._tie_nats = tie_nats
        self._items = [item for _, _, item in flat]
        self._roles = roles(self._items)
        self._words = WordScorer(encoder, [f"{item.declarative} quest" for item in self._items], AUXILIARIES)
        self.cost_tokens = self._words.cost_tokens
        self._slices = _slices(self.sets)
        self._fixed = {
            "set": pa.array([name for name, items in self.sets.items() for _ in items]).dictionary_encode(),
            "subject_rc": pa.array([item.subject_rc for item in self._items]).dictionary_encode(),
            "object_rc": pa.array([item.object_rc for item in self._items]).dictionary_encode(),
            "item": pa.array([number for _, number, _ in flat], pa.int32()),
            "declarative": pa.array([item.declarative for item in self._items]),
            "gold": pa.array([item.auxiliaries[item.main] for item in self._items]).dictionary_encode(),
        }

    def baselines(self) -> dict[str, float]:
        """What rules score on these items: "<probe>/<set>/<rule>" is the share of items they get right."""
        return {
            f"{self.name}/{name}/{rule}": share
            for name, items in self.sets.items()
            for rule, share in rule_shares(items).items()
        }

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Scalars by set and kind, and one row per item."""
        log_p = self._words.logprobs(model)
        scores = choices(log_p, self._roles, self._tie_nats)
        scalars = {
            f"{self.name}/{part}/{what}": float(np.mean(values[rows][present[rows]]))
            for part, rows in self._slices.items()
            for what, (values, present) in scores.measures.items()
            if present[rows].any()
        }
        return Measurement(scalars | self._left_out.scalars(), self._table(log_p, scores))

    def _table(self, log_p: Floats, scores: Choices) -> pa.Table:
        chosen = scores.credit > 0
        columns = dict(self._fixed)
        columns["choice"] = pa.array(["|".join(np.array(AUXILIARIES)[row]) for row in chosen])
        credited = {name: _some(chosen & self._roles[name]) for name in CLASSES}
        columns["class"] = pa.array(
            ["+".join(name for name in CLASSES if credited[name][i]) for i in range(len(log_p))]
        )
        for column, word in enumerate(AUXILIARIES):
            columns[f"logprob {word}"] = pa.array(log_p[:, column])
        columns["margin"] = pa.array(scores.measures["margin"][0])
        return self._left_out.table(pa.table(columns), self.conventions)


@dataclass(frozen=True)
class Choices:
    """What a model chose. credit: float64[n, 4], shared where tied. measures: (values, where defined) by name."""

    credit: Floats
    measures: dict[str, tuple[Floats, Masks]]


def choices(log_p: Floats, roles: Mapping[str, Masks], tie_nats: float) -> Choices:
    """Credits and measures of n items. log_p: float64[n, 4], nats, in the order of AUXILIARIES; roles: see `roles`.

    Words within `tie_nats` of the best share the credit equally. A log-probability that is not a number makes all
    measures of its item NaN.
    """
    best = log_p.max(1, keepdims=True)
    tied = log_p >= best - tie_nats
    tied_words = np.where(np.isnan(best), np.nan, tied.sum(1, keepdims=True))
    credit = tied / tied_words
    always = np.ones(len(log_p), np.bool_)
    main = roles["hierarchical"]
    with np.errstate(invalid="ignore"):  # NaN comes from a model that broke down, and is meant to stay
        total: Floats = np.logaddexp.reduce(log_p, axis=1)
    of_main = np.where(main, log_p, -np.inf).max(1)
    main_number = (main & SINGULAR).any(1, keepdims=True)
    measures: dict[str, tuple[Floats, Masks]] = {name: ((credit * roles[name]).sum(1), always) for name in CLASSES}
    measures["right-number"] = ((credit * (main_number == SINGULAR)).sum(1), always)
    measures["ties"] = (np.where(np.isnan(tied_words), np.nan, tied_words > 1)[:, 0], always)
    measures["probability"] = (np.exp(of_main - total), always)
    measures["mass"] = (np.exp(total), always)
    for name, others in (
        ("margin", ~main),
        ("margin-present", roles["present"]),
        ("margin-first", roles["move-first"] & ~main),
    ):
        defined = _some(others)
        best_other = np.where(others, log_p, -np.inf).max(1)
        measures[name] = (np.where(defined, of_main - np.where(defined, best_other, 0.0), np.nan), defined)
    return Choices(credit, measures)


def _some(masks: Masks) -> Masks:
    """bool[n]: whether there is any in each row."""
    return np.asarray(masks.any(1))


def _slices(sets: Mapping[str, Sequence[QuestionItem]]) -> dict[str, NDArray[np.int64]]:
    """Rows of every set, and of every kind of relative clause on the subject within it where there are any."""
    found: dict[str, NDArray[np.int64]] = {}
    start = 0
    for name, items in sets.items():
        rows = np.arange(start, start + len(items))
        kinds = np.array([item.subject_rc for item in items])
        found[name] = rows
        if (kinds != "none").any():
            found |= {f"{name}.rc-{kind}": rows[kinds == kind] for kind in sorted(set(kinds) - {"none"})}
        start += len(items)
    return found
