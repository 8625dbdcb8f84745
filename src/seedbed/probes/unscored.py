"""Items that a model cannot be asked: which they are and why. They are left out and said, never scored as wrong.

An item cannot be asked if one of its texts holds a word that the tokenizer has no tokens for, or has a word that the
model was never trained on where a probe asks for that, or is longer than the model's context.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa

from seedbed.errors import SeedbedError, SourceError
from seedbed.probes.base import Material, TextEncoder, with_conventions


@dataclass(frozen=True)
class Unscored:
    """An item that is left out. item: what it says; reason: why, in words that many items share; detail: the rest."""

    item: str
    reason: str
    detail: str


def lacks(text: str, encoder: TextEncoder) -> list[str]:
    """The words of a text (split at white space) that the tokenizer has no tokens for, in order, each once."""
    special: Collection[int] = getattr(encoder, "special_ids", frozenset())
    found = []
    for word in dict.fromkeys(text.split()):
        try:
            tokens = encoder.encode_batch([word])[0]
        except SourceError:
            found.append(word)
            continue
        if special and any(token in special for token in tokens):
            found.append(word)
    return found


def sort_out(
    probe: str,
    items: Sequence[tuple[str, ...]],
    encoder: TextEncoder,
    context: int,
    *,
    margin_tokens: int = 1,
    known_words: Collection[str] | None = None,
) -> tuple[list[int], LeftOut]:
    """The numbers of the items that can be asked, in order, and the others with the reason.

    items: the texts of each; the first one names it. margin_tokens: fed beside a text: the token before it, and what
    follows it. known_words: where given, the words that training had. Errors: SeedbedError if no item is left.
    """
    reasons = _reasons(items, encoder, context, margin_tokens, known_words)
    left_out = LeftOut(
        probe,
        tuple(Unscored(items[number][0], *reason) for number, reason in sorted(reasons.items())),
        len(items),
    )
    left_out.check()
    return [number for number in range(len(items)) if number not in reasons], left_out


def _reasons(
    items: Sequence[tuple[str, ...]],
    encoder: TextEncoder,
    context: int,
    margin_tokens: int,
    known_words: Collection[str] | None,
) -> dict[int, tuple[str, str]]:
    """Reason and detail by the number of the item."""
    special: Collection[int] = getattr(encoder, "special_ids", frozenset())
    flat = [text for item in items for text in item]
    try:
        encoded = encoder.encode_batch(flat)
        suspect = bool(special) and any(token in special for tokens in encoded for token in tokens)
    except SourceError:
        encoded, suspect = [], True
    found: dict[int, tuple[str, str]] = {}
    if suspect:
        has: dict[str, bool] = {}
        for number, item in enumerate(items):
            words = list(dict.fromkeys(word for text in item for word in text.split()))
            has |= {word: not lacks(word, encoder) for word in words if word not in has}
            lacking = [word for word in words if not has[word]]
            if lacking:
                found[number] = "words that the tokenizer lacks", ", ".join(lacking)
        left = [number for number in range(len(items)) if number not in found]
        again = iter(encoder.encode_batch([text for number in left for text in items[number]]))
        lengths = {number: max(len(next(again)) for _ in items[number]) for number in left}
    else:
        each = iter(encoded)
        lengths = {number: max(len(next(each)) for _ in item) for number, item in enumerate(items)}
    for number, length in lengths.items():
        new = [] if known_words is None else _new(items[number], known_words)
        if new:
            found[number] = "words that training never had", ", ".join(new)
        elif length + margin_tokens > context:
            found[number] = f"a length above the context of {context} tokens", f"{length + margin_tokens} tokens"
    return found


def _new(item: Sequence[str], known_words: Collection[str]) -> list[str]:
    return [word for word in dict.fromkeys(word for text in item for word in text.split()) if word not in known_words]


@dataclass(frozen=True)
class LeftOut:
    """The items that a probe leaves out. asked: how many items there are in all."""

    probe: str
    items: tuple[Unscored, ...]
    asked: int

    def check(self) -> None:
        """Refuse a probe of which nothing is left. Errors: SeedbedError with the reasons and the mend."""
        if self.asked and len(self.items) == self.asked:
            raise SeedbedError(
                f"{self.probe}: none of its {self.asked} items can be scored: {self._reasons()}; give the model a "
                "longer context or a tokenizer with these words, or the probe a `vocabulary` that both know"
            )

    def note(self) -> str:
        """A sentence for the conventions; empty if nothing is left out."""
        if not self.items:
            return ""
        return f"{len(self.items)} of {self.asked} items are not scored: {self._reasons()}."

    def scalars(self) -> dict[str, float]:
        """ "<probe>/unscored": how many; nothing if there are none."""
        return {f"{self.probe}/unscored": float(len(self.items))} if self.items else {}

    def table(self, table: pa.Table, conventions: str) -> pa.Table:
        """An item table whose metadata has the conventions and, under "unscored", every item left out, as JSON."""
        table = with_conventions(table, conventions)
        if not self.items:
            return table
        listed = [{"item": each.item, "reason": each.reason, "detail": each.detail} for each in self.items]
        return table.replace_schema_metadata({**(table.schema.metadata or {}), "unscored": json.dumps(listed)})

    def _reasons(self) -> str:
        counts = Counter(each.reason for each in self.items)
        first = {each.reason: each for each in reversed(self.items)}
        return "; ".join(
            f"{count} for {reason} (such as {first[reason].item[:80]!r}: {first[reason].detail[:80]})"
            for reason, count in counts.most_common()
        )


def training_words(material: Material, tokens: int) -> frozenset[str]:
    """The words of the first `tokens` tokens of the run's own mixture, split at white space.

    Errors: SeedbedError outside a study, where there is no training text.
    """
    if material.training_documents is None:
        raise SeedbedError(
            'known_words = "training" needs a study, whose training text tells which words are known; write "tokenizer"'
        )
    words: set[str] = set()
    for document in material.training_documents(tokens):
        ids = [int(token) for token in document if token != material.encoder.eos_id]
        words.update(material.encoder.decode(ids).split())
    return frozenset(words)
