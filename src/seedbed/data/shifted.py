"""The shifted copy of a language: the same sentences in a vocabulary that shares no word with the first.

After Dufter and Schütze (2020), who add the size of the vocabulary to every token id: two languages with one grammar
and nothing else in common, the extreme case for alignment across languages.
"""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field

from seedbed.data.recipes import JSON, nearest_choice
from seedbed.errors import SourceError
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from datatrove.pipeline.base import PipelineStep

    from seedbed.workbench import Workbench

ALPHABETS = ("capitals", "private")
SMALL = "abcdefghijklmnopqrstuvwxyz.,?'_-"
CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ!;:"=+'
PLANE = 0xF0000  # of private use: no text of any language stands there
LAST = 0xFFFD  # after it, two code points of the plane are no characters

Alphabet = Annotated[Literal["capitals", "private"], BeforeValidator(nearest_choice(*ALPHABETS))]

_FORWARD = str.maketrans(SMALL, CAPITALS)
_BACKWARD = str.maketrans(CAPITALS, SMALL)


@recipe(version=1)
class Shifted:
    """Every word in a vocabulary of its own: `Component("twin", [Grammar("scenes"), Shifted()])`.

    Words are mapped one to one, character by character, into an alphabet that the source does not use; white space
    stays. So no word of the copy is a word of the source, `unshift` gives the text back, and parse, labels and item
    stay as they are; a language label gets "-x-shifted".

    alphabet: "capitals" writes a-z . , ? ' _ - as A-Z ! ; : " = + and refuses a text that holds anything else; the copy
    has as many bytes as the source, so that a share of bytes is a share of words. "private" takes any text, to the
    private plane of Unicode; every character has four bytes there.

    What a model sees depends on the tokenizer. Of kind "word": the copy's ids are the twin's plus the size of its
    vocabulary, up to the order in which equally frequent words are numbered: token for token the same text, in ids
    that do not meet. Of a sub-word or byte kind: with "capitals" the two share the blank alone; with "private" a source
    in ASCII shares nothing more either, and one in another script shares single bytes. Trained on both alike, a
    sub-word tokenizer cuts their words alike except where two merges are tied or its vocabulary ends between the two.
    """

    _: KW_ONLY
    alphabet: Alphabet = Field(kw_only=True, default="capitals")

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove block."""
        from seedbed.data.transforms.shift import VocabularyShifter

        return [VocabularyShifter(self.alphabet)]

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this transform in a hash: its fields."""
        from seedbed.data.identity import recipe_fields

        return recipe_fields(self)


def shift(text: str, alphabet: str = "capitals") -> str:
    """The text in the other alphabet. Errors: SourceError for a character that has no place in it."""
    if alphabet == "capitals":
        for character in text:
            if character not in SMALL and not character.isspace():
                raise SourceError(
                    f"the shifted copy holds a-z and .,?'_- alone, but the text has {character!r}; "
                    "write Shifted(alphabet='private')"
                )
        return text.translate(_FORWARD)
    for character in text:
        if ord(character) > LAST and not character.isspace():
            raise SourceError(
                f"{character!r} (U+{ord(character):X}) lies beyond the characters that the private plane has room for; "
                "leave it out of the source"
            )
    return "".join(character if character.isspace() else chr(PLANE + ord(character)) for character in text)


def unshift(text: str, alphabet: str = "capitals") -> str:
    """The text that `shift` was given. Errors: SourceError for a text that it did not give."""
    if alphabet == "capitals":
        wrong = next((each for each in text if each not in CAPITALS and not each.isspace()), None)
    else:
        wrong = next((each for each in text if not PLANE <= ord(each) <= PLANE + LAST and not each.isspace()), None)
    if wrong is not None:
        raise SourceError(f"{wrong!r} is in no shifted copy; give unshift the alphabet that the copy was made with")
    if alphabet == "capitals":
        return text.translate(_BACKWARD)
    return "".join(each if each.isspace() else chr(ord(each) - PLANE) for each in text)
