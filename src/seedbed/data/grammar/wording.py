"""From derivations to texts, labels and gold syntax, document by document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seedbed.data.grammar.draws import Ints
from seedbed.data.grammar.expand import Expander, Forest
from seedbed.data.grammar.hashing import GAMMA, mix

END = " \n"
"""Stands between documents while they are one text; no word holds white space."""


@dataclass(frozen=True)
class Sentence:
    """One document, word by word, for probes and alignment.

    concepts: what each word means, "" for quoted ones. paths: the parts above it, "first.subject.noun". features: those
    of its form. keys: equal in all languages of one meaning for what stands at one place of it. heads: -1 for the root.
    held_out: whether the document belongs to the held-out split. labels: as documents have them.
    """

    index: int
    words: tuple[str, ...]
    categories: tuple[str, ...]
    concepts: tuple[str, ...]
    paths: tuple[str, ...]
    features: tuple[dict[str, str], ...]
    keys: tuple[int, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]
    held_out: bool
    labels: dict[str, Any]


class Wording:
    """Writes what an expander has drawn. Labels that many documents share are worked out once."""

    def __init__(self, expander: Expander, item: str) -> None:
        self.expander = expander
        self.tables = expander.tables
        self.grammar = expander.tables.layout.grammar
        self.item = item
        self._fixed: dict[tuple[int, int], dict[str, Any]] = {}
        self._constructions: dict[bytes | int, str] = {}
        names = list(dict.fromkeys(self.tables.templates))
        self._template_names = names
        self._templates = np.array([names.index(name) for name in self.tables.templates], dtype=np.uint16)
        self._strings = np.array([*self.tables.words, END[1:]], dtype=object)
        self._relations = np.array(self.tables.relations, dtype=object)

    def documents(self, forest: Forest, indices: Ints, rows: Ints) -> tuple[list[str], list[dict[str, Any]]]:
        """Texts and labels of some documents of a forest. indices: of all documents; rows: which ones to write."""
        sizes, start = forest.sizes[rows], forest.starts[rows]
        ends = np.cumsum(sizes)
        starts = ends - sizes
        if len(rows) == len(forest.sizes):
            word, head, relation = forest.word, forest.heads, forest.relation
        else:
            kept = np.repeat(_is_in(rows, len(forest.sizes)), forest.sizes)
            word, head, relation = forest.word[kept], forest.heads[kept], forest.relation[kept]
        heads = np.where(head < 0, -1, head - np.repeat(start, sizes)).tolist()
        relations = self._relations[relation].tolist()
        texts = self._texts(word, ends)
        depths, centers = forest.depths[rows].tolist(), center_depths(self.expander, forest)[rows].tolist()
        constructions = self._constructed(forest, rows)
        fixed = self._fixed_labels(forest, rows)
        item = self.item
        columns = (starts.tolist(), ends.tolist(), fixed, indices[rows].tolist(), depths, centers, constructions)
        labels = [
            {
                **known,
                "construction": construction,
                "embedding_depth": depth,
                "center_depth": center,
                "item": f"{item}{number}",
                "heads": heads[a:b],
                "relations": relations[a:b],
            }
            for a, b, known, number, depth, center, construction in zip(*columns, strict=True)
        ]
        return texts, labels

    def _texts(self, word: Ints, ends: Ints) -> list[str]:
        """Words joined by blanks, cut where documents end: one join and one split cost less than one of each."""
        if not len(ends):
            return []
        with_ends = np.empty(len(word) + len(ends), dtype=np.int64)
        stops = ends + np.arange(len(ends), dtype=np.int64)
        is_word = np.ones(len(with_ends), dtype=bool)
        is_word[stops] = False
        with_ends[is_word], with_ends[stops] = word, len(self.tables.words)
        return " ".join(self._strings[with_ends].tolist())[: -len(END)].split(END + " ")

    def _fixed_labels(self, forest: Forest, rows: Ints) -> list[dict[str, Any]]:
        """Task, language, constructions and the file's own labels."""
        t = self.tables
        tasks = t.row_rule[forest.waves[0].row[rows]].tolist()
        found = []
        for key in zip(tasks, forest.masks[rows].tolist(), strict=True):
            known = self._fixed.get(key)
            if known is None:
                task, mask = key
                known = {"task": t.rule_names[task], "language": self.grammar.language}
                known["constructions"] = [mark for i, mark in enumerate(t.marks) if mask >> i & 1]
                known |= self.grammar.labels
                own = [label for i, label in enumerate(t.labels) if mask >> (i + len(t.marks)) & 1]
                known |= dict(reversed(own))
                self._fixed[key] = known
            found.append(known)
        return found

    def _constructed(self, forest: Forest, rows: Ints) -> list[str]:
        """`construction`: the row of categories of the measured part, or the rules from the start down its heads."""
        known = self._constructions
        found: list[str] = []
        if self.grammar.template is None:
            paths = head_rules(self.expander, forest)[rows]
            codes = np.zeros(len(rows), dtype=np.uint64)
            for rules in paths.T:
                codes = mix(codes * np.uint64(GAMMA) + (rules + 1).astype(np.uint64))
            names = self.tables.rule_names
            for path, code in zip(paths, codes.tolist(), strict=True):
                if code not in known:
                    known[code] = " ".join(names[rule] for rule in path.tolist() if rule >= 0)
                found.append(known[code])
            return found
        buffer = self._templates[forest.leaf].tobytes()
        for a, b in zip(forest.of_start[rows].tolist(), forest.of_stop[rows].tolist(), strict=True):
            row = buffer[2 * a : 2 * b]
            if row not in known:
                places = np.frombuffer(row, dtype=np.uint16).tolist()
                known[row] = " ".join(self._template_names[place] for place in places)
            found.append(known[row])
        return found

    def sentences(self, forest: Forest, indices: Ints, rows: Ints, held_out: Sequence[bool]) -> list[Sentence]:
        """The same documents word by word. held_out: for each of the rows."""
        t = self.tables
        texts, labels = self.documents(forest, indices, rows)
        paths = word_paths(self.expander, forest)
        keys = word_keys(forest).tolist()
        found = []
        for at, (row, text, known) in enumerate(zip(rows.tolist(), texts, labels, strict=True)):
            a, b = int(forest.starts[row]), int(forest.starts[row] + forest.sizes[row])
            leaves = [t.leaves[leaf] for leaf in forest.leaf[a:b].tolist()]
            cells = (forest.cell[a:b] - t.leaf_forms[forest.leaf[a:b]]).tolist()
            found.append(
                Sentence(
                    index=int(indices[row]),
                    words=tuple(text.split(" ")),
                    categories=tuple(leaf.side.category for leaf in leaves),
                    concepts=tuple(leaf.concepts[cell] for leaf, cell in zip(leaves, cells, strict=True)),
                    paths=tuple(paths[a:b]),
                    features=tuple({f: v for f, v in leaf.side.values if v is not None} for leaf in leaves),
                    keys=tuple(keys[a:b]),
                    heads=tuple(known["heads"]),
                    relations=tuple(known["relations"]),
                    held_out=bool(held_out[at]),
                    labels=known,
                )
            )
        return found


def _is_in(rows: Ints, count: int) -> npt.NDArray[np.bool_]:
    there = np.zeros(count, dtype=bool)
    there[rows] = True
    return there


def lengths(expander: Expander, forest: Forest) -> Ints:
    """int64[documents]: words of the measured part whose relation is not punct."""
    relations = expander.tables.relations
    counted = np.ones(len(forest.relation), dtype=np.int64)
    if "punct" in relations:
        counted = (forest.relation != relations.index("punct")).astype(np.int64)
    sums = np.append(0, np.cumsum(counted))
    found: Ints = sums[forest.of_stop] - sums[forest.of_start]
    return found


def head_rules(expander: Expander, forest: Forest) -> Ints:
    """int64[documents, levels]: the rules of each document from the start down its heads, -1 where they end."""
    t = expander.tables
    levels = []
    document = at = np.arange(len(forest.sizes), dtype=np.int64)
    for depth, wave in enumerate(forest.waves):
        if depth:
            level = np.full(len(forest.sizes), -1, dtype=np.int64)
            level[document] = t.row_rule[wave.row[at]]
            levels.append(level)
        number = np.full(len(wave.parent), -1, dtype=np.int64)
        number[wave.phrases] = np.arange(len(wave.phrases))
        below = number[wave.first[at] + t.row_head[wave.row[at]]]
        document, at = document[below >= 0], below[below >= 0]
        if not len(at):
            break
    return np.stack(levels, axis=1) if levels else np.empty((len(forest.sizes), 0), dtype=np.int64)


def center_depths(expander: Expander, forest: Forest) -> Ints:
    """int64[documents]: the largest number of clauses around any word that have words of the clause around them on both
    sides; punctuation is left aside."""
    t = expander.tables
    deepest = np.zeros(len(forest.sizes), dtype=np.int64)
    if not t.part_opens.any():
        return deepest
    place = np.arange(len(forest.word), dtype=np.int64)
    punct = t.relations.index("punct") if "punct" in t.relations else -1
    silent = forest.relation == punct
    before = np.maximum.accumulate(np.where(silent, -1, place))  # the last word up to here that is no punctuation
    after = np.minimum.accumulate(np.where(silent, len(place), place)[::-1])[::-1]
    low, high = after[forest.starts], before[forest.starts + forest.sizes - 1]
    depth = np.zeros(len(deepest), dtype=np.int64)
    clause = np.arange(len(deepest), dtype=np.int64)  # the clause around each phrase
    for wave in forest.waves:
        number = np.full(len(wave.part), -1, dtype=np.int64)  # of the clause that begins at a child
        opens = t.part_opens[wave.part]
        at = np.flatnonzero(opens | t.part_is_clause[wave.part])
        first, part = wave.first[wave.parent], wave.part
        if len(at):
            outer = clause[wave.parent[at]]
            ends = first[at] + t.part_high[part[at]]
            left = after[wave.start[first[at] + t.part_low[part[at]]]]
            right = before[wave.start[ends] + wave.size[ends] - 1]
            own = depth[outer] + (opens[at] & (left > low[outer]) & (right < high[outer]))
            np.maximum.at(deepest, wave.document[wave.parent[at]], own)
            number[at] = len(depth) + np.arange(len(at), dtype=np.int64)
            low, high = np.concatenate([low, left]), np.concatenate([high, right])
            depth = np.concatenate([depth, own])
        on = wave.phrases
        opener = t.part_opener[part[on]]
        # A phrase lies in the clause that begins with it, else in that of the part it hangs on, else in its parent's.
        beside = np.where(opener >= 0, number[first[on] + np.maximum(opener, 0)], -1)
        own_clause = np.where(number[on] >= 0, number[on], beside)
        clause = np.where(own_clause >= 0, own_clause, clause[wave.parent[on]])
    return deepest


def word_keys(forest: Forest) -> npt.NDArray[np.uint64]:
    """uint64[words]: the key of each word's place in its derivation."""
    keys = np.zeros(len(forest.word) + 1, dtype=np.uint64)  # the last is for words that are left out
    for wave in forest.waves:
        keys[wave.start[wave.words]] = wave.key
    return keys[:-1]


def word_paths(expander: Expander, forest: Forest) -> list[str]:
    """For each word the names of the parts above it and its own, from the start rule's parts on."""
    names = expander.tables.part_names
    found = [""] * (int(forest.sizes.sum()) + 1)  # the last is for words that are left out
    above = [""] * len(forest.sizes)
    for depth, wave in enumerate(forest.waves):
        starts, paths = wave.start.tolist(), []
        for parent, part in zip(wave.parent.tolist(), wave.part.tolist(), strict=True):
            name = names[expander.tables.part_name[part]] if depth else ""
            paths.append(f"{above[parent]}.{name}" if above[parent] else name)
        for at in wave.words.tolist():
            found[starts[at]] = paths[at]
        paths = [paths[at] for at in wave.phrases.tolist()]
        above = paths
    return found[:-1]
