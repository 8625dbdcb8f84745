"""A dependency parse drawn in a terminal: one word a line, arcs to the right of them.

    the   ─◄┐     det
    newt  ──┴──◄┐ nsubj
    does  ─◄┐   │ aux
    sleep ──┴─┬─┘ root
    .     ───◄┘   punct

Shorter arcs run closer to the words. An arrow head stands where an arc ends in its dependent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

ROOT = -1
LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8
BOXES = {
    0: " ",
    LEFT: "─",
    RIGHT: "─",
    UP: "│",
    DOWN: "│",
    LEFT | RIGHT: "─",
    UP | DOWN: "│",
    LEFT | DOWN: "┐",
    LEFT | UP: "┘",
    LEFT | RIGHT | DOWN: "┬",
    LEFT | RIGHT | UP: "┴",
    LEFT | UP | DOWN: "┤",
    LEFT | RIGHT | UP | DOWN: "┼",
}


def draw_parse(words: Sequence[str], heads: Sequence[int], relations: Sequence[str]) -> list[str]:
    """The lines of a drawing, one per word: the word, arcs, and its relation.

    heads: the place of each word's head, -1 for a root. Arcs may cross (a free word order is not projective).
    Errors: ValueError if the three do not have one entry per word.
    """
    if not len(words) == len(heads) == len(relations):
        raise ValueError("words, heads and relations need one entry per word")
    lanes = arc_lanes(heads)
    width = 2 * max(lanes.values(), default=0) + 1
    cells = [[0] * width for _ in words]
    for dependent, lane in lanes.items():
        head, at = heads[dependent], 2 * lane
        first, last = sorted((head, dependent))
        for row in range(first, last + 1):
            cells[row][at] |= (UP if row > first else 0) | (DOWN if row < last else 0)
        for row in (first, last):
            for column in range(at):
                cells[row][column] |= LEFT | RIGHT
            cells[row][at] |= LEFT
    lines = [[BOXES[cell] for cell in row] for row in cells]
    for dependent, lane in lanes.items():
        lines[dependent][2 * lane - 1] = "◄"
    longest = max(map(shown_width, words), default=0)
    return [
        f"{word}{' ' * (longest - shown_width(word))} {''.join(line)} {relation}".rstrip()
        for word, line, relation in zip(words, lines, relations, strict=True)
    ]


def shown_width(word: str) -> int:
    """Cells that a word takes in a terminal: two for a wide character (Chinese, Japanese), none for a combining one."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in word
    )


def arc_lanes(heads: Sequence[int]) -> dict[int, int]:
    """Dependent -> the lane of its arc, from 1 on: arcs that share a row have different lanes, shorter ones first."""
    arcs = [(abs(head - word), word) for word, head in enumerate(heads) if head != ROOT]
    taken: list[set[int]] = [set() for _ in heads]
    lanes = {}
    for _, word in sorted(arcs):
        rows = range(min(word, heads[word]), max(word, heads[word]) + 1)
        used = set().union(*(taken[row] for row in rows))
        lane = next(lane for lane in range(1, len(arcs) + 1) if lane not in used)
        lanes[word] = lane
        for row in rows:
            taken[row].add(lane)
    return lanes
