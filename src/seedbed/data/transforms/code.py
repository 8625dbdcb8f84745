"""Controls for code: what stays of it when its order within lines, or all but its nesting, is taken away."""

from __future__ import annotations

import re
from itertools import chain, pairwise
from typing import Any

import numpy as np

from seedbed.data.grammar.hashing import numbers
from seedbed.data.transforms.base import EditTransform, draw_key
from seedbed.data.transforms.edits import Edit

TOKEN = re.compile(r"\w+|[^\w\s]")
LINE = re.compile(r"[^\n\r]+")
PAIRS = {"(": ")", "[": "]", "{": "}"}
KINDS = tuple(PAIRS.items())


class CodeShuffler(EditTransform):
    """Shuffles the tokens of every line; indentation, line breaks and every line's bag of tokens stay.

    A token is a run of letters, digits and underscores, or one other sign; comments and strings are made of tokens too.
    White space stays where it is, but where two words would touch: there goes the line's last that stands where none is
    needed, or, where there is none left, a space of our own, which is counted.
    The order is a hash of seed, text and line number. Not undone. Counts: tokens, moved, spaces_added.
    """

    name = "shuffled code"

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__()
        self.seed = seed

    def edits(self, text: str) -> tuple[list[Edit], dict[str, Any]]:
        """One edit per line that changes, from its first token to its last."""
        key = np.uint64(draw_key(text, self.name, self.seed))
        edits, counts = [], {"tokens": 0, "moved": 0, "spaces_added": 0}
        drawn = 0
        for line in LINE.finditer(text):
            tokens = [found.span() for found in TOKEN.finditer(text, *line.span())]
            if not tokens:
                continue
            draws = numbers(np.full(len(tokens), key), np.arange(drawn, drawn + len(tokens), dtype=np.uint64))
            drawn += len(tokens)
            order = np.argsort(draws, kind="stable").tolist()
            new, added = _relaid(text, tokens, order)
            counts["tokens"] += len(tokens)
            counts["moved"] += sum(place != old for place, old in enumerate(order))
            counts["spaces_added"] += added
            edits.append(Edit(tokens[0][0], tokens[-1][1], new))
        return [edit for edit in edits if text[edit.start : edit.end] != edit.new], counts


def _relaid(text: str, tokens: list[tuple[int, int]], order: list[int]) -> tuple[str, int]:
    """The tokens in their new order in the line's own gaps, and how many spaces were added."""
    words = [text[slice(*tokens[old])] for old in order]
    gaps = [text[end:start] for (_, end), (start, _) in pairwise(tokens)]
    needed = [_is_word(one[-1]) and _is_word(other[0]) for one, other in pairwise(words)]
    spare = [place for place, gap in enumerate(gaps) if gap and not needed[place]]
    added = 0
    for place, gap in enumerate(gaps):
        if needed[place] and not gap:
            gaps[place] = " "
            if spare:
                gaps[place], gaps[spare[-1]] = gaps[spare[-1]], ""
                spare.pop()
            else:
                added += 1
    return "".join(chain.from_iterable(zip(words, [*gaps, ""], strict=True))), added


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


class BracketDycker(EditTransform):
    """Keeps of a text its white space and its matched brackets, each where it stands, and fills the rest with pairs.

    Brackets ( ) [ ] { } are matched by a stack, wherever they stand (in strings and comments too): a closing bracket
    takes the nearest open one of its kind, and those left open in between are unmatched. Every run of L bytes of other
    characters, unmatched brackets among them, becomes L // 2 pairs side by side, each a pair of one kind drawn by a
    hash of seed, text and place, and a space if L is odd. So the text has the same bytes and lines and its brackets are
    balanced; its own nest as they did, with flat pairs between them. Not undone. Counts: matched (pairs
    of the text's own), unmatched (brackets), filled (pairs).
    """

    name = "bracket Dyck"

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__()
        self.seed = seed

    def edits(self, text: str) -> tuple[list[Edit], dict[str, Any]]:
        """One edit per run that is filled."""
        own, unmatched = matched_brackets(text)
        key = np.uint64(draw_key(text, self.name, self.seed))
        edits, filled = [], 0
        for run in re.finditer(r"\S+", text):
            begin = run.start()
            for place in [*(place for place in range(*run.span()) if place in own), run.end()]:
                if place > begin:
                    length = len(text[begin:place].encode("utf-8", "surrogatepass"))
                    draws = numbers(np.full(length // 2, key), np.arange(filled, filled + length // 2, dtype=np.uint64))
                    pairs = "".join("".join(KINDS[int(draw) % len(KINDS)]) for draw in draws)
                    edits.append(Edit(begin, place, pairs + " " * (length % 2)))
                    filled += length // 2
                begin = place + 1
        return edits, {"matched": len(own) // 2, "unmatched": unmatched, "filled": filled}


def matched_brackets(text: str) -> tuple[set[int], int]:
    """The places of matched brackets, and how many brackets are unmatched."""
    stack: list[int] = []
    own: set[int] = set()
    brackets = 0
    for found in re.finditer(r"[()\[\]{}]", text):
        brackets += 1
        if found[0] in PAIRS:
            stack.append(found.start())
            continue
        opener = next((at for at in range(len(stack) - 1, -1, -1) if PAIRS[text[stack[at]]] == found[0]), None)
        if opener is not None:
            own |= {stack[opener], found.start()}
            del stack[opener:]
    return own, brackets - len(own)
