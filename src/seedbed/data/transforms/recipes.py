"""What a person says about transforms: each changes one property of a component's documents.

They stand in a component's list behind its source: `Component("dashes", [Files("books.txt"), DashStyle("commas")])`.
"""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from seedbed.data.recipes import JSON, nearest_choice
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from datatrove.pipeline.base import PipelineStep

    from seedbed.workbench import Workbench

LATIN = "abcdefghijklmnopqrstuvwxyz"
GREEK = "αβγδεζηθικλμνξοπρστυφχψω"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
DASHES = ("unspaced em dash", "spaced en dash", "spaced em dash", "commas")
GROUPINGS = ("right to left", "left to right", "single", "none")
CASES = ("lower", "upper", "title")
ORDERS = ("reversed", "shuffled")

Dash = Annotated[
    Literal["unspaced em dash", "spaced en dash", "spaced em dash", "commas"], BeforeValidator(nearest_choice(*DASHES))
]
Grouping = Annotated[
    Literal["right to left", "left to right", "single", "none"], BeforeValidator(nearest_choice(*GROUPINGS))
]
Case = Annotated[Literal["lower", "upper", "title"], BeforeValidator(nearest_choice(*CASES))]
Order = Annotated[Literal["reversed", "shuffled"], BeforeValidator(nearest_choice(*ORDERS))]
Within = Annotated[Literal["document", "line"], BeforeValidator(nearest_choice("document", "line"))]


class OneStep:
    """A recipe that is one datatrove block and reads nothing."""

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this transform in a hash: its fields."""
        from seedbed.data.identity import recipe_fields

        return recipe_fields(self)


@recipe(version=1)
class DashStyle(OneStep):
    """Every dash site in one style, however it was typed: see `seedbed.data.transforms.dashes` for what is a site.

    style: "unspaced em dash" (American), "spaced en dash" (British), "spaced em dash", or "commas" (none). plant: the
    share of a document's commas and pairs of parentheses that become dashes first. other, other_share: another style,
    in which this share of the documents is written, whole, on the same sites. seed: of these draws, which do not depend
    on the styles. keep: note what was there, so that it can be undone.
    """

    style: Dash
    _: KW_ONLY
    plant: float = Field(kw_only=True, default=0.0, ge=0, le=1)
    other: Dash | None = None
    other_share: float = Field(kw_only=True, default=0.5, gt=0, lt=1)
    seed: int = 0
    keep: bool = False

    @model_validator(mode="after")
    def _plants_dashes(self) -> DashStyle:
        if self.plant and "commas" in (self.style, self.other):
            raise ValueError("plant= makes dashes and style 'commas' writes none; choose a dash, or leave plant out")
        if self.other == self.style:
            raise ValueError(f"other= is {self.style!r} as style is; give another style, or leave it out")
        return self

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove block."""
        from seedbed.data.transforms.dashes import DashStyler

        return [
            DashStyler(
                self.style,
                plant=self.plant,
                other=self.other,
                other_share=self.other_share,
                seed=self.seed,
                keep=self.keep,
            )
        ]


@recipe(version=1)
class ClosedUp(OneStep):
    """Stops and commas against the word before them, as in print: "yes , it is ." becomes "yes, it is.".

    Grammars write every word between spaces; this gives their sentences the spelling of running text. Marks: , ; : . ?
    and ! with a space before and a space or the text's end behind. keep: note what was there, so that it can be undone.
    """

    _: KW_ONLY
    keep: bool = False

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove block."""
        from seedbed.data.transforms.dashes import Closer

        return [Closer(keep=self.keep)]


@recipe(version=1)
class DigitGrouping(OneStep):
    """The digits of whole numbers grouped "right to left" in threes, "left to right", "single" or "none". Reversible.

    separator: between groups; left out, a comma, and a space between single digits.
    """

    style: Grouping
    _: KW_ONLY
    separator: str | None = Field(kw_only=True, default=None, min_length=1, max_length=8)

    @field_validator("separator")
    @classmethod
    def _no_digit(cls, separator: str | None) -> str | None:
        if separator is not None and any(character.isalnum() or character == "." for character in separator):
            raise ValueError("a separator of letters, digits or points cannot be told from a number; write ',' or ' '")
        return separator

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove block."""
        from seedbed.data.transforms.digits import DigitGrouper

        return [DigitGrouper(self.style, separator=self.separator)]


@recipe(version=1)
class LetterCase(OneStep):
    """All letters "lower", "upper", or "title". Not reversible, unless keep=True notes what was there."""

    style: Case
    _: KW_ONLY
    keep: bool = False

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove block."""
        from seedbed.data.transforms.letters import LetterCaser

        return [LetterCaser(self.style, keep=self.keep)]


@recipe(version=1)
class WordOrder(OneStep):
    """Words in another order, the parse carried along: "reversed" (reversible) or "shuffled" (if keep=True).

    within: "document" or "line". seed: of the shuffle.
    """

    style: Order
    _: KW_ONLY
    within: Within = "document"
    seed: int = 0
    keep: bool = False

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove block."""
        from seedbed.data.transforms.words import WordOrderer

        return [WordOrderer(self.style, within=self.within, seed=self.seed, keep=self.keep)]


def alphabets_apart(alphabets: tuple[str, ...]) -> tuple[str, ...]:
    """Alphabets of lower-case letters, each with one upper-case form, none of them twice. Errors: ValueError."""
    seen: set[str] = set()
    for alphabet in alphabets:
        for letter in alphabet:
            if letter in seen:
                raise ValueError(f"{letter!r} stands in the alphabets twice; leave one out")
            if not letter.islower() or len(letter.upper()) != 1 or letter.upper().lower() != letter:
                raise ValueError(
                    f"{letter!r} is no lower-case letter with one upper-case form of its own; leave it out"
                )
            seen.add(letter)
    if not seen:
        raise ValueError("no letter in the alphabets; write alphabets=('abc...',)")
    return alphabets


@recipe(version=1)
class LetterSubstitution(OneStep):
    """Letters put for letters of the same alphabet, one for one and the same throughout. Reversible.

    key: which of the permutations. alphabets: rows of lower-case letters that are put for one another; upper case
    follows. A letter of none (one with an accent, unless a row holds it) stays.
    """

    _: KW_ONLY
    key: int = 0
    alphabets: tuple[str, ...] = (LATIN, GREEK, CYRILLIC)

    @field_validator("alphabets")
    @classmethod
    def _apart(cls, alphabets: tuple[str, ...]) -> tuple[str, ...]:
        return alphabets_apart(alphabets)

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove block."""
        from seedbed.data.transforms.letters import LetterSubstituter

        return [LetterSubstituter(self.alphabets, key=self.key)]


@recipe(version=1)
class LetterCipher(OneStep):
    """Letters put for letters of the same alphabet, drawn anew at every place: text that nothing can be learnt of but
    its lengths, case and signs. Reversible. Fields as in `LetterSubstitution`.
    """

    _: KW_ONLY
    key: int = 0
    alphabets: tuple[str, ...] = (LATIN, GREEK, CYRILLIC)

    @field_validator("alphabets")
    @classmethod
    def _apart(cls, alphabets: tuple[str, ...]) -> tuple[str, ...]:
        return alphabets_apart(alphabets)

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove block."""
        from seedbed.data.transforms.letters import LetterCipherer

        return [LetterCipherer(self.alphabets, key=self.key)]


@recipe(version=1)
class ShuffledCode(OneStep):
    """The tokens of every line shuffled, indentation kept: the control for what order within lines teaches."""

    _: KW_ONLY
    seed: int = 0

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove block."""
        from seedbed.data.transforms.code import CodeShuffler

        return [CodeShuffler(seed=self.seed)]


@recipe(version=1)
class BracketDyck(OneStep):
    """Nothing of a text but its lines and matched brackets, filled up with pairs: the control for what nesting teaches.

    See `seedbed.data.transforms.code` for the rule.
    """

    _: KW_ONLY
    seed: int = 0

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove block."""
        from seedbed.data.transforms.code import BracketDycker

        return [BracketDycker(seed=self.seed)]
