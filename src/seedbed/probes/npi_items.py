"""Where the polarity item of a minimal pair stands, what the pair contrasts, and rules that judge it on sight."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seedbed.data.grammar.items import MinimalPair

Contrast: TypeAlias = Literal["scope", "licensor", "item"]
CONTRASTS: tuple[Contrast, ...] = ("scope", "licensor", "item")
LICENSORS = frozenset({"no", "few", "nobody", "nothing", "only", "not", "never", "if", "without"})
COMPETITORS = {
    "ever": ("often", "really", "certainly", "clearly", "also", "probably"),
    "any": ("some", "the", "my", "your", "his", "her", "their", "our"),
    "at all": ("at once", "already", "nowadays"),
    "yet": ("already", "at once", "nowadays"),
    "anymore": ("nowadays", "at once", "already"),
}
"""What may stand where a polarity item stands, licensed or not, in the words of our grammars and of BLiMP."""


@dataclass(frozen=True)
class PolarityPair:
    """A minimal pair and its polarity item.

    contrast: "scope": both sentences have the same words and the item in the scope of a licensor or outside it.
    "licensor": one has a licensor, the other a word (or an order) that is none. "item": the contexts are the same, and
    the good one has another word, `twin`, where the item is not licensed. before_good, before_bad: what stands before.
    """

    pair: MinimalPair
    item: str
    contrast: Contrast
    before_good: str
    before_bad: str
    twin: str


def located(pair: MinimalPair, items: Sequence[str]) -> PolarityPair | None:
    """The pair with the first of these items that tells its sides apart or stands in both; None if there is none.

    The first in the order of `items`: "arrived at all art galleries" holds no polarity item
    and may hold "ever" as well.
    """
    for match in (match for item in items for match in _matches(pair.bad, [item])):
        item = match.group()
        before = pair.bad[: match.start()].rstrip()
        rest = pair.good[match.start() :]
        if pair.good[: match.start()] == pair.bad[: match.start()] and not _matches(rest, [item])[:1]:
            twin = " ".join(re.split(r"\s+", re.sub(r"[.?!,]*$", "", rest))[: len(item.split())])
            return PolarityPair(pair, item, "item", before, before, twin)
        there = _matches(pair.good, [item])
        if there:
            same = Counter(pair.good.lower().split()) == Counter(pair.bad.lower().split())
            before_good = pair.good[: there[0].start()].rstrip()
            return PolarityPair(pair, item, "scope" if same else "licensor", before_good, before, "")
    return None


def _matches(sentence: str, items: Sequence[str]) -> list[re.Match[str]]:
    among = "|".join(re.escape(item) for item in sorted(items, key=len, reverse=True))
    return list(re.finditer(rf"(?<=\s)(?:{among})(?=[\s.?!,]|$)", sentence))


def in_turn(pairs: Sequence[PolarityPair], count: int) -> list[PolarityPair]:
    """At most `count` of the pairs, in turn over their items, so that every prefix is balanced as far as it can be."""
    by_item: dict[str, list[PolarityPair]] = {}
    for each in pairs:
        by_item.setdefault(each.item, []).append(each)
    rounds = zip_longest(*(by_item[item] for item in sorted(by_item)))
    return [each for turn in rounds for each in turn if each is not None][:count]


def licensor_before(pairs: Sequence[PolarityPair]) -> NDArray[np.float64]:
    """float64[pairs]: what the rule "a licensor stands before the item, or the sentence asks" scores; ties are half.

    A sentence without the item is always good. So the rule is right where a licensor comes or goes, and has no opinion
    on scope.
    """
    credit = []
    for each in pairs:
        good = each.contrast == "item" or _licensed(each.pair.good, each.before_good)
        credit.append(0.5 + 0.5 * (good - _licensed(each.pair.bad, each.before_bad)))
    return np.array(credit)


def _licensed(sentence: str, before: str) -> bool:
    words = before.lower().split()
    return sentence.rstrip().endswith("?") or any(word in LICENSORS or word.endswith("n't") for word in words)
