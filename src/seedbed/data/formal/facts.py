"""Planted facts: the shelf's file of names, relations and wordings, and documents at given frequencies."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from seedbed.data.formal.base import Planned
from seedbed.data.formal.draws import Ints, apportioned, dealt, permuted, zipf
from seedbed.data.formal.word_recipes import Facts
from seedbed.data.grammar.hashing import below, key_of, numbers
from seedbed.errors import RecipeError
from seedbed.recipes import read_toml
from seedbed.workbench import Workbench

SHELF = "data/facts"


@dataclass(frozen=True)
class Relation:
    """What is said of a subject: the values it may have, and wordings for training and for tests."""

    name: str
    values: tuple[str, ...]
    train: tuple[str, ...]
    held_out: tuple[str, ...]


@dataclass(frozen=True)
class FactFile:
    """A file of the facts shelf, checked. names: lists; a name takes a part from each. digest: SHA-256 of it all."""

    name: str
    language: str
    names: tuple[tuple[str, ...], ...]
    relations: tuple[Relation, ...]
    digest: str


def load_facts(name: str, workbench: Workbench) -> FactFile:
    """Read a file of the facts shelf.

    Errors: UnknownNameError; RecipeError that names the file, the relation and the mend.
    """
    path = workbench.shelf_file(SHELF, name)
    found = read_toml(path)
    where = f"{SHELF}/{path.name}"
    if unknown := sorted(set(found) - {"language", "names", "relations"}):
        raise RecipeError(f"{where} has a field {unknown[0]!r}; it may have language, names and [relations.NAME]")
    names = found.get("names")
    if not (isinstance(names, list) and names and all(_are_texts(part) for part in names)):
        raise RecipeError(f"{where}: names are lists of parts, [[first names], [last names]]; write at least one")
    relations = found.get("relations")
    if not (isinstance(relations, dict) and relations):
        raise RecipeError(f"{where} has no relation; write [relations.NAME] with values, train and held_out")
    return FactFile(
        name=name,
        language=str(found.get("language", "und")),
        names=tuple(map(tuple, names)),
        relations=tuple(_relation(relation, fields, where) for relation, fields in relations.items()),
        digest=hashlib.sha256(json.dumps(found, ensure_ascii=False).encode()).hexdigest(),
    )


def _are_texts(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(text, str) and text for text in value)
        and len(set(value)) == len(value)
    )


def _relation(name: str, fields: Any, where: str) -> Relation:
    place = f"{where}, relation {name!r}"
    if not isinstance(fields, dict) or set(fields) != {"values", "train", "held_out"}:
        raise RecipeError(f"{place} must have values, train and held_out, and nothing else; mend it")
    for field, texts in fields.items():
        if not _are_texts(texts):
            raise RecipeError(f"{place}: {field} must be a list of texts, all different and none empty; mend it")
    for wording in (*fields["train"], *fields["held_out"]):
        if wording.count("{subject}") != 1 or wording.count("{value}") != 1:
            raise RecipeError(f"{place}: {wording!r} must hold {{subject}} and {{value}} once each; mend the wording")
    if both := set(fields["train"]) & set(fields["held_out"]):
        raise RecipeError(f"{place}: {min(both)!r} is held out and trained on; take it out of one list")
    return Relation(name, *(tuple(fields[field]) for field in ("values", "train", "held_out")))


class FactDraws:
    """Documents of a `Facts` recipe.

    subjects: name of each fact's subject. relation, value: int64[facts], which relation of the file, and which of its
    values. repeats: int64[facts], how often training states it.
    """

    def __init__(self, recipe: Facts, file: FactFile) -> None:
        self.recipe, self.file = recipe, file
        self._key = key_of("facts", recipe.seed, recipe.name)
        self.repeats, asked = self._how_often()
        facts, kinds = len(self.repeats), len(file.relations)
        # Which facts are frequent is drawn, so that no relation is.
        rank = permuted(np.arange(facts), facts, key_of("facts", recipe.seed, "ranks"))
        self.relation = rank % kinds
        self.subjects = self._names(rank // kinds)
        sizes = np.array([len(relation.values) for relation in file.relations])
        draws = numbers(np.full(facts, key_of("facts", recipe.seed, "values")), rank.astype(np.uint64) + np.uint64(1))
        self.value = (draws % sizes[self.relation].astype(np.uint64)).astype(np.int64)
        tests = np.array([len(relation.held_out) for relation in file.relations])
        self._counts = self.repeats if recipe.split == "train" else tests[self.relation]
        self.documents = int(self._counts.sum())
        label = "item" if recipe.repeats is None else "construction"
        self.planned: Planned = {label: asked} if recipe.split == "train" else {}

    def _how_often(self) -> tuple[Ints, dict[str, tuple[float, int]]]:
        recipe = self.recipe
        if recipe.repeats is not None:
            pairs = sorted(recipe.repeats.items(), reverse=True)
            repeats = np.repeat([times for times, _ in pairs], [facts for _, facts in pairs])
            total = int(repeats.sum())
            counts = {f"stated {times} times": facts * times for times, facts in pairs}
            return repeats, {name: (count / total, count) for name, count in counts.items()}
        facts, documents = recipe.facts or 1, recipe.documents or 1
        shares = zipf(facts, recipe.alpha)
        repeats = apportioned(shares, documents)
        asked = {f"fact of rank {rank + 1}": (shares[rank], int(repeats[rank])) for rank in range(facts)}
        return repeats, asked

    def _names(self, subject: Ints) -> list[str]:
        lists = self.file.names
        possible = math.prod(map(len, lists))
        needed = int(subject.max(initial=0)) + 1
        if needed > possible:
            raise RecipeError(
                f"{SHELF}/{self.file.name}.toml makes {possible} names and {needed} are needed; add parts to names, or "
                "ask for fewer facts"
            )
        places = permuted(np.arange(needed), possible, key_of("facts", self.recipe.seed, "names"))
        parts = []
        for part in reversed(lists):
            places, chosen = np.divmod(places, len(part))
            parts.append([part[number] for number in chosen.tolist()])
        names = [" ".join(each) for each in zip(*reversed(parts), strict=True)]
        return [names[number] for number in subject.tolist()]

    def __call__(self, places: Ints) -> tuple[list[str], list[dict[str, Any]]]:
        """Texts and labels of these documents."""
        fact, time = dealt(places, self._counts, self._key)
        first = below(numbers(np.full(len(fact), self._key), fact.astype(np.uint64) + np.uint64(2**40)), 2**31)
        texts, labels = [], []
        in_training = self.recipe.split == "train"
        for chosen, number, offset in zip(fact.tolist(), time.tolist(), first.tolist(), strict=True):
            relation = self.file.relations[self.relation[chosen]]
            wordings = relation.train if in_training else relation.held_out
            # In turn, beginning anywhere: a fact that is stated once is not always stated in the first wording.
            wording = (number + (offset if in_training else 0)) % len(wordings)
            subject, value = self.subjects[chosen], relation.values[self.value[chosen]]
            text, start = worded(wordings[wording], subject, value)
            known = [relation.name, f"{'wording' if in_training else 'held-out wording'} {wording + 1}"]
            if self.recipe.repeats is not None:
                known.append(f"stated {self.repeats[chosen]} times")
            if wordings[wording].index("{value}") < wordings[wording].index("{subject}"):
                known.append("value first")
            texts.append(text)
            labels.append(
                {
                    "task": "fact",
                    "construction": relation.name,
                    "constructions": sorted(known),
                    "item": f"{relation.name} of {subject}",
                    "repeats": int(self.repeats[chosen]),
                    "answer_start": start,
                    "answer_end": start + len(value.encode()),
                    "split": self.recipe.split,
                }
            )
        return texts, labels


def worded(wording: str, subject: str, value: str) -> tuple[str, int]:
    """A wording filled in, and where its value begins, in UTF-8 bytes."""
    before, after = (part.replace("{subject}", subject) for part in wording.split("{value}"))
    return f"{before}{value}{after}", len(before.encode())


def all_wordings(relation: Relation) -> list[str]:
    """Every wording of a relation, those of training first."""
    return list(itertools.chain(relation.train, relation.held_out))
