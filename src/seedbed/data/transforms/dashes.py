"""Dash style: one list of dash sites per text, rendered one way throughout, and dashes planted at a share.

A *site* is where a writer set off words by a dash, however it was typed: `--`, `---`, an em dash, an en dash, or a
hyphen between spaces. These are no sites: ranges (1914-18, however typed), minus signs, hyphens in words, compounds of
two names (an en dash between capitals), runs of other lengths (rules, omissions), bullets and the dashes that open a
line or a speech, and `--option`, `<!--`, `-->` of code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from seedbed.data.transforms.base import EditTransform, draw_key
from seedbed.data.transforms.edits import Edit

RENDERED = {"unspaced em dash": "\u2014", "spaced en dash": " \u2013 ", "spaced em dash": " \u2014 ", "commas": ", "}
TYPED = {"--": "hyphens", "---": "hyphens", "\u2014": "em dash", "\u2013": "en dash", "-": "spaced hyphen"}

SITE = re.compile(r"(?P<left>[^\S\r\n]*)(?P<dash>[-\u2010-\u2015\u2212]+)(?P<right>[^\S\r\n]*)")
COMMA = re.compile(r"(?<=\w), (?=[^\W\d])")
PARENTHESES = re.compile(
    r"(?<=[\w.!?\u2019\u201d'\"]) \((?P<inside>\w(?:[^()\r\n]*[\w.!?\u2019\u201d'\"])?)\)"
    r"(?P<after>[.,;:!?]|[^\S\r\n]+(?=\w)|(?=[\r\n]|$))"
)
GAP = re.compile(r"(?<=\S) (?=[,;:.?!](?:\s|$))")
OPENING = "\"'\u201c\u2018\u00ab([{_*"
CLOSING = "\"'\u201d\u2019\u00bb)]}.,;:!?\u2026%_*"
SUPPORTS_RIGHT = CLOSING + OPENING + "$\u00a3\u20ac"


@dataclass(frozen=True, slots=True)
class Site:
    """A dash with the blanks around it, as characters start to end; typed: how it was typed."""

    start: int
    end: int
    typed: str


def dash_sites(text: str) -> Iterator[Site]:
    """The dash sites of a text, in order."""
    for found in SITE.finditer(text):
        dash = found["dash"]
        if dash in TYPED and _is_site(text, found):
            yield Site(found.start(), found.end(), TYPED[dash])


def _is_site(text: str, found: re.Match[str]) -> bool:
    dash, spaced_left, spaced_right = found["dash"], bool(found["left"]), bool(found["right"])
    before, after = _around(text, found.start(), found.end())
    hyphens = dash.startswith("-")
    if before == "\n" or not (before.isalnum() or before in CLOSING) or _opens_line(text, found.start()):
        return False  # bullets, dialogue dashes, and what no word stands before
    if after != "\n" and not (after.isalnum() or after in SUPPORTS_RIGHT):
        return False
    if before.isdigit() and after.isdigit():
        return False  # a range or a difference, however it is spaced
    if dash == "-":
        return spaced_left and spaced_right and not after.isdigit() and after != "\n"
    if hyphens:
        # `<!--`, and `--option`, which no word touches from the left.
        return text[max(found.start() - 2, 0) : found.start()] != "<!" and not (spaced_left and not spaced_right)
    if dash == "\u2013" and not spaced_left and not spaced_right:
        return not (before.isupper() and after.isupper()) and not _between_names(text, found)
    return True


def _around(text: str, start: int, end: int) -> tuple[str, str]:
    """The characters before and after; a line's or the text's border is a line break."""
    before, after = text[start - 1 : start] or "\n", text[end : end + 1] or "\n"
    return before.replace("\r", "\n"), after.replace("\r", "\n")


def _opens_line(text: str, place: int) -> bool:
    """Whether nothing but blanks and opening quotes stands before this place in its line."""
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return not line.strip(" \t" + OPENING)


def _between_names(text: str, found: re.Match[str]) -> bool:
    left = re.search(r"\w+$", text[max(found.start() - 40, 0) : found.start()])
    return left is not None and left[0][0].isupper() and text[found.end()].isupper()


class DashStyler(EditTransform):
    """Renders every dash site in one style, and plants dashes where commas and parentheses stood.

    style: "unspaced em dash", "spaced en dash", "spaced em dash" or "commas". A rendering has no space towards a line's
    end, a closing quote or a stop; a comma is not set beside another stop. plant: the share of a document's commas
    (between words) and pairs of parentheses that become dashes first; which ones is drawn by a hash, k of n with k
    = floor(n x plant + u), u uniform in [0, 1) per document, so that n x plant are planted on average and never more
    than one off. other: a second style, in which a document is written, whole, where the hash of its text falls below
    other_share. seed: of these draws; neither depends on a style, so that recipes that differ in styles alone have the
    same sites. Counts: sites (as found, without planted ones), planted, could_be_planted, other_style (documents
    written in it). `seedbed.data.transforms.counts` gives the share achieved beside the one asked for.
    """

    name = "dash style"

    def __init__(
        self,
        style: str,
        *,
        plant: float = 0.0,
        other: str | None = None,
        other_share: float = 0.5,
        seed: int = 0,
        keep: bool = False,
    ) -> None:
        super().__init__(keep=keep)
        self.style = style
        self.plant = plant
        self.other = other
        self.other_share = other_share
        self.seed = seed

    def edits(self, text: str) -> tuple[list[Edit], dict[str, Any]]:
        """A site's blanks and dash become the style's; planted ones too."""
        sites = list(dash_sites(text))
        counts: dict[str, Any] = {"sites": len(sites)}
        rendering = RENDERED[self.style]
        if self.other is not None:
            counts["other_style"] = int(draw_key(text, self.name, self.seed, "other") < self.other_share * 2.0**64)
            rendering = RENDERED[self.other] if counts["other_style"] else rendering
        edits = [_tidied(text, site.start, site.end, rendering) for site in sites]
        if self.plant:
            candidates = _candidates(text)
            chosen = self._drawn(text, len(candidates))
            for number in chosen:
                edits += [_tidied(text, start, end, rendering) for start, end in candidates[number]]
            counts |= {"planted": len(chosen), "could_be_planted": len(candidates)}
            counts["planted_share_asked"] = float(self.plant)
            edits.sort(key=lambda edit: edit.start)
        return [edit for edit in edits if text[edit.start : edit.end] != edit.new], counts

    def _drawn(self, text: str, candidates: int) -> list[int]:
        key = draw_key(text, self.name, self.seed)
        count = int(candidates * self.plant + key * 2.0**-64)
        ranked = sorted(range(candidates), key=lambda number: draw_key(text, self.name, self.seed, number))
        return sorted(ranked[: min(count, candidates)])


class Closer(EditTransform):
    """Takes the space before a stop or comma away where one stands behind it too, or the end of the text."""

    name = "closed up"

    def edits(self, text: str) -> tuple[list[Edit], dict[str, Any]]:
        """One edit per mark. Counts: closed."""
        found = [Edit(mark.start(), mark.end(), "") for mark in GAP.finditer(text)]
        return found, {"closed": len(found)}


def _candidates(text: str) -> list[list[tuple[int, int]]]:
    """Where dashes can be planted: for each comma its place, for each pair of parentheses both of theirs."""
    found: list[tuple[int, list[tuple[int, int]]]] = []
    covered: list[tuple[int, int]] = []
    for pair in PARENTHESES.finditer(text):
        inside_end = pair.end("inside")
        places = [(pair.start(), pair.start("inside"))]
        # Before a stop or a line's end the second dash is left out, as a writer would.
        after = pair["after"]
        places.append((inside_end, pair.end() if after.isspace() else inside_end + 1))
        found.append((pair.start(), places))
        covered.append((pair.start(), pair.end()))
    inside = 0
    for comma in COMMA.finditer(text):
        while inside < len(covered) and covered[inside][1] <= comma.start():
            inside += 1
        if inside == len(covered) or comma.start() < covered[inside][0]:
            found.append((comma.start(), [comma.span()]))
    return [places for _, places in sorted(found)]


def _tidied(text: str, start: int, end: int, rendering: str) -> Edit:
    """The rendering as it stands between what is before and after it."""
    before, after = _around(text, start, end)
    new = rendering
    if text[start:end] == ")" and (after in ".,;:!?\n"):
        return Edit(start, end, "")
    if new.startswith(",") and before in ".,;:!?\u2026":
        new = new[1:]
    if new.endswith(" ") and (after == "\n" or after in ".,;:!?)]}\u201d\u2019\u00bb" or _closes(text, end)):
        new = new[:-1]
    if new.startswith(",") and after in ".,;:!?":
        new = new[1:]
    return Edit(start, end, new)


def _closes(text: str, place: int) -> bool:
    """Whether a straight quote at this place closes: white space, a stop or the end follows it."""
    if text[place : place + 1] not in ('"', "'"):
        return False
    following = text[place + 1 : place + 2]
    return not following or following.isspace() or following in ".,;:!?)"
