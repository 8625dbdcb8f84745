"""Lists of merges that are stated or edited, not learnt: groups of digits, and no token that holds a dash.

Merges are pairs of tokens in the byte-level alphabet; their order is their priority.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from seedbed.tokenizers.byte_level import CHARACTER_OF_BYTE
from seedbed.tokenizers.pieces import DASHES

Merge = tuple[str, str]
TEN = "0123456789"
SPARE = 16  # merges more than are missing, so that few trainings are repeated


def digit_merges(group: int = 3) -> list[Merge]:
    """Merges that make every string of two (and of three) digits one token, whatever stands beside what.

    Pairs first, then a pair with a third digit on either side: in three digits in a row the pair that comes first in
    the list is joined first, and may be the left or the right one.
    """
    pairs = [(a, b) for a, b in product(TEN, repeat=2)]
    if group == 2:
        return pairs
    triples = [merge for a, b, c in product(TEN, repeat=3) for merge in ((a + b, c), (a, b + c))]
    return pairs + triples


def without_dashes(merges: Sequence[Merge]) -> list[Merge]:
    """The merges that give no token with a whole dash in it, in order, without those built on what falls away."""
    dashes = ["".join(CHARACTER_OF_BYTE[byte] for byte in dash.encode()) for dash in DASHES]
    return [merge for merge in merges if not any(dash in merge[0] + merge[1] for dash in dashes)]


def size_to_train(size: int, missing: int) -> int:
    """The next size to try, where a training of `size` left so many merges missing."""
    return size + 2 * missing + SPARE
