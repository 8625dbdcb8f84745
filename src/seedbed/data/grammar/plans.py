"""What a corpus draws from: tasks, cells of subject and object class, and kinds of relative clause, with weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from seedbed.data.grammar.rules_file import KINDS, OBJECT_CLASSES, SUBJECT_CLASSES, TASKS, Rules
from seedbed.data.grammar.structures import Structure, structures_of
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
    relative clause -> weight. structures: where lengths are limited or matched, task -> structure -> weight, in place
    of cells and kinds.
    """

    tasks: Mapping[str, float]
    cells: Mapping[str, Mapping[tuple[str, str], float]]
    subject_kinds: Mapping[str, float]
    object_kinds: Mapping[str, float]
    structures: Mapping[str, Mapping[Structure, float]] | None = None


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


def with_lengths(rules: Rules, plan: Plan, max_words: int | None, like: Plan | None = None) -> Plan:
    """The plan with declaratives of at most `max_words` words, and with the lengths of the corpus `like`.

    Lengths are of the declarative in words, the final stop left out. Every task takes the lengths that `like` has over
    all its tasks; among structures of one length the plan's own proportions stay.
    Errors: RecipeError if no structure is left, or if `like` has a length that this plan cannot have.
    """
    wanted = None if like is None else _length_shares(structure_weights(rules, like))
    weights = structure_weights(rules, plan)
    for task, own in weights.items():
        kept = {s: w for s, w in own.items() if w and (max_words is None or word_count(s) <= max_words)}
        if wanted is not None:
            have = _length_shares({task: kept})
            missing = sorted(wanted.keys() - have.keys())
            if missing:
                raise RecipeError(
                    f"grammar {rules.name!r} has no such {task} of {missing[0]} words, and the grammar in lengths_like "
                    "does: give that one (and this one) a max_words that both can reach"
                )
            kept = {s: w / have[word_count(s)] * wanted.get(word_count(s), 0.0) for s, w in kept.items()}
        if not any(kept.values()):
            raise RecipeError(
                f"grammar {rules.name!r} has no such {task} of {max_words} words or fewer; raise max_words"
            )
        weights[task] = kept
    return replace(plan, structures=weights)


def structure_weights(rules: Rules, plan: Plan) -> dict[str, dict[Structure, float]]:
    """Task -> structure -> weight, whichever way the plan states them."""
    if plan.structures is not None:
        return {task: dict(weights) for task, weights in plan.structures.items()}

    def share(kinds: Mapping[str, float], kind: str) -> float:
        return 1.0 if kind == "none" else kinds[kind] / sum(kinds.values())

    return {
        task: {
            s: cells.get((s.subject, s.object), 0.0)
            * share(plan.subject_kinds, s.subject_rc)
            * share(plan.object_kinds, s.object_rc)
            for s in structures_of(rules)
        }
        for task, cells in plan.cells.items()
    }


def word_count(structure: Structure) -> int:
    """Words of the declarative, the final stop left out."""
    return len(structure.slots) - 1


def _length_shares(weights: Mapping[str, Mapping[Structure, float]]) -> dict[int, float]:
    """Number of words -> share of sentences."""
    shares: dict[int, float] = {}
    for of_task in weights.values():
        for structure, weight in of_task.items():
            if weight:
                shares[word_count(structure)] = shares.get(word_count(structure), 0.0) + weight
    total = sum(shares.values())
    return {words: weight / total for words, weight in shares.items()}


def only_kind(kind: str) -> dict[str, float]:
    """Weights that give one kind of relative clause."""
    return {each: float(each == kind) for each in KINDS}
