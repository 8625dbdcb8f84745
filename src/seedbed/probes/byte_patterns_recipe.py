"""The recipe of bits per byte by byte pattern."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from pydantic import Field

from seedbed.probes.recipe_base import NAME, At, Headline, ReadsHeldOut
from seedbed.probes.recipes import SMOKE_BYTES
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe

Pattern: TypeAlias = Literal[
    "space", "digit", "dash", "punctuation", "non-ascii", "capital", "word-start", "word-inside"
]
PATTERNS: tuple[Pattern, ...] = (
    "space",
    "digit",
    "dash",
    "punctuation",
    "non-ascii",
    "capital",
    "word-start",
    "word-inside",
)


@recipe(version=1)
class BytePatterns(ReadsHeldOut):
    """On what kinds of text does a model spend its bits: words, capitals, digits, dashes, white space?

    Held-out text is cut into units by a rule that knows no tokenizer, each of one pattern, and the nats of its tokens
    are added up by pattern. So two tokenizers can be compared pattern by pattern; see `seedbed.probes.byte_patterns`.

    bytes_per_source: held-out documents are taken whole, as long as they fit into so many bytes, from every component:
    the same as of a probe of bits per byte with this budget. at: measure at "all" steps or at the "last" alone.
    """

    name: str = Field(default="byte-patterns", pattern=NAME)
    bytes_per_source: int = Field(default=20_000, ge=1)
    at: At = "last"

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """All of it; the patterns are for those who ask where a difference comes from."""
        return (Headline(f"{self.name}/total", "worse", "bits per byte", asked=False),)

    def smoke(self) -> Self:
        """The same probe on a few documents."""
        return replace(self, bytes_per_source=min(self.bytes_per_source, SMOKE_BYTES))

    def prepare(self, material: Material) -> PreparedProbe:
        """Encode the documents and cut them, once. Errors: SourceError without held-out text, or where a tokenizer
        loses some of it."""
        from seedbed.probes.byte_patterns import prepare

        return prepare(self, material)
