"""Tokenizer recipes: what kind of tokenizer, and how large its vocabulary.

Which text a tokenizer is trained on is not said here: the study decides it (the union of its mixtures), so that one
recipe can stand in many studies.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from seedbed.errors import RecipeError
from seedbed.recipes import read_toml, recipe
from seedbed.workbench import Workbench

Kind = Literal["bpe", "byte", "word"]
Pieces = Literal["gpt2", "whitespace"]

END_OF_DOCUMENT = "<|endofdocument|>"
"""The one special token, always id 0: it closes every document, and stands before the first token of a sequence."""

BYTE_VOCABULARY = 257
"""The byte tokenizer's vocabulary, and the smallest of a BPE tokenizer: 256 bytes and the end of document."""

LARGEST_VOCABULARY = 2**24


@recipe(version=1)
class Tokenizer:
    """What a tokenizer is, apart from the text it learns from.

    kind: "bpe" joins frequent byte pairs (lossless for any text), "byte" has one token per UTF-8 byte (lossless for any
    text), "word" has one token per word between single spaces (lossless for such text only, and for known words only).
    vocab_size: every token counted: for "bpe" the end of document, 256 bytes and the merges. "byte" is always 257;
    the words of "word" are those of its text; both leave it out.
    pieces: what merges of "bpe" never cross: "gpt2" cuts texts by GPT-2's pattern (into words, numbers, punctuation and
    contractions: "don" and "'t"), "whitespace" only before white space ("don't" can become one token).
    name: what tables call it; by default the kind and, for "bpe", the pieces and the size: "bpe-512", "bpe-words-512".

    Errors: RecipeError, for a size that is missing, too small for the bytes, or not the kind's to choose.
    """

    kind: Kind
    vocab_size: int | None = Field(default=None, kw_only=True, le=LARGEST_VOCABULARY)
    pieces: Pieces = Field(default="gpt2", kw_only=True)
    name: str = Field(default="", kw_only=True, max_length=80)

    @field_validator("name")
    @classmethod
    def _one_line(cls, name: str) -> str:
        if name and (not name.isprintable() or "/" in name or name != name.strip()):
            raise ValueError("a name is one line of text without '/' and without spaces around it; choose another")
        return name

    def __post_init__(self) -> None:
        if self.kind == "bpe" and (self.vocab_size or 0) < BYTE_VOCABULARY:
            raise ValueError(
                f"vocab_size = {self.vocab_size}, but kind 'bpe' must be told a size that holds the 256 bytes and the "
                f"end of document; say vocab_size={BYTE_VOCABULARY} or more"
            )
        if self.kind == "byte" and self.vocab_size not in (None, BYTE_VOCABULARY):
            raise ValueError(
                f"vocab_size = {self.vocab_size}, but a byte tokenizer has {BYTE_VOCABULARY} tokens; leave it out"
            )
        if self.kind == "word" and self.vocab_size is not None:
            raise ValueError(
                f"vocab_size = {self.vocab_size}, but a word tokenizer holds every word of its text (a word left out "
                "would be lost); leave it out"
            )
        if self.kind != "bpe" and self.pieces != "gpt2":
            raise ValueError(f"pieces is about merges, and kind '{self.kind}' has none; leave it out")
        # Two ways to say one thing are one recipe, so that they have one identity.
        if self.kind == "byte":
            object.__setattr__(self, "vocab_size", BYTE_VOCABULARY)
        if not self.name:
            kind = "bpe-words" if self.pieces == "whitespace" else self.kind
            object.__setattr__(self, "name", f"{kind}-{self.vocab_size}" if self.kind == "bpe" else kind)


def tokenizer(name: str, /, **changes: Any) -> Tokenizer:
    """The recipe of a name on the tokenizers shelf, with some of its fields changed.

    A kind stands on the shelf too: `tokenizer("bpe", vocab_size=2000)`. A recipe with changes is named after its kind
    and size ("bpe-2000") unless `name=` says otherwise, so that it is never taken for the one on the shelf.

    Errors: UnknownNameError with the nearest names; RecipeError for a field or value that the recipe does not take.
    """
    path = Workbench().shelf_file("tokenizers", name)
    fields = read_toml(path)
    unknown = sorted(fields.keys() - {"kind", "vocab_size", "pieces"})
    if unknown:
        raise RecipeError(f"tokenizers/{path.name} has a field {unknown[0]!r}; it may have kind, vocab_size and pieces")
    changed = any(fields.get(field) != value for field, value in changes.items() if field != "name")
    return Tokenizer(**({"name": "" if changed else name} | fields | changes))
