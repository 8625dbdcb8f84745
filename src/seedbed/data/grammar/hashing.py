"""Counter-based random numbers and the split of sentences: pure functions of integers, the same in any block.

Numbers come from SplitMix64 (Steele, Lea and Flood 2014): the n-th number of a stream is a mix of its key plus n times
an odd constant, so that any of them can be had without the ones before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

U64: TypeAlias = npt.NDArray[np.uint64]

GAMMA = 0x9E3779B97F4A7C15
MASK = 2**64 - 1


def mix(values: U64) -> U64:
    """SplitMix64's finaliser, element by element: uint64 to uint64, one to one."""
    mixed = values >> np.uint64(30)
    mixed ^= values
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def numbers(keys: U64, counter: int | U64) -> U64:
    """The numbers that stand at `counter` in the streams of these keys; the two are broadcast."""
    step = np.asarray(counter, dtype=np.uint64) * np.uint64(GAMMA)
    return mix(keys + step)


def key_of(*parts: str | int) -> np.uint64:
    """A stream's key from words and integers."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))


def below(draws: U64, n: int) -> npt.NDArray[np.int64]:
    """Uniform integers 0 to n - 1 from the lower half of each draw; n at most 2**31, bias under n / 2**32."""
    lower = draws & np.uint64(0xFFFFFFFF)
    return ((lower * np.uint64(n)) >> np.uint64(32)).astype(np.int64)


def unit(draws: U64) -> npt.NDArray[np.float64]:
    """Uniform numbers in [0, 1) from the upper 53 bits of each draw."""
    return (draws >> np.uint64(11)).astype(np.float64) * 2.0**-53


def word_hash(word: str) -> np.uint64:
    """A word's own hash; it does not depend on where the word stands in a lexicon."""
    return np.uint64(int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little"))


def sentence_hashes(word_hashes: U64) -> U64:
    """One hash per row of uint64[sentences, words], depending on the words and their order."""
    state = np.full(len(word_hashes), GAMMA, dtype=np.uint64)
    for column in word_hashes.T:
        state = mix((state ^ column) + np.uint64(GAMMA))
    return state


def held_out(word_hashes: U64, share: float) -> npt.NDArray[np.bool_]:
    """Which sentences (rows of uint64[sentences, words]) belong to the held-out split of this share."""
    limit = np.uint64(min(int(share * 2.0**64), MASK))
    return sentence_hashes(word_hashes) < limit


def sentence_is_held_out(words: Sequence[str], share: float) -> bool:
    """The same for one sentence given as words."""
    hashes = np.array([[word_hash(word) for word in words]], dtype=np.uint64)
    return bool(held_out(hashes, share)[0])
