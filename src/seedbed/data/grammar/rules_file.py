"""A grammar's file: reading it, and saying which rule is wrong and why.

The notation of rules is explained in `data/grammars/english.toml`.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from seedbed.errors import RecipeError
from seedbed.recipes import read_toml
from seedbed.workbench import Workbench

SUBJECT_CLASSES = ("plain", "prepositional phrase", "relative clause")
OBJECT_CLASSES = ("intransitive", *SUBJECT_CLASSES)
KINDS = ("o", "si", "st")
TASKS = ("question", "copy")
CATEGORIES = ("determiner", "noun", "auxiliary", "intransitive", "transitive", "preposition", "relativizer")
NUMBERED = ("noun", "auxiliary")
PHRASES = ("SUBJECT", "OBJECT", "CLAUSE")
STOP = "."
SENTENCE_RULES = ("intransitive", "transitive")
TEMPLATE_COUNTS = ("declaratives", "questions", "subject_relative_clause", "disambiguating")

TABLES: dict[str, tuple[str, ...]] = {
    "tasks": TASKS,
    "lexicon": CATEGORIES,
    "sentence": SENTENCE_RULES,
    "noun_phrase": SUBJECT_CLASSES,
    "relative_clause": KINDS,
    "weights": (*TASKS, "clauses"),
    "templates": TEMPLATE_COUNTS,
}
WORD = re.compile(
    r"(?:(?P<name>[a-z]+)=)?(?P<category>[a-z]+|[A-Z]+|\.)(?:@(?P<agrees>[a-z]+))?"
    r"(?::(?P<relation>[a-z]+(?::[a-z]+)?)(?:>(?P<head>[a-z]+))?)?"
)


@dataclass(frozen=True)
class RuleWord:
    """One word of a rule: its name there, its category or phrase, whose number it takes, relation and head by name."""

    name: str
    category: str
    agrees: str | None
    relation: str | None
    head: str | None


@dataclass(frozen=True, eq=False)
class Rules:
    """A grammar's file, read and checked. Two of them are equal only if they are one object, which makes a cheap key.

    name: the file's. lexicon: category -> words, each (form,) or (singular, plural). weights: task -> (subject
    class, object class) -> weight. clauses: "subject", "object", "restricted" -> kind -> weight. tasks: task -> (word,
    share). digest: SHA-256 over all values, comments and order of keys left aside.
    """

    name: str
    language: str
    held_out_share: float
    tasks: dict[str, tuple[str, float]]
    lexicon: dict[str, tuple[tuple[str, ...], ...]]
    sentence: dict[str, tuple[RuleWord, ...]]
    noun_phrase: dict[str, tuple[RuleWord, ...]]
    relative_clause: dict[str, tuple[RuleWord, ...]]
    weights: dict[str, dict[tuple[str, str], float]]
    clauses: dict[str, dict[str, float]]
    templates: dict[str, int]
    digest: str


def refuse(name: str, place: str, reason: str) -> NoReturn:
    """Raise the error that names file, rule and reason."""
    raise RecipeError(f"data/grammars/{name}.toml: {place}: {reason}")


def load_rules(name: str, workbench: Workbench) -> Rules:
    """Read the grammar of this name. Errors: UnknownNameError; RecipeError naming file, rule and reason."""
    path = workbench.shelf_file("data/grammars", name)
    return _read(name, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _read(name: str, path: Path, changed_ns: int) -> Rules:
    return parse_rules(name, read_toml(path))


def parse_rules(name: str, file: dict[str, Any]) -> Rules:
    """Check the values of a grammar's file. Errors: RecipeError naming file, rule and reason."""
    _check_tables(name, file)
    language = file["language"]
    share = file["held_out_share"]
    if not isinstance(language, str) or not language:
        refuse(name, "language", f"{language!r} is no language tag; write one such as 'en'")
    if not isinstance(share, float) or not 0 < share < 1:
        refuse(name, "held_out_share", f"{share!r} is no share between 0 and 1")
    return Rules(
        name=name,
        language=language,
        held_out_share=share,
        tasks=_tasks(name, file["tasks"]),
        lexicon=_lexicon(name, file["lexicon"], file["tasks"]),
        sentence=_rules(name, "sentence", file["sentence"]),
        noun_phrase=_rules(name, "noun_phrase", file["noun_phrase"]),
        relative_clause=_rules(name, "relative_clause", file["relative_clause"]),
        weights={task: _cells(name, task, file["weights"][task]) for task in TASKS},
        clauses=_clauses(name, file["weights"]["clauses"]),
        templates=_counts(name, file["templates"]),
        digest=hashlib.sha256(json.dumps(file, sort_keys=True, ensure_ascii=True).encode()).hexdigest(),
    )


def _check_tables(name: str, file: dict[str, Any]) -> None:
    known = {"language", "held_out_share", *TABLES}
    for key in file:
        if key not in known:
            refuse(name, key, "no such key; there are " + ", ".join(sorted(known)))
    for key in sorted(known):
        if key not in file:
            refuse(name, key, "is missing")
    for table, wanted in TABLES.items():
        _keys(name, table, file[table], wanted)


def _keys(name: str, place: str, table: Any, wanted: tuple[str, ...]) -> None:
    if not isinstance(table, dict):
        refuse(name, place, f"is {table!r:.40}, not a table of {', '.join(wanted)}")
    for key in table:
        if key not in wanted:
            refuse(name, f"{place}.{key}", "no such rule; there are " + ", ".join(wanted))
    for key in wanted:
        if key not in table:
            refuse(name, f"{place}.{key}", "is missing")


def _weight(name: str, place: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        refuse(name, place, f"{value!r} is no weight; write a number of at least 0")
    return float(value)


def _tasks(name: str, table: dict[str, Any]) -> dict[str, tuple[str, float]]:
    tasks = {}
    for task, entry in table.items():
        _keys(name, f"tasks.{task}", entry, ("word", "share"))
        if not isinstance(entry["word"], str) or len(entry["word"].split()) != 1:
            refuse(name, f"tasks.{task}.word", f"{entry['word']!r} is not one word")
        tasks[task] = (entry["word"], _weight(name, f"tasks.{task}.share", entry["share"]))
    if abs(sum(share for _, share in tasks.values()) - 1) > 1e-9:
        refuse(name, "tasks", "the shares do not sum to 1")
    return tasks


def _lexicon(name: str, table: dict[str, Any], tasks: dict[str, Any]) -> dict[str, tuple[tuple[str, ...], ...]]:
    seen = {STOP: "the full stop", "?": "the question mark"} | {tasks[task]["word"]: f"tasks.{task}" for task in TASKS}
    lexicon = {}
    for category, entries in table.items():
        place = f"lexicon.{category}"
        forms = 2 if category in NUMBERED else 1
        words: list[tuple[str, ...]] = []
        for entry in entries if isinstance(entries, list) else ():
            word = (entry,) if isinstance(entry, str) else tuple(entry) if isinstance(entry, list) else ()
            if len(word) != forms or not all(isinstance(form, str) and len(form.split()) == 1 for form in word):
                wanted = "a pair [singular, plural]" if forms == 2 else "one word"
                refuse(name, place, f"{entry!r} is not {wanted}")
            for form in word:
                if form in seen:
                    refuse(name, place, f"{form!r} stands in {seen[form]} already; a word stands in one place only")
                seen[form] = place
            words.append(word)
        if not words:
            refuse(name, place, "holds no words; write a list of them")
        lexicon[category] = tuple(words)
    return lexicon


def _rules(name: str, table: str, rules: dict[str, Any]) -> dict[str, tuple[RuleWord, ...]]:
    phrases = {"sentence": ("SUBJECT", "OBJECT"), "noun_phrase": ("CLAUSE",), "relative_clause": ()}[table]
    return {rule: _rule(name, f"{table}.{rule}", text, phrases) for rule, text in rules.items()}


def _rule(name: str, place: str, text: Any, phrases: tuple[str, ...]) -> tuple[RuleWord, ...]:
    if not isinstance(text, str) or not text.split():
        refuse(name, place, "is not a row of words")
    words: list[RuleWord] = []
    for token in text.split():
        match = WORD.fullmatch(token)
        if match is None:
            refuse(name, place, f"{token!r} is not written name=category@noun:relation>head")
        category = match["category"]
        if category not in (*CATEGORIES, *phrases, STOP):
            known = ", ".join((*CATEGORIES, *phrases))
            refuse(name, place, f"{token!r}: {category!r} is no category; there are {known}")
        word = RuleWord(match["name"] or category.lower(), category, match["agrees"], match["relation"], match["head"])
        if word.name in [other.name for other in words]:
            refuse(name, place, f"two words are called {word.name!r}; name one of them with name={category}")
        if category == "auxiliary" and word.agrees is None:
            refuse(name, place, f"{token!r}: an auxiliary takes its number from a noun; write auxiliary@noun")
        words.append(word)
    return tuple(words)


def _cells(name: str, task: str, table: Any) -> dict[tuple[str, str], float]:
    place = f"weights.{task}"
    _keys(name, place, table, SUBJECT_CLASSES)
    cells = {}
    for subject in SUBJECT_CLASSES:
        _keys(name, f"{place}.{subject}", table[subject], OBJECT_CLASSES)
        for object_ in OBJECT_CLASSES:
            cells[subject, object_] = _weight(name, f"{place}.{subject}.{object_}", table[subject][object_])
    if task == "question" and any(cells["relative clause", object_] for object_ in OBJECT_CLASSES):
        refuse(
            name,
            f"{place}.relative clause",
            "is above 0: a question whose subject has a relative clause shows which auxiliary moves, so the corpus "
            "would no longer be ambiguous; write 0 here and unambiguous=True in the pipeline file if that is meant",
        )
    if not any(cells.values()):
        refuse(name, place, "all weights are 0")
    return cells


def _clauses(name: str, table: Any) -> dict[str, dict[str, float]]:
    _keys(name, "weights.clauses", table, ("subject", "object", "restricted"))
    clauses = {}
    for where, kinds in table.items():
        _keys(name, f"weights.clauses.{where}", kinds, KINDS)
        clauses[where] = {kind: _weight(name, f"weights.clauses.{where}.{kind}", kinds[kind]) for kind in KINDS}
        if not any(clauses[where].values()):
            refuse(name, f"weights.clauses.{where}", "all weights are 0")
    return clauses


def _counts(name: str, table: dict[str, Any]) -> dict[str, int]:
    for key, count in table.items():
        if isinstance(count, bool) or not isinstance(count, int):
            refuse(name, f"templates.{key}", f"{count!r} is no count")
    return {str(key): int(count) for key, count in table.items()}
