"""Digit grouping: the same numbers, their digits grouped from the right, from the left, one by one, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from seedbed.data.transforms.base import EditTransform
from seedbed.data.transforms.edits import Edit

GROUP = 3


class DigitGrouper(EditTransform):
    """Writes every whole number with its digits grouped in one way; undone by `undo`, on any text.

    style: "right to left" (1,234,567), "left to right" (123,456,7), "single" (1 2 3 4 5 6 7) or "none". separator:
    between groups. A number is a run of the digits 0-9, or one already grouped in threes from the right by commas (or
    by the separator), which is regrouped. Digits behind a decimal point and digits that touch a letter or an underscore
    from behind (x1234) are left alone. Numbers of up to three digits have one group. Counts: numbers, and regrouped,
    those whose writing changed.
    """

    name = "digit grouping"

    def __init__(self, style: str, *, separator: str | None = None, keep: bool = False) -> None:
        super().__init__(keep=keep)
        self.style = style
        self.separator = separator if separator is not None else " " if style == "single" else ","

    def edits(self, text: str) -> tuple[list[Edit], dict[str, Any]]:
        """One edit per number that is written otherwise."""
        found = [
            (match, self.grouped(re.sub("[^0-9]", "", match[0])))
            for match in _numbers(text, {",", self.separator}, from_right=True)
        ]
        edits = [Edit(*match.span(), new) for match, new in found if match[0] != new]
        return edits, {"numbers": len(found), "regrouped": len(edits)}

    def grouped(self, digits: str) -> str:
        """A number's digits with their separators."""
        match self.style:
            case "right to left":
                first = len(digits) % GROUP or GROUP
                groups = [digits[:first], *(digits[i : i + GROUP] for i in range(first, len(digits), GROUP))]
            case "left to right":
                groups = [digits[i : i + GROUP] for i in range(0, len(digits), GROUP)]
            case "single":
                groups = list(digits)
            case _:
                groups = [digits]
        return self.separator.join(groups)

    def inverse(self, text: str, entry: Mapping[str, Any]) -> list[Edit]:
        """Takes the separators out of numbers grouped in this style; where the text had such before, more is kept."""
        if self.style == "none":
            return []
        patterns = {
            "right to left": rf"[0-9]{{1,3}}(?:{re.escape(self.separator)}[0-9]{{3}})+(?![0-9])",
            "left to right": rf"[0-9]{{3}}(?:{re.escape(self.separator)}[0-9]{{3}})*{re.escape(self.separator)}"
            r"[0-9]{1,3}(?![0-9])",
            "single": rf"[0-9](?:{re.escape(self.separator)}[0-9])+(?![0-9])",
        }
        pattern = re.compile(_START + patterns[self.style])
        return [Edit(*match.span(), match[0].replace(self.separator, "")) for match in pattern.finditer(text)]


_START = r"(?<![0-9\w])(?<![0-9][.])"


def _numbers(text: str, separators: set[str], *, from_right: bool) -> Iterator[re.Match[str]]:
    """Whole numbers, grouped in threes from the right or not at all."""
    one_of = "|".join(re.escape(separator) for separator in sorted(separators) if separator.strip())
    grouped = rf"[0-9]{{1,3}}(?P<by>{one_of})[0-9]{{3}}(?:(?P=by)[0-9]{{3}})*(?![0-9])|" if one_of else ""
    return re.finditer(rf"{_START}(?:{grouped}[0-9]+)", text)
