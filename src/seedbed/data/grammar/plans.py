"""What a corpus draws from: tasks, cells of subject and object class, and kinds of relative clause, with weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seedbed.data.grammar.rules_file import KINDS, OBJECT_CLASSES, SUBJECT_CLASSES, TASKS, Rules
from seedbed.errors import RecipeError

SUBJECTS: dict[str, tuple[str, ...]] = {
    "any": SUBJECT_CLASSES,
    "no relative clause": ("plain", "prepositional phrase"),
    **{class_: (class_,) for class_ in SUBJECT_CLASSES},
}
OBJECTS: dict[str, tuple[str, ...]] = {
    "any": OBJECT_CLASSES,
    "transitive": SUBJECT_CLASSES,
    "no relative clause": ("intransitive", "plain", "prepositional phrase"),
    **{class_: (class_,) for class_ in OBJECT_CLASSES},
}


@dataclass(frozen=True)
class Plan:
    """Weights to draw a document's task and structure from.

    tasks: task -> share. cells: task -> (subject class, object class) -> weight. subject_kinds, object_kinds: kind of
    relative clause -> weight.
    """

    tasks: Mapping[str, float]
    cells: Mapping[str, Mapping[tuple[str, str], float]]
    subject_kinds: Mapping[str, float]
    object_kinds: Mapping[str, float]


def plan_of(rules: Rules, task: str, subject: str, object_: str, *, unambiguous: bool = False) -> Plan:
    """The plan of a corpus that a recipe asks for, by the grammar's weights.

    A place that is restricted to relative clauses draws their kinds by `weights.clauses.restricted`. unambiguous:
    questions take the weights of copies, subject relative clauses among them.
    Errors: RecipeError if the grammar gives such sentences no weight.
    """
    cells = {}
    for each in TASKS if task == "either" else (task,):
        weights = rules.weights["copy" if unambiguous else each]
        cells[each] = {
            cell: weight
            for cell, weight in weights.items()
            if weight and cell[0] in SUBJECTS[subject] and cell[1] in OBJECTS[object_]
        }
        if not cells[each]:
            raise RecipeError(
                f"grammar {rules.name!r} writes no {each} with subject {subject!r} and object {object_!r}; "
                f"choose others, or give them weight in data/grammars/{rules.name}.toml"
            )
    return Plan(
        tasks={each: rules.tasks[each][1] if task == "either" else 1.0 for each in cells},
        cells=cells,
        subject_kinds=rules.clauses["restricted" if subject == "relative clause" else "subject"],
        object_kinds=rules.clauses["restricted" if object_ == "relative clause" else "object"],
    )


def only_kind(kind: str) -> dict[str, float]:
    """Weights that give one kind of relative clause."""
    return {each: float(each == kind) for each in KINDS}
