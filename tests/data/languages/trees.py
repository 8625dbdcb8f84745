"""Dependency trees of generated sentences, for the checkers of single languages. They know words and syntax only, not
the grammar that wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

PUNCTUATION = frozenset({".", "?", ",", "。", "？"})


@dataclass(frozen=True)
class Tree:
    words: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.words)

    @property
    def root(self) -> int:
        return self.heads.index(-1)

    def children(self, place: int, *relations: str) -> list[int]:
        """Words that depend on this one, by these relations if any are given."""
        return [
            child
            for child, head in enumerate(self.heads)
            if head == place and (not relations or self.relations[child] in relations)
        ]

    def child(self, place: int, *relations: str) -> int | None:
        return next(iter(self.children(place, *relations)), None)

    def subtree(self, place: int) -> list[int]:
        found = [place]
        for child in self.children(place):
            found += self.subtree(child)
        return sorted(found)

    def spoken(self, places: Sequence[int]) -> list[int]:
        """Without punctuation."""
        return [place for place in places if self.words[place] not in PUNCTUATION]

    def clauses(self) -> list[tuple[int, str]]:
        """Heads of subordinate clauses, with their relation."""
        return [(i, relation) for i, relation in enumerate(self.relations) if relation in ("ccomp", "acl", "acl:relcl")]


def tree_of(text: str, heads: Sequence[int], relations: Sequence[str]) -> Tree:
    tree = Tree(tuple(text.split(" ")), tuple(heads), tuple(relations))
    assert len(tree.words) == len(tree.heads) == len(tree.relations), text
    return tree


def malformed(tree: Tree) -> list[str]:
    """What no sentence may have, in any language."""
    found = []
    if tree.heads.count(-1) != 1 or len(tree.subtree(tree.root)) != len(tree.words):
        found.append("is no tree")
    marks = [word in PUNCTUATION for word in tree.words]
    if any(first and second for first, second in pairwise(marks)) or marks[0]:
        found.append("has two marks in a row, or one at its beginning")
    if not marks[-1]:
        found.append("does not end in a stop")
    for head, _ in tree.clauses():
        places = tree.subtree(head)
        if places != list(range(places[0], places[-1] + 1)):
            found.append("has a clause in pieces")
    return found
