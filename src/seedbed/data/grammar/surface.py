"""What is left out of a finished row of words: a closing comma before another mark.

"der Junge , der schläft , lacht ." closes its relative clause with a comma; in "ich sehe den Jungen , der schläft ."
the stop does it. Rules write the comma in both, and the second is dropped here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from seedbed.data.grammar.draws import Ints
    from seedbed.data.grammar.expand import Forest, Wave


def drop_before(forest: Forest, words: Sequence[str], drops: Mapping[str, Sequence[str]]) -> Forest:
    """The forest without the words that stand in front of one they give way to.

    words: the word of each number. drops: word -> those of the same document before which it is left out. Places are
    counted anew; in the waves a dropped word stands behind the last word of all. No word may depend on a dropped one.
    """
    number = {word: i for i, word in enumerate(words)}
    total = len(forest.word)
    keep = np.ones(total, dtype=bool)
    follows = np.append(forest.word[1:], -1)
    follows[forest.starts + forest.sizes - 1] = -1
    for word, before in drops.items():
        if word in number:
            others = [number[other] for other in before if other in number]
            keep &= (forest.word != number[word]) | ~np.isin(follows, others)
    if keep.all():
        return forest
    place = np.concatenate([[0], np.cumsum(keep)])
    # A dropped word stands nowhere: behind the last.
    stands = np.where(keep, place[:-1], place[-1])
    waves = [
        replace(wave, start=_moved(wave, place, stands), size=place[wave.start + wave.size] - place[wave.start])
        for wave in forest.waves
    ]
    starts = place[forest.starts]
    heads = forest.heads[keep]
    return replace(
        forest,
        waves=waves,
        starts=starts,
        sizes=place[forest.starts + forest.sizes] - starts,
        of_start=place[forest.of_start],
        of_stop=place[forest.of_stop],
        leaf=forest.leaf[keep],
        cell=forest.cell[keep],
        word=forest.word[keep],
        heads=np.where(heads < 0, -1, place[heads]),
        relation=forest.relation[keep],
    )


def _moved(wave: Wave, place: Ints, stands: Ints) -> Ints:
    """Where a wave's children begin now."""
    start = place[wave.start]
    start[wave.words] = stands[wave.start[wave.words]]
    return start
