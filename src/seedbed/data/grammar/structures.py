"""Sentence structures: the rules of a grammar, expanded into rows of slots with gold heads and relations.

A structure is a choice of subject and object class and of the kinds of their relative clauses; with the nouns' numbers
marked it is a template. Structures are few (30 in English), so they are all laid out at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

from seedbed.data.grammar.rules_file import KINDS, OBJECT_CLASSES, STOP, SUBJECT_CLASSES, Rules, RuleWord, refuse

ROOT = -1
SHORT = {"determiner": "det", "preposition": "prep", "relativizer": "rel", "intransitive": "v", "transitive": "vt"}
SHORT |= {"noun": "noun", "auxiliary": "aux", STOP: STOP}


@dataclass(frozen=True)
class Slot:
    """A place for one word. number_of: the slot whose number it takes (its own for a noun), None if it has none.

    head: the slot it depends on, -1 for the root; relation: the Universal Dependencies label.
    """

    category: str
    number_of: int | None
    head: int
    relation: str


@dataclass(frozen=True)
class Structure:
    """A declarative's slots. subject_rc, object_rc: kind of relative clause there, or "none".

    nouns: slots that draw a number. auxiliaries: slots in linear order; main: the one of the main clause, as a slot.
    """

    subject: str
    object: str
    subject_rc: str
    object_rc: str
    slots: tuple[Slot, ...]
    main: int
    nouns: tuple[int, ...] = field(init=False)
    auxiliaries: tuple[int, ...] = field(init=False)
    categories: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        slots = list(enumerate(self.slots))
        object.__setattr__(self, "nouns", tuple(i for i, slot in slots if slot.category == "noun"))
        object.__setattr__(self, "auxiliaries", tuple(i for i, slot in slots if slot.category == "auxiliary"))
        object.__setattr__(self, "categories", tuple(slot.category for slot in self.slots))

    def template(self, plural: Sequence[bool]) -> str:
        """Categories with number marked, given the number of each of `nouns`: "det noun.sg aux.sg v ."."""
        number = dict(zip(self.nouns, plural, strict=True))
        return " ".join(
            SHORT[slot.category] + ("" if slot.number_of is None else ".pl" if number[slot.number_of] else ".sg")
            for slot in self.slots
        )

    def templates(self) -> Iterator[str]:
        """All templates of this structure, one per combination of numbers."""
        return (self.template(plural) for plural in product((False, True), repeat=len(self.nouns)))

    def disambiguates(self, plural: Sequence[bool]) -> bool:
        """Whether McCoy's test set has this template: a subject clause only, both auxiliaries of one number."""
        number = dict(zip(self.nouns, plural, strict=True))
        agreed = [self.slots[slot].number_of for slot in self.auxiliaries]
        numbers = {number[noun] for noun in agreed if noun is not None}
        return self.subject_rc != "none" and self.object_rc == "none" and len(numbers) == 1


@lru_cache(maxsize=16)
def structures_of(rules: Rules) -> tuple[Structure, ...]:
    """All structures of a grammar, in the order of its classes and kinds.

    Errors: RecipeError naming file, rule and reason, where a rule names a word that is not there, where heads form no
    tree, where two structures cannot be told apart by their categories, and where template counts are not as stated.
    """
    found = tuple(_expand(rules, *choice) for choice in _choices())
    seen: dict[tuple[str, ...], Structure] = {}
    for structure in found:
        other = seen.setdefault(structure.categories, structure)
        if other is not structure:
            refuse(rules.name, f"sentence with subject {structure.subject}", "has the same categories as another one")
    _check_counts(rules, found)
    return found


def template_counts(structures: Sequence[Structure]) -> dict[str, int]:
    """Distinct templates: of declaratives, of questions, with a subject relative clause, and of McCoy's test set."""
    every: set[str] = set()
    questions: set[str] = set()
    centered: set[str] = set()
    disambiguating: set[str] = set()
    for structure in structures:
        for plural in product((False, True), repeat=len(structure.nouns)):
            template = structure.template(plural)
            every.add(template)
            (questions if structure.subject_rc == "none" else centered).add(template)
            if structure.disambiguates(plural):
                disambiguating.add(template)
    return {
        "declaratives": len(every),
        "questions": len(questions),
        "subject_relative_clause": len(centered),
        "disambiguating": len(disambiguating),
    }


def embedding_depth(heads: Sequence[int], relations: Sequence[str]) -> int:
    """The largest number of relative clauses that any word lies in."""
    deepest = 0
    for word in range(len(heads)):
        depth, at = 0, word
        while at != ROOT:
            depth += relations[at] == "acl:relcl"
            at = heads[at]
        deepest = max(deepest, depth)
    return deepest


def _choices() -> Iterator[tuple[str, str, str, str]]:
    def kinds(which: str) -> tuple[str, ...]:
        return KINDS if which == "relative clause" else ("none",)

    for subject, object_ in product(SUBJECT_CLASSES, OBJECT_CLASSES):
        for subject_rc, object_rc in product(kinds(subject), kinds(object_)):
            yield subject, object_, subject_rc, object_rc


@dataclass(frozen=True)
class _Placed:
    """A rule's word with names made unique, and the rule it came from (for errors)."""

    name: str
    category: str
    agrees: str | None
    relation: str | None
    head: str | None
    rule: str


def _expand(rules: Rules, subject: str, object_: str, subject_rc: str, object_rc: str) -> Structure:
    rule = "intransitive" if object_ == "intransitive" else "transitive"
    words: list[_Placed] = []
    for word in rules.sentence[rule]:
        if word.category == "SUBJECT":
            words += _noun_phrase(rules, "subject", subject, subject_rc, word)
        elif word.category == "OBJECT":
            words += _noun_phrase(rules, "object", object_, object_rc, word)
        else:
            words.append(_place(word, "", f"sentence.{rule}"))
    slots = _resolve(rules, words)
    main = [i for i, word in enumerate(words) if word.name == "auxiliary"]
    if len(main) != 1:
        refuse(rules.name, f"sentence.{rule}", "has no auxiliary of its own; a question needs one to front")
    if words[-1].category != STOP:
        refuse(rules.name, f"sentence.{rule}", f"does not end in {STOP!r}")
    return Structure(subject, object_, subject_rc, object_rc, slots, main[0])


def _place(word: RuleWord, prefix: str, rule: str, outside: str | None = None) -> _Placed:
    """Give a word's names a prefix; `noun` inside a relative clause means the noun outside it."""

    def named(name: str | None) -> str | None:
        if name is None:
            return None
        return outside if outside is not None and name == "noun" else prefix + name

    return _Placed(prefix + word.name, word.category, named(word.agrees), word.relation, named(word.head), rule)


def _noun_phrase(rules: Rules, role: str, class_: str, kind: str, outer: RuleWord) -> list[_Placed]:
    """A noun phrase's words; its noun is called by the role and takes relation and head from outside."""
    placed: list[_Placed] = []
    for word in rules.noun_phrase[class_]:
        if word.category == "CLAUSE":
            clause = rules.relative_clause[kind]
            placed += [_place(each, f"{role}.clause.", f"relative_clause.{kind}", outside=role) for each in clause]
        elif word.name == "noun":
            placed.append(_Placed(role, "noun", None, outer.relation, outer.head, f"noun_phrase.{class_}"))
        else:
            placed.append(_place(word, f"{role}.", f"noun_phrase.{class_}", outside=role))
    return placed


def _resolve(rules: Rules, words: list[_Placed]) -> tuple[Slot, ...]:
    at = {word.name: i for i, word in enumerate(words)}
    slots = []
    for i, word in enumerate(words):
        for name in (word.agrees, word.head):
            if name is not None and name not in at:
                refuse(rules.name, word.rule, f"names {name.rpartition('.')[2]!r} and no word there is called so")
        if word.relation is None or (word.head is None) != (word.relation == "root"):
            short = word.name.rpartition(".")[2]
            refuse(rules.name, word.rule, f"{short!r} needs relation>head, or :root if it depends on no word")
        number_of = i if word.category == "noun" else None
        if word.agrees is not None:
            number_of = at[word.agrees]
            if words[number_of].category != "noun":
                refuse(rules.name, word.rule, f"{word.category!r} agrees with {word.agrees!r}, which is no noun")
        slots.append(Slot(word.category, number_of, ROOT if word.head is None else at[word.head], word.relation))
    _check_tree(rules, words, [slot.head for slot in slots])
    return tuple(slots)


def _check_tree(rules: Rules, words: list[_Placed], heads: list[int]) -> None:
    if heads.count(ROOT) != 1:
        refuse(rules.name, words[-1].rule, f"has {heads.count(ROOT)} roots; one word has the relation root")
    for start in range(len(heads)):
        at, steps = start, 0
        while at != ROOT:
            at, steps = heads[at], steps + 1
            if steps > len(heads):
                refuse(rules.name, words[start].rule, "the heads go round in a circle")


def _check_counts(rules: Rules, structures: Sequence[Structure]) -> None:
    for what, count in template_counts(structures).items():
        if count != rules.templates[what]:
            stated = rules.templates[what]
            refuse(
                rules.name, f"templates.{what}", f"the rules give {count}, not {stated}; mend the rules or the count"
            )
