"""Parts of documents: lines or sentences, taken apart and put together in another order.

What stands between the parts (the white space after a sentence, the ends of lines) stays in place, so an arranged
document has the bytes of the original and the same multiset of parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import xxhash

from seedbed.data.selection import multiset_digest

BORDERS = {"sentences": re.compile(r"(^\s+|(?<=[.!?…])\s+)"), "lines": re.compile(r"(\n+)")}
ENDS = (".", "!", "?", "…")


def parts_of(text: str, units: str) -> list[str]:
    """The lines or sentences of a text, without what stands between them; an empty end of the text is none."""
    return [part for part in BORDERS[units].split(text)[::2] if part]


def shuffled_parts(text: str, units: str, seed: int) -> str:
    """The text with its parts permuted, what stands between them left in place.

    The permutation is uniform over texts: part i goes by the hash of (text, seed, i). It is another one for another
    text, and the same for the same, whatever stands around it; a text of one part is itself. A last sentence that
    does not end stays last.
    """
    pieces = BORDERS[units].split(text)
    places = [place for place in range(0, len(pieces), 2) if pieces[place]]
    if units == "sentences" and places and not pieces[places[-1]].endswith(ENDS):
        places.pop()  # without its end it would run into whatever came after it
    if len(places) < 2:
        return text
    whole = xxhash.xxh3_64_hexdigest(text.encode())
    keys = [xxhash.xxh3_64_intdigest(f"{whole}.{seed}.{number}".encode()) for number in range(len(places))]
    found = list(pieces)
    for place, number in zip(places, np.argsort(np.array(keys, dtype=np.uint64), kind="stable"), strict=True):
        found[place] = pieces[places[number]]
    return "".join(found)


def parts_digest(texts: Iterable[str], units: str) -> str:
    """The multiset digest of all parts of all texts: equal for the same parts, however they are arranged."""
    hashes = [xxhash.xxh3_64_intdigest(part.encode()) for text in texts for part in parts_of(text, units)]
    return multiset_digest(np.array(hashes, dtype=np.uint64))
