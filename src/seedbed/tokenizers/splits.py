"""How a tokenizer cuts numbers and dashes: a table of examples, and what a dash costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seedbed.errors import SeedbedError
from seedbed.tokenizers.encoder import Encoder

NUMBERS = ("7", "42", "365", "1984", "12345", "654321", "1234567", "3.14159", "1,000,000")
DASH_SITES = {
    "unspaced em dash": "{}—{}",
    "spaced em dash": "{} — {}",
    "spaced en dash": "{} – {}",
    "two hyphens": "{}--{}",
    "comma": "{}, {}",
}
PAIRS = (("walk", "which"), ("time", "and"), ("house", "not"), ("day", "but"), ("man", "the"), ("sea", "so"))


@dataclass(frozen=True)
class Split:
    """A text and its tokens, as text (bytes that are no character alone are written \\xNN)."""

    text: str
    tokens: tuple[str, ...]


def split(encoder: Encoder, text: str) -> Split | None:
    """A text cut into tokens; None where the tokenizer cannot write it (words it does not know)."""
    try:
        ids = encoder.encode(text)
    except SeedbedError:
        return None
    return Split(text, tuple(shown(encoder.token_bytes[token]) for token in ids))


def shown(piece: bytes) -> str:
    """The bytes of a token as text; what is no whole character in hexadecimal."""
    return piece.decode("utf-8", errors="backslashreplace")


def number_splits(encoder: Encoder, numbers: Sequence[str] = NUMBERS) -> list[Split]:
    """How numbers are cut, each after a space, as in running text."""
    return [found for number in numbers if (found := split(encoder, encoder.before_word + number)) is not None]


def dash_costs(encoder: Encoder, pairs: Sequence[tuple[str, str]] = PAIRS) -> dict[str, float]:
    """Way to write a dash -> tokens more than the same two words take with a plain space between them, on average.

    The words stand after a space. Ways that the tokenizer cannot write are left out.
    """
    before = encoder.before_word
    costs: dict[str, float] = {}
    for name, form in DASH_SITES.items():
        try:
            with_dash = [len(encoder.encode(before + form.format(*pair))) for pair in pairs]
            plain = [len(encoder.encode(f"{before}{left} {right}")) for left, right in pairs]
        except SeedbedError:
            continue
        costs[name] = float(np.mean(with_dash) - np.mean(plain))
    return costs
