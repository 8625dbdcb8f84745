"""Sentences from a grammar: each a pure function of the rules, the plan, a seed and its index.

Everything about index i comes from counter-based streams of i, so blocks, tasks and workers change nothing. Documents
of one structure are drawn together, as arrays of word numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from seedbed.data.grammar.hashing import U64, below, held_out, key_of, mix, numbers, unit, word_hash
from seedbed.data.grammar.plans import Plan
from seedbed.data.grammar.rules_file import KINDS, NUMBERED, STOP, TASKS, Rules
from seedbed.data.grammar.structures import ROOT, Structure, embedding_depth, structures_of
from seedbed.errors import RecipeError

Words: TypeAlias = npt.NDArray[np.int64]
QUESTION_MARK = "?"
MOST_ATTEMPTS = 4_096
# Counters of an index's stream; its words have streams of their own, one per attempt.
TASK, CELL, FIRST_KIND, SECOND_KIND, WORDS = range(5)


@dataclass(frozen=True)
class Group:
    """Documents of one task and structure.

    indices: int64[n]; words: the declarative's word numbers, int64[n, slots]; plural: bool[n, nouns].
    """

    task: str
    structure: Structure
    indices: npt.NDArray[np.int64]
    words: Words
    plural: npt.NDArray[np.bool_]


class Lexicon:
    """Words by number. words: object[words], of str; hashes: uint64[words]."""

    def __init__(self, rules: Rules) -> None:
        forms = [STOP, QUESTION_MARK, *(rules.tasks[task][0] for task in TASKS)]
        self._choices: dict[str, npt.NDArray[np.int64]] = {}
        for category, entries in rules.lexicon.items():
            first = len(forms)
            forms += [form for entry in entries for form in entry]
            numbers_ = np.arange(first, len(forms), dtype=np.int64)
            self._choices[category] = numbers_.reshape(len(entries), -1)
        self._choices[STOP] = np.zeros((1, 1), dtype=np.int64)
        self.words: npt.NDArray[np.object_] = np.array(forms, dtype=object)
        self.hashes: U64 = np.array([word_hash(form) for form in forms], dtype=np.uint64)
        self.number: dict[str, int] = {form: i for i, form in enumerate(forms)}
        self.category: dict[str, str] = {STOP: STOP}
        for category, choices in self._choices.items():
            self.category |= {forms[number]: category for number in choices.ravel()}

    def choices(self, category: str) -> npt.NDArray[np.int64]:
        """Word numbers of a category: int64[entries, forms], singular before plural."""
        return self._choices[category]


class Sampler:
    """Draws documents by a plan.

    seed: of the draw. split: "train" or "held-out", by a hash of the declarative's words: a sentence that falls in the
    other split is drawn again, with the same structure.
    """

    def __init__(self, rules: Rules, plan: Plan, *, seed: int, split: str, stream: str = "documents") -> None:
        self.rules = rules
        self.split = split
        self.lexicon = Lexicon(rules)
        self._key = key_of("structures", seed)
        # Words have a stream for each plan, so that the questions and the copies of two corpora with one seed are not
        # the same sentences; structures do not, so that twin corpora draw the same kinds of clause for the same index.
        shape = repr((sorted(plan.tasks.items()), [sorted(plan.cells[task].items()) for task in sorted(plan.cells)]))
        kinds = repr((sorted(plan.subject_kinds.items()), sorted(plan.object_kinds.items())))
        if plan.structures is not None:
            kinds += repr([sorted((s.categories, w) for s, w in of.items()) for of in plan.structures.values()])
        self._word_key = key_of("words", stream, seed, split, shape, kinds)
        self._choices = _Choices(plan, structures_of(rules))
        self._known_labels: dict[tuple[str, Structure], list[dict[str, Any]]] = {}

    def groups(self, start: int, stop: int) -> Iterator[Group]:
        """Documents start to stop, gathered by task and structure; within a group in the order of their index."""
        indices = np.arange(start, stop, dtype=np.int64)
        if not len(indices):
            return
        keys = mix(indices.astype(np.uint64) + self._key)
        choice = self._choices.draw(keys)
        word_keys = numbers(mix(indices.astype(np.uint64) + self._word_key), WORDS)
        order = np.argsort(choice, kind="stable")
        ends = np.flatnonzero(np.diff(choice[order], append=-1)) + 1
        for first, last in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
            members = order[first:last]
            task, structure = self._choices.pairs[int(choice[members[0]])]
            words, plural = self._words(structure, word_keys[members])
            yield Group(task, structure, indices[members], words, plural)

    def documents(self, start: int, stop: int) -> tuple[list[str], list[dict[str, Any]]]:
        """Texts and labels of documents start to stop, by index. Labels are shared: copy them to change them."""
        texts: list[str] = [""] * (stop - start)
        labels: list[dict[str, Any]] = [{}] * (stop - start)
        for group in self.groups(start, stop):
            rows = self.lexicon.words[self._with_target(group)].tolist()
            known = self._labels(group.task, group.structure)
            patterns = (group.plural @ (1 << np.arange(group.plural.shape[1]))).tolist()
            for at, row, pattern in zip((group.indices - start).tolist(), rows, patterns, strict=True):
                texts[at] = " ".join(row)
                labels[at] = known[pattern]
        return texts, labels

    def _words(self, structure: Structure, keys: U64) -> tuple[Words, npt.NDArray[np.bool_]]:
        """Each key's first attempt that falls in this split; the rarer that is, the more are made at once."""
        words = np.empty((len(keys), len(structure.slots)), dtype=np.int64)
        plural = np.empty((len(keys), len(structure.nouns)), dtype=bool)
        share = self.rules.held_out_share
        width = min(int(1 / (share if self.split == "held-out" else 1 - share)), 64)
        pending = np.arange(len(keys))
        for first in range(0, MOST_ATTEMPTS, width):
            if not len(pending):
                return words, plural
            attempts = np.tile(np.arange(first, first + width, dtype=np.uint64), len(pending))
            tried, numbers_ = self._attempt(structure, np.repeat(keys[pending], width), attempts)
            fits = ~self._in_other_split(tried).reshape(len(pending), width)
            done = fits.any(axis=1)
            places = (np.arange(len(pending)) * width + fits.argmax(axis=1))[done]
            words[pending[done]], plural[pending[done]] = tried[places], numbers_[places]
            pending = pending[~done]
        raise RecipeError(
            f"grammar {self.rules.name!r} has too few sentences of the form {' '.join(structure.categories)!r} for a "
            f"{self.split} split; give its lexicon more words"
        )

    def _in_other_split(self, words: Words) -> npt.NDArray[np.bool_]:
        out = held_out(self.lexicon.hashes[words], self.rules.held_out_share)
        return out if self.split == "train" else ~out

    def _attempt(self, structure: Structure, keys: U64, attempts: U64) -> tuple[Words, npt.NDArray[np.bool_]]:
        """Words int64[n, slots] and the nouns' numbers bool[n, nouns]: one draw for each slot."""
        slots = structure.slots
        streams = mix(keys + attempts)
        draws = numbers(streams[:, None], np.arange(len(slots), dtype=np.uint64)[None, :])
        words = np.empty(draws.shape, dtype=np.int64)
        for i, slot in enumerate(slots):
            choices = self.lexicon.choices(slot.category)
            entry = below(draws[:, i], len(choices))
            if slot.category in NUMBERED and slot.number_of is not None:
                form = (draws[:, slot.number_of] >> np.uint64(63)).astype(np.int64)
                words[:, i] = choices[entry, form]
            else:
                words[:, i] = choices[entry, 0]
        plural = (draws[:, list(structure.nouns)] >> np.uint64(63)).astype(bool)
        return words, plural

    def _with_target(self, group: Group) -> Words:
        """Declarative, task word and target side by side: int64[n, 2 * slots + 1]."""
        words = group.words
        task_word = np.full((len(words), 1), self.lexicon.number[self.rules.tasks[group.task][0]], dtype=np.int64)
        target = words[:, target_order(group.structure, group.task)]
        if group.task == "question":
            target[:, -1] = self.lexicon.number[QUESTION_MARK]
        return np.hstack([words, task_word, target])

    def _labels(self, task: str, structure: Structure) -> list[dict[str, Any]]:
        """Labels by the nouns' numbers, read as bits, plural 1, the first noun lowest."""
        if (task, structure) not in self._known_labels:
            nouns = range(len(structure.nouns))
            self._known_labels[task, structure] = [
                document_labels(structure, task, [bool(pattern >> i & 1) for i in nouns])
                | {"language": self.rules.language}
                for pattern in range(2 ** len(nouns))
            ]
        return self._known_labels[task, structure]


class _Choices:
    """Pairs of task and structure, and the draw of one of them for each key."""

    def __init__(self, plan: Plan, structures: tuple[Structure, ...]) -> None:
        tasks = [task for task in TASKS if task in plan.tasks]
        self.pairs = [(task, structure) for task in tasks for structure in structures]
        self._tasks = _cumulative([plan.tasks[task] for task in tasks])
        self._cell_names = list(dict.fromkeys((structure.subject, structure.object) for structure in structures))
        self._cells = [_cumulative([plan.cells[task].get(cell, 0.0) for cell in self._cell_names]) for task in tasks]
        self._subject_kinds = _cumulative([plan.subject_kinds[kind] for kind in KINDS])
        self._object_kinds = _cumulative([plan.object_kinds[kind] for kind in KINDS])
        places = {
            (self._cell_names.index((s.subject, s.object)), s.subject_rc, s.object_rc): i
            for i, s in enumerate(structures)
        }
        # place[cell, subject kind, object kind]; where a place has no clause, every kind leads to the same structure.
        self._place = np.zeros((len(self._cell_names), len(KINDS), len(KINDS)), dtype=np.int64)
        for cell, (subject, object_) in enumerate(self._cell_names):
            for i, subject_kind in enumerate(KINDS):
                for j, object_kind in enumerate(KINDS):
                    there = subject_kind if subject == "relative clause" else "none"
                    then = object_kind if object_ == "relative clause" else "none"
                    self._place[cell, i, j] = places[cell, there, then]
        self._subject_clause = np.array([subject == "relative clause" for subject, _ in self._cell_names])
        self._structures = len(structures)
        self._joint = None
        if plan.structures is not None:
            self._joint = [_cumulative([plan.structures[task].get(s, 0.0) for s in structures]) for task in tasks]

    def draw(self, keys: U64) -> npt.NDArray[np.int64]:
        """For each key the number of a pair: int64[n].

        A sentence's first relative clause, on the subject or not, takes its kind from the same number, so that corpora
        with one on the subject and corpora with one on the object have equal lengths, index by index.
        """
        task = np.searchsorted(self._tasks, unit(numbers(keys, TASK)), side="right")
        in_cell = unit(numbers(keys, CELL))
        if self._joint is not None:
            place = np.zeros(len(keys), dtype=np.int64)
            for i, cumulative in enumerate(self._joint):
                place = np.where(task == i, np.searchsorted(cumulative, in_cell, side="right"), place)
            return task * self._structures + place
        cell = np.zeros(len(keys), dtype=np.int64)
        for i, cumulative in enumerate(self._cells):
            cell = np.where(task == i, np.searchsorted(cumulative, in_cell, side="right"), cell)
        first, second = unit(numbers(keys, FIRST_KIND)), unit(numbers(keys, SECOND_KIND))
        subject_kind = np.searchsorted(self._subject_kinds, first, side="right")
        for_object = np.where(self._subject_clause[cell], second, first)
        object_kind = np.searchsorted(self._object_kinds, for_object, side="right")
        return task * self._structures + self._place[cell, subject_kind, object_kind]


def _cumulative(weights: list[float]) -> npt.NDArray[np.float64]:
    """Upper ends of each choice's part of [0, 1); a choice of no weight has an empty part."""
    ends = np.cumsum(np.array(weights, dtype=np.float64))
    ends /= ends[-1]
    ends[ends >= 1.0] = 1.0
    return ends


def target_order(structure: Structure, task: str) -> list[int]:
    """Which slot of the declarative stands where in the target: a question fronts the main clause's auxiliary."""
    slots = list(range(len(structure.slots)))
    if task == "copy":
        return slots
    return [structure.main, *(slot for slot in slots if slot != structure.main)]


def document_syntax(structure: Structure, task: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Heads and relations of a whole document's words: one tree.

    The declarative's verb is the root; the target's verb hangs on it as parataxis and has the task word as discourse.
    """
    slots = structure.slots
    order = target_order(structure, task)
    there = {slot: len(slots) + 1 + place for place, slot in enumerate(order)}
    root = next(i for i, slot in enumerate(slots) if slot.head == ROOT)
    heads = [slot.head for slot in slots]
    relations = [slot.relation for slot in slots]
    heads.append(there[root])
    relations.append("discourse")
    for slot in order:
        heads.append(root if slot == root else there[slots[slot].head])
        relations.append("parataxis" if slot == root else slots[slot].relation)
    return tuple(heads), tuple(relations)


def document_labels(structure: Structure, task: str, plural: list[bool]) -> dict[str, Any]:
    """What a grammar document carries beside its text: task, construction, clause kinds, depth, gold syntax."""
    heads, relations = document_syntax(structure, task)
    return {
        "task": task,
        "construction": structure.template(plural),
        "subject_rc": structure.subject_rc,
        "object_rc": structure.object_rc,
        "embedding_depth": embedding_depth(heads, relations),
        "heads": heads,
        "relations": relations,
    }
