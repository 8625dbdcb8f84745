"""Tokenizer recipes: what kind of tokenizer, how large its vocabulary, and where it never joins.

Which text a tokenizer is trained on is not said here: the study decides it (the union of its mixtures), so that one
recipe can stand in many studies.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, field_validator

from seedbed.errors import RecipeError
from seedbed.recipes import read_toml, recipe
from seedbed.tokenizers.existing_recipe import Existing, one_line
from seedbed.workbench import Workbench

Kind = Literal["bpe", "unigram", "wordpiece", "word", "character", "byte"]
Pieces = Literal["gpt2", "whitespace", "none"]
Digits = Literal["as trained", "single", "left to right", "right to left"]
Dashes = Literal["as trained", "isolated", "with neighbours", "never merged"]
Normalisation = Literal["none", "nfc", "nfkc", "lowercase"]

END_OF_DOCUMENT = "<|endofdocument|>"
"""The one special token, always id 0: it closes every document, and stands before the first token of a sequence."""

BYTE_VOCABULARY = 257
"""The byte tokenizer's vocabulary, and the smallest of a BPE tokenizer: 256 bytes and the end of document."""

LARGEST_VOCABULARY = 2**24
LEARNING: tuple[Kind, ...] = ("bpe", "unigram", "wordpiece")
"""The kinds that learn pieces of a chosen number."""
SMALLEST: dict[Kind, int] = {"bpe": BYTE_VOCABULARY, "unigram": BYTE_VOCABULARY, "wordpiece": 2 * 256 + 1}
SHELF_FIELDS = (
    "kind",
    "vocab_size",
    "pieces",
    "digits",
    "digit_group",
    "dashes",
    "morphemes",
    "cut_from",
    "normalisation",
    "lossless",
)


@recipe(version=2)
class Tokenizer:
    """What a tokenizer is, apart from the text it learns from.

    kind: "bpe" joins frequent byte pairs, "unigram" keeps the pieces of a unigram model over bytes, "wordpiece" the
    longest known piece first, with pieces inside a word marked; "character" has one token per character of its text,
    and bytes for others; "byte" one per UTF-8 byte. All of these are lossless for any text. "word" has one token per
    word between single spaces: lossless for such text only, and for known words only.
    vocab_size: every token counted, the end of document, 256 bytes and what is learnt. "byte" is always 257; "word" and
    "character" hold what their text holds; these three leave it out.
    pieces: what is never joined over: "gpt2" cuts texts by GPT-2's pattern (into words, numbers, punctuation and
    contractions: "don" and "'t"), "whitespace" only before white space ("don't" can become one token), "none" at line
    breaks alone ("of the" can become one token).
    digits: "single", or groups of three from the left ("123|456|7") or from the right ("1|234|567"), each group a token
    whether or not the text holds it; "as trained" leaves digits to `pieces`. digit_group: 2 makes groups of two, of
    which there are few enough for a small model to learn a table of their sums.
    dashes: "isolated": a dash is never joined with anything; "with neighbours": a dash and the words beside it may be
    one token; "never merged": no token holds a whole dash, so that it costs two or three; "as trained".
    morphemes: the name of a list on the shelf `tokenizers/morphemes`: what crosses its boundaries is never joined.
    cut_from: of "bpe": the first `vocab_size` tokens of a training with so many, which is what a training of that size
    gives; all sizes of a family then come from one training.
    normalisation: text is changed before it is cut, so it cannot be given back: only with lossless=False.
    name: what tables call it; by default the kind and what is not the default: "bpe-512", "bpe-words-512".

    Errors: RecipeError, for a size that is missing, too small, or not the kind's to choose, and for contradictions.
    """

    kind: Kind
    vocab_size: int | None = Field(default=None, kw_only=True, le=LARGEST_VOCABULARY)
    pieces: Pieces = Field(default="gpt2", kw_only=True)
    digits: Digits = Field(default="as trained", kw_only=True)
    digit_group: Literal[2, 3] = Field(default=3, kw_only=True)
    dashes: Dashes = Field(default="as trained", kw_only=True)
    morphemes: str | None = Field(default=None, kw_only=True)
    cut_from: int | None = Field(default=None, kw_only=True, le=LARGEST_VOCABULARY)
    normalisation: Normalisation = Field(default="none", kw_only=True)
    lossless: bool = Field(default=True, kw_only=True)
    name: str = Field(default="", kw_only=True, max_length=80)

    _one_line = field_validator("name")(one_line)

    def __post_init__(self) -> None:
        self._check_size()
        self._check_joins()
        if self.normalisation != "none" and self.lossless:
            raise ValueError(
                f"normalisation = {self.normalisation!r} changes text, so it cannot be given back; leave it out, or "
                "write lossless=False (such a tokenizer can be measured, and no study trains on it)"
            )
        # Two ways to say one thing are one recipe, so that they have one identity.
        if self.kind == "byte":
            object.__setattr__(self, "vocab_size", BYTE_VOCABULARY)
        if self.cut_from is not None and self.cut_from == self.vocab_size:
            object.__setattr__(self, "cut_from", None)
        if not self.name:
            object.__setattr__(self, "name", self._described())

    @property
    def deterministic(self) -> bool:
        """Whether two trainings on one text give the same bytes.

        The library's trainer of "unigram" adds up over words in an order of its own each time. What is known of that is
        undone (scores are rounded, ties go by name), and two files are the same as a rule, but nothing promises it: so
        whatever is made with one is named after the file itself.
        """
        return self.kind != "unigram"

    @property
    def learns(self) -> bool:
        """Whether the text that it is trained on is part of what it is."""
        return self.kind != "byte"

    @property
    def smallest(self) -> int:
        """The fewest tokens that hold all bytes, the end of document, and the groups of digits that are asked for."""
        return SMALLEST.get(self.kind, BYTE_VOCABULARY) + self.digit_strings

    @property
    def groups_digits(self) -> bool:
        """Whether two (and three) digits in a row are tokens by themselves."""
        return self.digits in ("left to right", "right to left")

    @property
    def digit_strings(self) -> int:
        """Strings of two (and of three) digits, which are tokens where digits are grouped."""
        return sum(10**length for length in range(2, self.digit_group + 1)) if self.groups_digits else 0

    def _check_size(self) -> None:
        if self.kind in LEARNING:
            if (self.vocab_size or 0) < self.smallest:
                groups = f", {self.digit_strings:,} groups of digits" if self.groups_digits else ""
                each = " twice, for words begin and go on with marks of their own" if self.kind == "wordpiece" else ""
                raise ValueError(
                    f"vocab_size = {self.vocab_size}, but kind '{self.kind}' must be told a size that holds the 256 "
                    f"bytes{each}{groups} and the end of document; say vocab_size={self.smallest} or more"
                )
        elif self.kind == "byte" and self.vocab_size not in (None, BYTE_VOCABULARY):
            raise ValueError(
                f"vocab_size = {self.vocab_size}, but a byte tokenizer has {BYTE_VOCABULARY} tokens; leave it out"
            )
        elif self.kind in ("word", "character") and self.vocab_size is not None:
            raise ValueError(
                f"vocab_size = {self.vocab_size}, but a {self.kind} tokenizer holds every {self.kind} of its text (a "
                f"{self.kind} left out would be lost); leave it out"
            )
        if self.cut_from is not None and (self.kind != "bpe" or self.cut_from < (self.vocab_size or 0)):
            raise ValueError(
                f"cut_from = {self.cut_from} is the size of a training of kind 'bpe' from which the first vocab_size "
                "tokens are kept; say a size of at least vocab_size, or leave it out"
            )

    def _check_joins(self) -> None:
        for field, default in (("pieces", "gpt2"), ("digits", "as trained"), ("dashes", "as trained")):
            if self.kind not in LEARNING and getattr(self, field) != default:
                raise ValueError(f"{field} is about merges, and kind '{self.kind}' has none; leave it out")
        if self.kind not in LEARNING and self.morphemes is not None:
            raise ValueError(f"morphemes is about merges, and kind '{self.kind}' has none; leave it out")
        if self.kind != "bpe" and (self.groups_digits or self.dashes == "never merged"):
            field = "digits" if self.groups_digits else "dashes"
            raise ValueError(f"{field} = {getattr(self, field)!r} edits a list of merges, which only kind 'bpe' has")
        if self.digit_group != 3 and not self.groups_digits:
            raise ValueError(
                f"digit_group = {self.digit_group} is the size of groups, and digits = {self.digits!r} makes none; say "
                "digits='right to left' or 'left to right', or leave it out"
            )
        if self.dashes == "with neighbours" and self.pieces != "gpt2":
            raise ValueError(
                f"dashes = 'with neighbours' widens GPT-2's pattern, and pieces = {self.pieces!r} lets dashes join "
                "already; leave one of them out"
            )

    def _described(self) -> str:
        parts: list[str] = [self.kind]
        parts += {"gpt2": [], "whitespace": ["words"], "none": ["lines"]}[self.pieces]
        parts += {"single": ["digits"], "left to right": ["l2r"], "right to left": ["r2l"]}.get(self.digits, [])
        parts += [] if self.digit_group == 3 else ["pairs"]
        parts += {
            "isolated": ["dashes-apart"],
            "with neighbours": ["dashes-joined"],
            "never merged": ["dashes-cut"],
        }.get(self.dashes, [])
        parts += [self.morphemes] if self.morphemes else []
        parts += [] if self.normalisation == "none" else [self.normalisation]
        parts += [str(self.vocab_size)] if self.kind in LEARNING else []
        return "-".join(parts)


AnyTokenizer = Tokenizer | Existing


def tokenizer(name: str, /, **changes: Any) -> Tokenizer:
    """The recipe of a name on the tokenizers shelf, with some of its fields changed.

    A kind stands on the shelf too: `tokenizer("bpe", vocab_size=2000)`. A recipe with changes is named after its kind
    and size ("bpe-2000") unless `name=` says otherwise, so that it is never taken for the one on the shelf. What is
    there already is no recipe of training: `Existing("gpt2/tokenizer.json")`.

    Errors: UnknownNameError with the nearest names; RecipeError for a field or value that the recipe does not take.
    """
    path = Workbench().shelf_file("tokenizers", name)
    fields = read_toml(path)
    unknown = sorted(fields.keys() - {*SHELF_FIELDS})
    if unknown:
        raise RecipeError(f"tokenizers/{path.name} has a field {unknown[0]!r}; it may have {', '.join(SHELF_FIELDS)}")
    changed = any(fields.get(field) != value for field, value in changes.items() if field != "name")
    return Tokenizer(**({"name": "" if changed else name} | fields | changes))


def full_size(recipe: Tokenizer) -> Tokenizer:
    """The recipe of the training that a tokenizer is cut from, under the name that it describes itself by.

    Of one that is cut from none, its own.
    """
    return replace(recipe, vocab_size=recipe.cut_from or recipe.vocab_size, cut_from=None, name="")


def nested(name: str, /, *vocab_sizes: int, **changes: Any) -> list[Tokenizer]:
    """A family of "bpe" recipes, each the beginning of the next larger one, all cut from one training.

    Errors: as of `tokenizer`; RecipeError, for fewer than two sizes.
    """
    if len(vocab_sizes) < 2:
        raise RecipeError(f"nested({name!r}, ...) needs at least two sizes; write nested({name!r}, 1024, 2048)")
    largest = max(vocab_sizes)
    return [tokenizer(name, **(changes | {"vocab_size": size, "cut_from": largest})) for size in vocab_sizes]
