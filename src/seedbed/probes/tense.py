"""Which noun does the main verb follow when a model puts a sentence into the present tense?

Fed "<past sentence> PRESENT <the present up to the main verb>" after the end-of-document token, the next word is one of
the right verb's three forms (present singular and plural, past) and both present forms of some other verbs, as whole
words (see `words`), normalised over these; the most probable one is the choice. Scalars, means over the items of a set,
and of a kind of subject in it ("in-distribution.subject-pp"):

- agree-subject: the choice is the right form. agree-recent: it is the right verb and agrees with the last noun before
  it; in distribution that is the same form, on the other sets never. other-number: the right verb in its other number.
- past: the choice is the past form, which copies. other-verb: another verb. ties: several words are equally probable;
  they share the item's credit. right-number: the choice is a present form of the subject's number, of whatever verb.
- probability: of the right form among the candidates. mass: of all candidates among all continuations.
- margin: log-probability of the right form minus that of the best other candidate, in nats: the soft form of
  agree-subject. margin-number: minus that of the right verb's other number.

This is the protocol of Qin et al. (gold up to the main verb, then the best next word), with the choice kept to verbs so
that every tokenizer can be asked; whole sentences, as pairs, are scored by `probe("tense-reinflection")`. Not
comparable with greedy decoding (Murty et al.; Ahuja et al.). Controls: the untrained model is step 0; `baselines` has
the rules. Source: McCoy, Frank and Linzen 2020; PROTOCOLS 1.2, 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from torch import nn

from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.hashing import key_of
from seedbed.data.grammar.tense_items import TenseItem, tense_items
from seedbed.probes.base import Material, Measurement
from seedbed.probes.tense_recipe import TenseReinflection
from seedbed.probes.unscored import sort_out
from seedbed.probes.words import WordScorer
from seedbed.workbench import Workbench

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CONVENTIONS = (
    'Fed "<past> PRESENT <present up to the main verb>" after the end-of-document token; the next word is one of the '
    "right verb's forms or a present form of another verb, scored as a whole word, normalised over these."
)
RIGHT, WRONG, PAST = 0, 1, 2


@dataclass(frozen=True)
class Verb:
    """The forms of a verb: of the present by number, and of the past."""

    sg: str
    pl: str
    past: str


def prepare(recipe: TenseReinflection, material: Material) -> PreparedTense:
    """Draw the items and encode them. Errors: SeedbedError if none can be scored."""
    bench = material.workbench
    sets: dict[str, list[TenseItem]] = {
        name: tense_items(name, recipe.items_per_set, recipe.seed, workbench=bench) for name in recipe.sets
    }
    return PreparedTense(recipe, sets, material)


def verbs(workbench: Workbench) -> list[list[Verb]]:
    """The verbs of the grammar, those that take an object apart, in the order of their lexicon."""
    grammar = load_grammar("english_tense", workbench)

    def form(category: str, concept: str, **values: str) -> str:
        return grammar.form(category, concept, **values)

    return [
        [
            Verb(
                form(category, concept, tense="pres", number="sg"),
                form(category, concept, tense="pres", number="pl"),
                form(category, concept, tense="past"),
            )
            for concept in grammar.lexicon[category].concepts
        ]
        for category in ("intransitive", "transitive")
    ]


def candidates(item: TenseItem, among: Sequence[Sequence[Verb]], others: int) -> list[str]:
    """The right form, its other number, its past, and both present forms of so many other verbs of its kind.

    Which others is drawn by a hash of the sentence; of each the form of the subject's number comes first.
    """
    right = item.present.split()[item.verb]
    kind, verb = next((kind, verb) for kind in among for verb in kind if right in (verb.sg, verb.pl))
    plural = right == verb.pl
    drawn = sorted((each for each in kind if each != verb), key=lambda each: int(key_of("tense", item.past, each.past)))
    rest = [form for each in drawn[:others] for form in ((each.pl, each.sg) if plural else (each.sg, each.pl))]
    return [right, item.wrong, verb.past, *rest]


class PreparedTense:
    """Sets of items, encoded. Items of all sets are scored together."""

    def __init__(self, recipe: TenseReinflection, sets: Mapping[str, Sequence[TenseItem]], material: Material) -> None:
        self.name = recipe.name
        self._tie_nats = recipe.tie_nats
        encoder = material.encoder
        flat = [(name, number, item) for name, items in sets.items() for number, item in enumerate(items)]
        among = verbs(material.workbench)
        words = [candidates(item, among, recipe.other_verbs) for _, _, item in flat]
        before = [f"{item.past} PRESENT {' '.join(item.present.split()[: item.verb])}" for _, _, item in flat]
        kept, self._left_out = sort_out(
            self.name,
            [tuple(f"{text} {word}" for word in some) for text, some in zip(before, words, strict=True)],
            encoder,
            material.context,
            margin_tokens=int(not bool(encoder.starts_with_space.all())),
        )
        flat = [flat[row] for row in kept]
        self.items = [item for _, _, item in flat]
        words = [words[row] for row in kept]
        self._words = WordScorer(encoder, [before[row] for row in kept], words)
        self.cost_tokens = self._words.cost_tokens
        self.conventions = f"{CONVENTIONS} {self._left_out.note()}".strip()
        self._recent = np.array([item.last == item.present.split()[item.verb] for item in self.items], np.bool_)
        names = np.array([name for name, _, _ in flat])
        kinds = np.array([item.subject_kind for item in self.items])
        self._slices = {name: np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())}
        self._slices |= {
            f"{name}.subject-{kind}": rows[kinds[rows] == kind]
            for name, rows in list(self._slices.items())
            for kind in sorted(set(kinds[rows].tolist()))
            if len(set(kinds[rows].tolist())) > 1
        }
        self._fixed = {
            "set": pa.array(names.tolist(), pa.string()).dictionary_encode(),
            "item": pa.array([number for _, number, _ in flat], pa.int32()),
            "subject_kind": pa.array(kinds.tolist(), pa.string()).dictionary_encode(),
            "past": pa.array([item.past for item in self.items], pa.string()),
            "candidates": pa.array(words, pa.list_(pa.string())),
        }

    def baselines(self) -> dict[str, float]:
        """What rules score on these items: "<probe>/<set>/<rule>"."""
        right = [item.present.split()[item.verb] for item in self.items]
        plural = np.array([not form.endswith("s") for form in right])
        rules = {
            "agree-with-subject": np.ones(len(right)),
            "agree-with-last-noun": self._recent.astype(np.float64),
            "always-plural": plural.astype(np.float64),
            "right-verb-any-number": np.full(len(right), 0.5),
        }
        return {
            f"{self.name}/{part}/{rule}": float(credit[rows].mean())
            for part, rows in self._slices.items()
            for rule, credit in rules.items()
        }

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Scalars by set and kind of subject, and one row per item."""
        log_p = self._words.logprobs(model)
        measures = verb_measures(log_p, self._recent, self._tie_nats)
        scalars = {
            f"{self.name}/{part}/{what}": float(values[rows].mean())
            for part, rows in self._slices.items()
            for what, values in measures.items()
        }
        columns = self._fixed | {"logprobs": pa.array(log_p.tolist(), pa.list_(pa.float64()))}
        columns |= {what: pa.array(measures[what]) for what in ("agree-subject", "margin", "margin-number")}
        table = self._left_out.table(pa.table(columns), self.conventions)
        return Measurement(scalars | self._left_out.scalars(), table)


def verb_measures(log_p: Floats, recent: Bools, tie_nats: float) -> dict[str, Floats]:
    """Measures of n items. log_p: float64[n, k], in the order of `candidates`; recent: the last noun has the subject's
    number. Words within `tie_nats` of the best share the credit; what is not a number makes its item NaN."""
    best = log_p.max(1, keepdims=True)
    tied = log_p >= best - tie_nats
    several = np.where(np.isnan(best), np.nan, tied.sum(1, keepdims=True))
    credit = tied / several
    same_number = np.zeros(log_p.shape[1], np.bool_)
    same_number[[RIGHT, *range(3, log_p.shape[1], 2)]] = True
    with np.errstate(invalid="ignore"):  # NaN comes from a model that broke down, and is meant to stay
        total: Floats = np.logaddexp.reduce(log_p, axis=1)
    return {
        "agree-subject": credit[:, RIGHT],
        "agree-recent": np.where(recent, credit[:, RIGHT], credit[:, WRONG]),
        "other-number": credit[:, WRONG],
        "past": credit[:, PAST],
        "other-verb": credit[:, 3:].sum(1) + 0.0 * several[:, 0],
        "right-number": credit[:, same_number].sum(1),
        "ties": np.where(np.isnan(several), np.nan, several > 1)[:, 0],
        "probability": np.exp(log_p[:, RIGHT] - total),
        "mass": np.exp(total),
        "margin": log_p[:, RIGHT] - log_p[:, 1:].max(1),
        "margin-number": log_p[:, RIGHT] - log_p[:, WRONG],
    }
