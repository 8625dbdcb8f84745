"""Edits of a text, and what becomes of the words and answers that were marked in it.

An edit replaces the characters from `start` to `end` by `new`. Edits of one text are in order and do not overlap.
Words marked by a parse keep their number, heads and relations; only where they stand changes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

WORD = re.compile(r"\S+")
Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters start to end, end exclusive, become `new`."""

    start: int
    end: int
    new: str


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text after its edits."""
    parts, place = [], 0
    for edit in edits:
        parts += [text[place : edit.start], edit.new]
        place = edit.end
    parts.append(text[place:])
    return "".join(parts)


def undoing(text: str, edits: Sequence[Edit]) -> list[Edit]:
    """The edits that turn the edited text back into this one."""
    back, shift = [], 0
    for edit in edits:
        start = edit.start + shift
        back.append(Edit(start, start + len(edit.new), text[edit.start : edit.end]))
        shift += len(edit.new) - (edit.end - edit.start)
    return back


class Moved:
    """Where the characters of a text stand after its edits."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits
        self._starts = [edit.start for edit in edits]
        self._shifts = [0, *accumulate(len(edit.new) - (edit.end - edit.start) for edit in edits)]

    def border(self, place: int, *, begins: bool) -> int:
        """A border between two characters. Inside an edit of another length: its begin for a word that begins there,
        its end for one that ends there."""
        number = bisect_right(self._starts, place) - 1
        if number < 0:
            return place
        edit, shift = self._edits[number], self._shifts[number]
        if place == edit.start and (edit.start < edit.end or not begins):
            return place + shift
        if place >= edit.end:
            return place + self._shifts[number + 1]
        if len(edit.new) == edit.end - edit.start:
            return place + shift
        return edit.start + shift + (0 if begins else len(edit.new))


def word_spans(text: str, metadata: dict[str, Any]) -> Spans:
    """The words of a document, as characters [start, end): those marked, else those that white space parts."""
    starts, ends = metadata.get("word_starts"), metadata.get("word_ends")
    if starts is not None and ends is not None:
        return list(zip(starts, ends, strict=True))
    return [found.span() for found in WORD.finditer(text)]


def mark_words(text: str, spans: Spans, metadata: dict[str, Any]) -> None:
    """Mark the words of a parsed document, where white space does not already say which they are."""
    if spans == [found.span() for found in WORD.finditer(text)]:
        metadata.pop("word_starts", None)
        metadata.pop("word_ends", None)
    else:
        metadata["word_starts"] = [start for start, _ in spans]
        metadata["word_ends"] = [end for _, end in spans]


def answer_characters(text: str, metadata: dict[str, Any]) -> tuple[int, int] | None:
    """The answer's place in characters; the catalogue keeps it in bytes."""
    start, end = metadata.get("answer_start"), metadata.get("answer_end")
    if not isinstance(start, int) or not isinstance(end, int):
        return None
    raw = text.encode("utf-8", "surrogatepass")
    begin = len(raw[:start].decode("utf-8", "surrogatepass"))
    return begin, begin + len(raw[start:end].decode("utf-8", "surrogatepass"))


def mark_answer(text: str, span: tuple[int, int], metadata: dict[str, Any]) -> None:
    """Mark the answer, given in characters."""
    start, end = (len(text[:place].encode("utf-8", "surrogatepass")) for place in span)
    metadata["answer_start"], metadata["answer_end"] = start, end


def carry_marks(text: str, new_text: str, edits: Sequence[Edit], metadata: dict[str, Any]) -> None:
    """Put the marks of words and answer where they belong after the edits. Blanks at a word's border leave it."""
    moved = Moved(edits)
    if metadata.get("heads") is not None or metadata.get("word_starts") is not None:
        spans = [
            _without_blanks(new_text, moved.border(start, begins=True), moved.border(end, begins=False))
            for start, end in word_spans(text, metadata)
        ]
        mark_words(new_text, spans, metadata)
    answer = answer_characters(text, metadata)
    if answer is not None:
        span = (moved.border(answer[0], begins=True), moved.border(answer[1], begins=False))
        mark_answer(new_text, span, metadata)


def _without_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
