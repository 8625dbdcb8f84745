"""Grammar suites: minimal pairs of a grammar's own paradigms or of files, scored as `minimal_pairs` does.

Scalars are "<probe>/<paradigm>/<what>", "<probe>/mean/<what>" over all paradigms and, where files lie in folders (one a
language) or a grammar's paradigms share a beginning ("agreement_depth_1"), "<probe>/mean.<folder or beginning>/<what>".
Controls: the untrained model is step 0; `baselines` has "shorter wins" and, in a study, a unigram model of the run's
own mixture, both in the same words as the model's accuracies.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.items import MinimalPair
from seedbed.data.grammar.pair_tasks import grammar_pairs, paradigms_of
from seedbed.data.grammar.vocabulary import restricted_to
from seedbed.probes.base import Material, TextEncoder
from seedbed.probes.baselines import shorter_wins
from seedbed.probes.minimal_pairs import PreparedMinimalPairs, by_paradigm
from seedbed.probes.pair_files import chosen, read_suite
from seedbed.probes.pair_scores import Floats, credits_of
from seedbed.probes.suites_recipe import GrammarSuite
from seedbed.probes.unscored import training_words

UNIGRAM_TOKENS = 1_000_000
STOP = " ."


def prepare(recipe: GrammarSuite, material: Material) -> PreparedSuite:
    """Draw or read the pairs and encode them. Errors: SeedbedError, see the recipe."""
    notes = []
    path = material.workbench.resolve(recipe.location)
    if recipe.grammar is not None:
        pairs = drawn_pairs(recipe, material)
    elif recipe.optional and not path.exists():
        pairs = {}
        notes.append(f"There are no pairs: {path.name} is not there.")
    else:
        pairs = sampled(chosen(read_suite(path, recipe.first_line), recipe.paradigms, None), recipe.pairs_per_paradigm)
    if recipe.add_stop:
        pairs = {
            name: [replace(pair, good=pair.good + STOP, bad=pair.bad + STOP) for pair in some]
            for name, some in pairs.items()
        }
        notes.append("A stop goes after every sentence.")
    known = training_words(material, recipe.training_tokens) if recipe.known_words == "training" else None
    return PreparedSuite(
        recipe.name,
        pairs,
        material.encoder,
        context=material.context,
        score_end=recipe.score_end,
        tie_nats=recipe.tie_nats,
        notes=notes,
        prefix=recipe.name,
        known_words=known,
        groups=groups_of(list(pairs)),
        unigram=unigram_logprobs(material),
    )


def drawn_pairs(recipe: GrammarSuite, material: Material) -> dict[str, list[MinimalPair]]:
    """The pairs of a grammar's paradigms, by paradigm."""
    assert recipe.grammar is not None  # the caller has looked
    assert recipe.pairs_per_paradigm is not None  # the recipe refuses a grammar without it
    known = {name: [MinimalPair(name, "", "")] for name in paradigms_of(recipe.grammar, workbench=material.workbench)}
    file = load_grammar(recipe.grammar, material.workbench)
    return by_paradigm(
        grammar_pairs(
            restricted_to(file, recipe.vocabulary) if recipe.vocabulary else file,
            recipe.pairs_per_paradigm,
            recipe.seed,
            paradigms=tuple(chosen(known, recipe.paradigms, None)),
            unseen=recipe.unseen,
            words=frozenset(recipe.vocabulary) or None,
        )
    )


def sampled(pairs: Mapping[str, Sequence[MinimalPair]], count: int | None) -> dict[str, list[MinimalPair]]:
    """Of each paradigm the `count` pairs with the smallest hashes of both sentences: a sample whatever the file's
    order.

    A smaller sample is the beginning of a larger one. None: all pairs in the order of the file.
    """
    if count is None:
        return {name: list(some) for name, some in pairs.items()}

    def key(pair: MinimalPair) -> bytes:
        return hashlib.sha256(f"{pair.good}\n{pair.bad}".encode()).digest()

    return {name: sorted(some, key=key)[:count] for name, some in pairs.items()}


def groups_of(paradigms: Sequence[str]) -> dict[str, list[str]]:
    """Paradigms by their folder ("de.simple_agrmt"), else by what comes before a number ("agreement_depth_1").

    Groups of a single paradigm are left out.
    """
    found: dict[str, list[str]] = {}
    for name in paradigms:
        folder, dot, _ = name.partition(".")
        stem, _, number = name.rpartition("_")
        group = folder if dot else stem if number.isdigit() else ""
        if group:
            found.setdefault(group, []).append(name)
    return {group: some for group, some in found.items() if len(some) > 1}


def unigram_logprobs(material: Material) -> dict[int, float] | None:
    """Log-probability of every token in the run's own mixture, one added to each count; None outside a study."""
    if material.training_documents is None:
        return None
    size = material.encoder.vocab_size
    counts = np.ones(size)
    for document in material.training_documents(UNIGRAM_TOKENS):
        counts += np.bincount(document, minlength=size)[:size]
    return dict(enumerate(np.log(counts / counts.sum()).tolist()))


class PreparedSuite(PreparedMinimalPairs):
    """Pairs by paradigm, with what rules and unigrams score on them. unigram: log-probability by token, or None."""

    def __init__(
        self,
        name: str,
        pairs: Mapping[str, Sequence[MinimalPair]],
        encoder: TextEncoder,
        *,
        unigram: Mapping[int, float] | None = None,
        **others: Any,
    ) -> None:
        super().__init__(name, pairs, encoder, **others)
        self._encoder, self._unigram = encoder, unigram

    def baselines(self) -> dict[str, float]:
        """What "shorter wins" and unigrams score: "<probe>/<paradigm>/<rule>"."""
        found = {}
        for paradigm, some in self.pairs.items():
            of = f"{self.prefix}/{paradigm}"
            found[f"{of}/shorter-wins"] = float(shorter_wins(some).mean())
            if self._unigram is not None:
                found[f"{of}/unigram"] = float(unigram_credits(some, self._encoder, self._unigram).mean())
        return found


def unigram_credits(pairs: Sequence[MinimalPair], encoder: TextEncoder, logprobs: Mapping[int, float]) -> Floats:
    """float64[pairs]: 1 where the good sentence is more probable token by token, 1/2 where equally, else 0.

    Tokens that both sides have cancel first, so that sides of the same tokens are tied exactly (PROTOCOLS 4.1).
    """
    good = encoder.encode_batch([pair.good for pair in pairs])
    bad = encoder.encode_batch([pair.bad for pair in pairs])
    margins = []
    for one, other in zip(good, bad, strict=True):
        counts = Counter(one)
        counts.subtract(other)
        margins.append(math.fsum(logprobs[token] * count for token, count in counts.items() if count))
    return credits_of(np.array(margins), 0.0)
