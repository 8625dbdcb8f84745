"""Skills with prerequisites: the graph, read from the shelf and checked, and documents at Zipf rates."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from seedbed.data.formal.base import Planned
from seedbed.data.formal.draws import Ints, apportioned, dealt, permuted, planned, zipf
from seedbed.data.formal.word_recipes import Skills
from seedbed.data.grammar.hashing import key_of
from seedbed.errors import RecipeError
from seedbed.recipes import read_toml
from seedbed.workbench import Workbench

SHELF = "data/skills"


@dataclass(frozen=True)
class SkillGraph:
    """A file of the skills shelf. needs: prerequisites of each skill, in the order of the file. digest: SHA-256."""

    name: str
    needs: dict[str, tuple[str, ...]]
    digest: str

    def depths(self) -> dict[str, int]:
        """Skills on the longest way down from each, itself counted: 1 where nothing is needed."""
        found: dict[str, int] = {}
        for skill in topological(self.needs):
            found[skill] = 1 + max((found[need] for need in self.needs[skill]), default=0)
        return {skill: found[skill] for skill in self.needs}

    def all_needs(self) -> dict[str, set[str]]:
        """Of each skill its prerequisites, theirs, and so on."""
        found: dict[str, set[str]] = {}
        for skill in topological(self.needs):
            direct = self.needs[skill]
            found[skill] = set(direct).union(*(found[need] for need in direct))
        return found


def load_skills(name: str, workbench: Workbench) -> SkillGraph:
    """Read a file of the skills shelf.

    Errors: UnknownNameError; RecipeError for an unknown prerequisite or a cycle, with the file and the mend.
    """
    path = workbench.shelf_file(SHELF, name)
    found = read_toml(path)
    where = f"{SHELF}/{path.name}"
    skills = found.get("skills")
    if not (isinstance(skills, dict) and skills) or set(found) != {"skills"}:
        raise RecipeError(f'{where} must hold [skills] and nothing else, a line each: name = ["what it needs", ...]')
    for skill, needs in skills.items():
        if not isinstance(needs, list) or not all(isinstance(need, str) for need in needs):
            raise RecipeError(f'{where}: {skill} must be a list of the skills it needs; write {skill} = ["..."], or []')
        if len(skill.split()) != 1:
            raise RecipeError(f"{where}: a skill's name is one word in its documents and {skill!r} is none; rename it")
        for need in needs:
            if need not in skills:
                near = get_close_matches(need, skills, n=1)
                mend = f"did you mean {near[0]!r}?" if near else f"add {need} = [] to the file"
                raise RecipeError(f"{where}: {skill!r} needs {need!r}, which is no skill; {mend}")
    graph = {skill: tuple(needs) for skill, needs in skills.items()}
    if cycle := find_cycle(graph):
        raise RecipeError(f"{where}: {' needs '.join(cycle)}, so none can come first; take one of these needs out")
    return SkillGraph(name, graph, hashlib.sha256(json.dumps(graph, ensure_ascii=False).encode()).hexdigest())


def find_cycle(needs: dict[str, tuple[str, ...]]) -> list[str]:
    """Skills that need each other in a ring, the first again at the end; empty if there are none."""
    done: set[str] = set()
    for start in needs:
        way: dict[str, None] = {}
        open_: list[tuple[str, bool]] = [(start, False)]
        while open_:
            skill, leaving = open_.pop()
            if leaving:
                way.popitem()
                done.add(skill)
            elif skill in way:
                return [*list(way)[list(way).index(skill) :], skill]
            elif skill not in done:
                way[skill] = None
                open_.append((skill, True))
                open_ += [(need, False) for need in reversed(needs[skill])]
    return []


def topological(needs: dict[str, tuple[str, ...]]) -> list[str]:
    """Every skill after what it needs; otherwise in the order given. The graph has no cycle."""
    found: dict[str, None] = {}
    for start in needs:
        open_ = [start]
        while open_:
            first = next((need for need in needs[open_[-1]] if need not in found), None)
            if first is None:
                found.setdefault(open_.pop())
            else:
                open_.append(first)
    return list(found)


class SkillDraws:
    """Documents of a `Skills` recipe.

    tables: int64[skills, symbols], what each skill makes of each symbol. ranked: skills, the most frequent first.
    """

    def __init__(self, recipe: Skills, graph: SkillGraph) -> None:
        self.recipe, self.graph = recipe, graph
        self.documents = recipe.documents
        self.depths = graph.depths()
        self._contains = {
            skill: sorted([skill, *(f"needs {need}" for need in needs)]) for skill, needs in graph.all_needs().items()
        }
        self.ranked = list(graph.needs)
        if recipe.ranks != "file":
            sign = 1 if recipe.ranks == "shallow first" else -1
            self.ranked.sort(key=lambda skill: sign * self.depths[skill])
        shares = dict(zip(self.ranked, zipf(len(self.ranked), recipe.alpha), strict=True))
        self._counts = apportioned(list(shares.values()), recipe.documents)
        self.planned: Planned = {"construction": planned(shares, self._counts)}
        self._key = key_of("skills", recipe.seed, recipe.name)
        symbols = np.arange(recipe.symbols)
        made: dict[str, Ints] = {}
        for skill in topological(graph.needs):
            made[skill] = permuted(symbols, recipe.symbols, key_of("skills", recipe.seed, "table", skill))
            if graph.needs[skill]:
                made[skill] = symbols
                for need in graph.needs[skill]:
                    made[skill] = made[need][made[skill]]
        self.tables = np.array([made[skill] for skill in self.ranked])
        held = round(recipe.held_out_share * recipe.symbols)
        shuffled = np.array(
            [permuted(symbols, recipe.symbols, key_of("skills", recipe.seed, "split", skill)) for skill in self.ranked]
        )
        self.inputs = shuffled[:, :held] if recipe.split == "held-out" else shuffled[:, held:]

    def __call__(self, places: Ints) -> tuple[list[str], list[dict[str, Any]]]:
        """Texts and labels of these documents."""
        skill, time = dealt(places, self._counts, self._key)
        given = self.inputs[skill, time % self.inputs.shape[1]]
        result = self.tables[skill, given]
        texts, labels = [], []
        for chosen, x, y in zip(skill.tolist(), given.tolist(), result.tolist(), strict=True):
            name = self.ranked[chosen]
            question = f"{name} {x} = "
            texts.append(f"{question}{y}")
            labels.append(
                {
                    "task": "skill",
                    "construction": name,
                    "constructions": self._contains[name],
                    "embedding_depth": self.depths[name],
                    "difficulty": self.depths[name],
                    "rank": chosen + 1,
                    "item": question[:-3],
                    "answer_start": len(question.encode()),
                    "answer_end": len(texts[-1].encode()),
                    "split": self.recipe.split,
                }
            )
        return texts, labels
