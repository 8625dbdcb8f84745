"""The auxiliaries of a question item, the roles they play, and rules that choose one without being a language model.

Roles coincide: with two auxiliaries of which the main clause has the second, the main one is also the last, and whoever
chooses it is credited with both. So shares of classes need not sum to one; the set "ood-three" tells all three apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seedbed.data.grammar.items import QuestionItem

AUXILIARIES = ("do", "does", "don't", "doesn't")
SINGULAR = np.array([False, True, False, True])
RELATIVISERS = ("who", "that")

CLASSES = ("hierarchical", "move-first", "move-last", "other")
RULES = ("hierarchical", "move-first", "move-last", "first-not-after-relativiser")
CHANCE = {"right-number-random-polarity": 0.5, "random-auxiliary": 0.25}
"""Share of right choices of rules that draw lots: the same on every item."""

Masks = NDArray[np.bool_]


def roles(items: Sequence[QuestionItem]) -> dict[str, Masks]:
    """For each class, bool[n, 4]: whether choosing that auxiliary (in the order of AUXILIARIES) is credited with it.

    Also "present": those of the item's auxiliaries that are not the main one's word.
    """
    main = _mask([(item.auxiliaries[item.main],) for item in items])
    first = _mask([item.auxiliaries[:1] for item in items])
    last = _mask([item.auxiliaries[-1:] for item in items])
    return {
        "hierarchical": main,
        "move-first": first,
        "move-last": last,
        "other": ~(main | first | last),
        "present": _mask([item.auxiliaries for item in items]) & ~main,
    }


def _mask(words: Sequence[Sequence[str]]) -> Masks:
    chosen = [[auxiliary in some for auxiliary in AUXILIARIES] for some in words]
    return np.array(chosen, np.bool_).reshape(len(words), len(AUXILIARIES))


def rule_choice(item: QuestionItem, rule: str) -> str:
    """The auxiliary that a rule of RULES puts first. Errors: KeyError for another rule."""
    found = item.auxiliaries
    return {
        "hierarchical": found[item.main],
        "move-first": found[0],
        "move-last": found[-1],
        "first-not-after-relativiser": _first_not_after_relativiser(item),
    }[rule]


def _first_not_after_relativiser(item: QuestionItem) -> str:
    """What small models settle on (PROTOCOLS 1.1); the first auxiliary if each follows a relativiser."""
    words = item.declarative.split()
    for before, word in zip(["", *words], words, strict=False):
        if word in AUXILIARIES and before not in RELATIVISERS:
            return word
    return item.auxiliaries[0]


def rule_shares(items: Sequence[QuestionItem]) -> dict[str, float]:
    """Share of items in which each rule puts the main auxiliary's word first, and the constants of rules by chance."""
    right = {
        rule: float(np.mean([rule_choice(item, rule) == item.auxiliaries[item.main] for item in items]))
        for rule in RULES
    }
    return right | CHANCE
