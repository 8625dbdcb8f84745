"""Does a model know where negative polarity items such as "ever" may stand?

Two scores of a pair. The whole sentences, as in `minimal_pairs` (accuracy_sum, accuracy_per_token, accuracy_per_byte,
margin_nats, ties and so on). And the item alone, as a whole word at its place:

- margin_item_nats: log p(item | before it, licensed) - log p(item | before it, not licensed); where the contexts are
  the same ("item" contrast), log p(the good sentence's word) - log p(item). accuracy_item: its credit, ties half right.
- rank_licensed, rank_unlicensed: 1 + how many of the item's competitors (`npi_items.COMPETITORS`) are more probable at
  its place, ties half. rank_of: the number of words ranked.
- margin_control_nats, accuracy_control: margin and credit of the competitors' mean log-probability instead of the
  item's: a question without an answer, which a model that only prefers one of the contexts answers like the first one.
- licensing_nats: margin_item_nats - margin_control_nats.

The last five and the ranks are about pairs of two contexts. Scalars are means: of every paradigm; "mean" of all
paradigms; "contrast.scope", "contrast.licensor", "contrast.item" of the paradigms of a contrast; "item.ever" and so on
over pairs of an item. Pairs of one template share biases, so chance is 1/2 on average over seeds alone: read margins.

Controls: the untrained model is step 0; `baselines` has the rules "a licensor stands before the item" and "the shorter
sentence wins" and, in a study, unigrams of the run's own mixture (exactly 1/2, all ties, on scope). Sources: Warstadt
et al. 2020 (paradigms, one- and two-prefix method); Jumelet et al. 2021; PROTOCOLS 1.5, 4.1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from torch import nn

from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.items import MinimalPair
from seedbed.data.grammar.pair_tasks import grammar_pairs, paradigms_of
from seedbed.data.grammar.vocabulary import restricted_to
from seedbed.errors import SeedbedError
from seedbed.probes.base import Material, Measurement
from seedbed.probes.baselines import shorter_wins
from seedbed.probes.metric_names import part_name
from seedbed.probes.minimal_pairs import by_paradigm
from seedbed.probes.npi_items import COMPETITORS, CONTRASTS, PolarityPair, in_turn, licensor_before, located
from seedbed.probes.npi_recipe import PolarityItems
from seedbed.probes.pair_files import chosen, read_suite
from seedbed.probes.pair_scores import Sides, credits_of, pair_measures
from seedbed.probes.scoring import Scorer, sentence_requests
from seedbed.probes.suites import sampled, unigram_credits, unigram_logprobs
from seedbed.probes.unscored import lacks, sort_out, training_words
from seedbed.probes.words import WordScorer

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NAMED = "*npi*"
SPARE = 3
"""Times as many pairs as are needed that a grammar is asked for beside these, so that rarer items have their turns."""
CONVENTIONS = (
    "Sentences follow an end-of-document token; the first token is scored, the end is not. Items and their competitors "
    "are scored as whole words at their place."
)


def prepare(recipe: PolarityItems, material: Material) -> PreparedPolarityItems:
    """Draw or read the pairs and encode them. Errors: SeedbedError, see the recipe."""
    pairs = _read(recipe, material) if recipe.location else _drawn(recipe, material)
    known = training_words(material, recipe.training_tokens) if recipe.known_words == "training" else None
    return PreparedPolarityItems(recipe, pairs, material, known_words=known)


def _read(recipe: PolarityItems, material: Material) -> list[PolarityPair]:
    found = read_suite(material.workbench.resolve(recipe.location))
    some = sampled(chosen(found, recipe.paradigms or (NAMED,), None), recipe.pairs_per_paradigm)
    return _located([pair for pairs in some.values() for pair in pairs], recipe)


def _located(pairs: Sequence[MinimalPair], recipe: PolarityItems) -> list[PolarityPair]:
    found = [located(pair, recipe.polarity_items) for pair in pairs]
    for pair, each in zip(pairs, found, strict=True):
        if each is None:
            raise SeedbedError(
                f"{recipe.name}: the pair {pair.bad!r} of {pair.paradigm} has none of "
                f"{', '.join(recipe.polarity_items)}; name its item in polarity_items=, or leave the paradigm out"
            )
    return [each for each in found if each is not None]


def _drawn(recipe: PolarityItems, material: Material) -> list[PolarityPair]:
    file = load_grammar(recipe.grammar, material.workbench)
    known = {name: [MinimalPair(name, "", "")] for name in paradigms_of(recipe.grammar, workbench=material.workbench)}
    if recipe.vocabulary:
        file = restricted_to(file, recipe.vocabulary)
    found: list[PolarityPair] = []
    for paradigm in chosen(known, recipe.paradigms or (NAMED,), None):
        pairs = grammar_pairs(
            file,
            recipe.pairs_per_paradigm,
            recipe.seed,
            paradigms=[paradigm],
            unseen=recipe.unseen,
            words=frozenset(recipe.vocabulary) or None,
            spare=SPARE * recipe.pairs_per_paradigm,
        )
        asked = [each for pair in pairs if (each := located(pair, recipe.polarity_items)) is not None]
        found += in_turn(asked, recipe.pairs_per_paradigm)
    return found


class PreparedPolarityItems:
    """Pairs of polarity items, encoded; sentences of all paradigms are scored together, words item by item."""

    def __init__(
        self,
        recipe: PolarityItems,
        pairs: Sequence[PolarityPair],
        material: Material,
        *,
        known_words: frozenset[str] | None = None,
    ) -> None:
        encoder = material.encoder
        self.name = recipe.name
        self._tie_nats = recipe.tie_nats
        self._competitors = {
            item: [word for word in COMPETITORS.get(item, ()) if not lacks(word, encoder)]
            for item in recipe.polarity_items
        }
        boundary = int(not bool(encoder.starts_with_space.all()))
        kept, self._left_out = sort_out(
            self.name,
            [self._texts(each) for each in pairs],
            encoder,
            material.context,
            margin_tokens=boundary,
            known_words=known_words,
        )
        self.pairs = [pairs[number] for number in kept]
        self.conventions = f"{CONVENTIONS} {self._left_out.note()}".strip()
        flat = [each.pair for each in self.pairs]
        sentences = [sentence for pair in flat for sentence in (pair.good, pair.bad)]
        requests = sentence_requests(sentences, encoder)
        self._scorer = Scorer(requests, encoder)
        self._tokens = self._scorer.scored_tokens.reshape(-1, 2)
        self._bytes = np.array([len(sentence.encode()) for sentence in sentences], np.int64).reshape(-1, 2)
        self._words = [
            (np.array(rows), WordScorer(encoder, prefixes, words)) for rows, prefixes, words in self._asked_words()
        ]
        self.cost_tokens = self._scorer.cost_tokens + sum(words.cost_tokens for _, words in self._words)
        self._slices = self._made_slices()
        self._unigram = unigram_logprobs(material)
        self._encoder = encoder
        self._fixed = {
            "paradigm": pa.array([pair.paradigm for pair in flat], pa.string()).dictionary_encode(),
            "contrast": pa.array([each.contrast for each in self.pairs], pa.string()).dictionary_encode(),
            "item": pa.array([each.item for each in self.pairs], pa.string()).dictionary_encode(),
            "sentence_good": pa.array([pair.good for pair in flat], pa.string()),
            "sentence_bad": pa.array([pair.bad for pair in flat], pa.string()),
        }

    def _texts(self, each: PolarityPair) -> tuple[str, ...]:
        words = [each.item, *([each.twin] if each.twin else self._competitors[each.item])]
        after = {f"{before} {word}" for before in (each.before_good, each.before_bad) for word in words}
        return (each.pair.good, each.pair.bad, *sorted(after))

    def _asked_words(self) -> list[tuple[list[int], list[str], list[str]]]:
        """What is asked word by word: rows, their contexts (good and bad in turn), and the item before its others."""
        asked = []
        groups: dict[tuple[str, str], list[int]] = {}
        for row, each in enumerate(self.pairs):
            groups.setdefault((each.item, each.twin), []).append(row)
        for (item, twin), rows in groups.items():
            before = [text for row in rows for text in (self.pairs[row].before_good, self.pairs[row].before_bad)]
            asked.append((rows, before, [item, *([twin] if twin else self._competitors[item])]))
        return asked

    def _made_slices(self) -> dict[str, list[NDArray[np.int64]]]:
        """Rows by slice: what a slice's mean is the unweighted mean of (a paradigm is one part)."""
        paradigms = list(by_paradigm([each.pair for each in self.pairs]))
        names = np.array([each.pair.paradigm for each in self.pairs])
        rows = {paradigm: np.flatnonzero(names == paradigm) for paradigm in paradigms}
        found: dict[str, list[NDArray[np.int64]]] = {paradigm: [rows[paradigm]] for paradigm in paradigms}
        contrast = {paradigm: self.pairs[int(rows[paradigm][0])].contrast for paradigm in paradigms}
        for name in CONTRASTS:
            parts = [rows[paradigm] for paradigm in paradigms if contrast[paradigm] == name]
            found |= {f"contrast.{name}": parts} if parts else {}
        items = np.array([each.item for each in self.pairs])
        for item in dict.fromkeys(items.tolist()):
            found[f"item.{part_name(item.replace(' ', '-'))}"] = [np.flatnonzero(items == item)]
        return found | {"mean": list(rows.values())}

    def baselines(self) -> dict[str, float]:
        """What rules and unigrams score on these pairs: "<probe>/<slice>/<rule>"."""
        flat = [each.pair for each in self.pairs]
        rules = {"licensor-before": licensor_before(self.pairs), "shorter-wins": shorter_wins(flat)}
        if self._unigram is not None:
            rules["unigram"] = unigram_credits(flat, self._encoder, self._unigram)
        return {
            f"{self.name}/{part}/{rule}": float(np.mean([credit[rows].mean() for rows in parts]))
            for part, parts in self._slices.items()
            for rule, credit in rules.items()
        }

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Scalars by slice, and one row per pair, null where a measure is not about it."""
        sides = Sides(self._scorer.score(model).reshape(-1, 2), self._tokens, self._bytes)
        always = np.ones(len(self.pairs), np.bool_)
        measures = {what: (values, always) for what, values in pair_measures(sides, self._tie_nats).items()}
        measures |= self._of_words(model)
        scalars = {
            f"{self.name}/{part}/{what}": float(np.mean(means))
            for part, parts in self._slices.items()
            for what, (values, defined) in measures.items()
            if (means := [values[rows][defined[rows]].mean() for rows in parts if defined[rows].any()])
        }
        columns = self._fixed | {what: pa.array(values, mask=~defined) for what, (values, defined) in measures.items()}
        return Measurement(
            scalars | self._left_out.scalars(), self._left_out.table(pa.table(columns), self.conventions)
        )

    def _of_words(self, model: nn.Module) -> dict[str, tuple[Floats, Bools]]:
        """Measures of the item at its place, and for which pairs they are defined."""
        found = {what: np.zeros(len(self.pairs)) for what in (*OF_ITEM, *OF_TWO_CONTEXTS)}
        two = np.zeros(len(self.pairs), np.bool_)
        for rows, words in self._words:
            log_p = words.logprobs(model).reshape(len(rows), 2, -1)
            item, others = log_p[:, :, 0], log_p[:, :, 1:]
            one_context = self.pairs[int(rows[0])].contrast == "item"
            margin = others[:, 1, 0] - item[:, 1] if one_context else item[:, 0] - item[:, 1]
            found["margin_item_nats"][rows] = margin
            found["accuracy_item"][rows] = credits_of(margin, self._tie_nats)
            if one_context or not others.shape[2]:
                continue
            two[rows] = True
            control = others[:, 0].mean(1) - others[:, 1].mean(1)
            found["margin_control_nats"][rows] = control
            found["accuracy_control"][rows] = credits_of(control, self._tie_nats)
            found["licensing_nats"][rows] = margin - control
            found["rank_licensed"][rows] = ranks(item[:, 0], others[:, 0], self._tie_nats)
            found["rank_unlicensed"][rows] = ranks(item[:, 1], others[:, 1], self._tie_nats)
            found["rank_of"][rows] = 1 + others.shape[2]
        always = np.ones(len(self.pairs), np.bool_)
        return {what: (values, always if what in OF_ITEM else two) for what, values in found.items()}


OF_ITEM = ("margin_item_nats", "accuracy_item")
OF_TWO_CONTEXTS = (
    "margin_control_nats",
    "accuracy_control",
    "licensing_nats",
    "rank_licensed",
    "rank_unlicensed",
    "rank_of",
)


def ranks(item: Floats, others: Floats, tie_nats: float) -> Floats:
    """float64[n]: 1 + how many of `others` (n x k) are more probable than `item` (n), ties half."""
    margin = others - item[:, None]
    found: Floats = 1.0 + credits_of(margin, tie_nats).sum(1)
    return found
