"""The notation of grammar rules, as `docs/grammars.md` describes it: from strings to parts, conditions and orders.

Nothing here knows which phrases, features or words there are; `checks.py` does that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, NoReturn, TypeAlias

from seedbed.errors import RecipeError

HEAD = "head"
PUNCTUATION = frozenset('.,;:?!…。、，？！「」()"“”‘’–—-')
Kind: TypeAlias = Literal["own", "fixed", "variable", "next"]

PART = re.compile(
    r"(?:(?P<name>[^\W\d][\w-]*)=)?"
    r"(?:'(?P<text>\S+?)'(?=[\s:]|$)|(?P<category>[^\W\d][\w-]*)(?:\[(?P<features>[^\]]*)\])?(?:~(?P<like>[\w-]+))?)"
    r"(?::(?P<relation>[a-z]+(?::[a-z]+)*)(?:>(?P<head>[\w#.,?!'-]+))?)?(?=\s|$)"
)
GIVEN = re.compile(r"(?P<feature>[^\W\d][\w-]*)(?:=(?P<variable>\$)?(?P<value>[\w-]+))?")
TEST = re.compile(r"(?P<feature>[^\W\d][\w-]*)(?P<sign>!?=)(?P<values>[\w-]+(?:\|[\w-]+)*)")


@dataclass(frozen=True)
class Given:
    """A feature in a part's brackets. value: the value if fixed, the variable's name if it is one, else empty."""

    feature: str
    kind: Kind
    value: str = ""


@dataclass(frozen=True)
class Part:
    """One part of a rule. text: of a quoted word, else None. like: the part whose choices it takes. relation: "head" or
    the relation to the rule's head, or to the part `head`."""

    name: str
    category: str
    text: str | None
    features: tuple[Given, ...]
    like: str | None
    relation: str
    head: str | None

    @property
    def is_phrase(self) -> bool:
        """Whether rules say what stands here; else it is a word."""
        return self.text is None and self.category[0].isupper()

    def given(self, feature: str) -> Given | None:
        """What the brackets say about a feature."""
        return next((given for given in self.features if given.feature == feature), None)


@dataclass(frozen=True)
class Condition:
    """Tests of features, all of which must hold: (feature, values, whether the values are excluded)."""

    tests: tuple[tuple[str, tuple[str, ...], bool], ...] = ()

    def holds(self, values: Mapping[str, str]) -> bool:
        """Whether it holds of these feature values, which must name every feature it tests."""
        return all((values[feature] in allowed) != excluded for feature, allowed, excluded in self.tests)

    def features(self) -> set[str]:
        """The features it tests."""
        return {feature for feature, _, _ in self.tests}


@dataclass(frozen=True)
class Order:
    """An order of a rule's parts, as places in the rule. weight: beside the other orders that may be used."""

    places: tuple[int, ...]
    when: Condition
    weight: float


@dataclass(frozen=True)
class Wording:
    """One way to write a rule; see the table of fields in docs/grammars.md. weights: the first that holds counts."""

    parts: tuple[Part, ...]
    when: Condition
    weights: tuple[tuple[Condition, float], ...]
    orders: tuple[Order, ...]
    marks: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    twin: str | None

    @property
    def head(self) -> int:
        """The place of the head."""
        return next(i for i, part in enumerate(self.parts) if part.relation == HEAD)

    def part(self, name: str) -> Part | None:
        """The part of a name."""
        return next((part for part in self.parts if part.name == name), None)

    def weight(self, values: Mapping[str, str]) -> float:
        """Its weight in a phrase with these features."""
        return next((weight for when, weight in self.weights if when.holds(values)), 0.0)

    def uses(self) -> set[str]:
        """The phrase's own features that it names."""
        used = {given.feature for part in self.parts for given in part.features if given.kind in ("own", "next")}
        for condition in (self.when, *(when for when, _ in self.weights), *(order.when for order in self.orders)):
            used |= condition.features()
        for label, _ in self.labels:
            used |= set(re.findall(r"\{([^}]*)\}", label))
        return used


@dataclass(frozen=True)
class Rule:
    """A rule of a phrase: its wordings, of which the first whose `when` holds is used."""

    phrase: str
    name: str
    wordings: tuple[Wording, ...]

    def wording(self, values: Mapping[str, str]) -> Wording | None:
        """The wording for these feature values, None if the rule cannot be used."""
        return next((wording for wording in self.wordings if wording.when.holds(values)), None)


class Place:
    """A place in a grammar file, for errors: `Place("data/grammars/en.toml", "rules.Clause.transitive")`."""

    def __init__(self, file: str, key: str = "") -> None:
        self.file = file
        self.key = key

    def at(self, key: str) -> Place:
        """A place below."""
        return Place(self.file, f"{self.key}.{key}" if self.key else key)

    def refuse(self, reason: str) -> NoReturn:
        """Raise the error that names file, rule and reason; the reason ends with the mend."""
        raise RecipeError(f"{self.file}: {self.key + ': ' if self.key else ''}{reason}")

    def unknown(self, what: str, name: str, known: Any) -> NoReturn:
        """Refuse a name that is not known, with the nearest."""
        names = sorted(map(str, known))
        near = get_close_matches(name, names, n=2, cutoff=0.4)
        if near:
            mend = "did you mean " + " or ".join(map(repr, near)) + "?"
        else:
            mend = "there are: " + ", ".join(names) if names else "there are none"
        self.refuse(f"no {what} is called {name!r}; {mend}")

    def table(self, value: Any, known: tuple[str, ...] | None = None, wanted: tuple[str, ...] = ()) -> dict[str, Any]:
        """A table that has the wanted keys and no other than known ones."""
        if not isinstance(value, dict):
            self.refuse(f"is {value!r:.40}; write a table of {', '.join(known or ('names',))}")
        for key in value:
            if known is not None and key not in known:
                self.unknown("key", key, known)
        for key in wanted:
            if key not in value:
                self.refuse(f"has no {key!r}; write it")
        return value

    def weight(self, value: Any) -> float:
        """A number of at least 0."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            self.refuse(f"{value!r} is no weight; write a number of at least 0")
        return float(value)

    def names(self, value: Any) -> tuple[str, ...]:
        """A list of names, or one."""
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            self.refuse(f"{value!r:.60} is no list of names; write one such as ['a', 'b']")
        return tuple(names)


def parse_rule(place: Place, phrase: str, name: str, value: Any) -> Rule:
    """A rule from its TOML value. Errors: RecipeError naming file, rule and reason."""
    tables = value if isinstance(value, list) else [value]
    if not tables:
        place.refuse("has no wording; write the parts of the rule")
    first: dict[str, Any] = {}
    wordings = []
    for given in tables:
        own = {"is": given} if isinstance(given, str) else given
        place.table(own, ("is", "weight", "when", "order", "marks", "labels", "twin"), ("is",))
        table = {key: first[key] for key in ("weight", "marks", "labels", "twin") if key in first} | own
        first = first or table
        wordings.append(_wording(place, table))
    return Rule(phrase, name, tuple(wordings))


def _wording(place: Place, table: dict[str, Any]) -> Wording:
    parts = parse_parts(place, table["is"])
    labels = place.at("labels").table(table.get("labels", {}))
    twin = table.get("twin")
    if twin is not None and not isinstance(twin, str):
        place.refuse(f"twin = {twin!r} is no rule's name; write one rule of this phrase")
    return Wording(
        parts=parts,
        when=parse_condition(place, table.get("when", "")),
        weights=_weights(place, table.get("weight", 1)),
        orders=_orders(place, parts, table.get("order")),
        marks=place.names(table.get("marks", [])),
        labels=tuple((str(key), str(value)) for key, value in labels.items()),
        twin=twin,
    )


def parse_parts(place: Place, text: Any) -> tuple[Part, ...]:
    """The parts of a rule. Errors: RecipeError for what is not in the notation, no head or two, or equal names."""
    if not isinstance(text, str) or not text.strip():
        place.refuse(f"{text!r:.40} is no row of parts; write one such as 'determiner:det noun[number]:head'")
    parts: list[Part] = []
    at = 0
    text = text.strip()
    while at < len(text):
        match = PART.match(text, at)
        if match is None:
            token = text[at:].split()[0]
            place.refuse(f"{token!r} is not written name=category[features]~other:relation>sibling; mend it")
        parts.append(_part(place, match, parts))
        at = match.end() + len(text[match.end() :]) - len(text[match.end() :].lstrip())
    heads = [part for part in parts if part.relation == HEAD]
    if len(parts) == 1 and not heads:
        heads = [parts[0]]
        parts[0] = Part(**{**vars(parts[0]), "relation": HEAD})
    if len(heads) != 1:
        found = "has no head" if not heads else f"has {len(heads)} heads"
        place.refuse(f"{found}; write :head after exactly one part")
    names = [part.name for part in parts]
    for part in parts:
        for other in (part.head, part.like):
            if other is not None and other not in names:
                place.unknown("part", other, names)
            if other == part.name:
                place.refuse(f"part {part.name!r} refers to itself; name another part")
    _no_cycle(place, parts)
    return tuple(parts)


def _no_cycle(place: Place, parts: list[Part]) -> None:
    heads = {part.name: part.head for part in parts}
    for part in parts:
        other, steps = part.head, 0
        while other is not None:
            other, steps = heads[other], steps + 1
            if steps > len(parts):
                place.refuse(f"part {part.name!r} depends on itself through '>'; attach one of them to the head")
        like = next((each for each in parts if each.name == part.like), None)
        if like is not None and like.like is not None:
            place.refuse(f"part {part.name!r} is like {like.name!r}, which is like {like.like!r}; name that one")


def _part(place: Place, match: re.Match[str], before: list[Part]) -> Part:
    text, category = match["text"], match["category"]
    name = match["name"] or (text if text is not None else category.lower())
    taken = {part.name for part in before}
    if name in taken and text is not None and match["name"] is None:
        name = next(f"{text}#{i}" for i in range(2, len(before) + 3) if f"{text}#{i}" not in taken)
    if name in taken:
        place.refuse(f"two parts are called {name!r}; name one of them, name={category or repr(text)}")
    relation = match["relation"]
    if relation is None:
        relation = "punct" if text is not None and set(text) <= PUNCTUATION else "dep"
    if relation == HEAD and match["head"]:
        place.refuse(f"part {name!r} is the head and depends on {match['head']!r}; leave one out")
    features = tuple(parse_given(place, one) for one in (match["features"] or "").split(",") if one.strip())
    doubled = [given.feature for given in features]
    if len(set(doubled)) < len(doubled):
        place.refuse(f"part {name!r} gives a feature twice; leave one out")
    return Part(name, "" if text is not None else category, text, features, match["like"], relation, match["head"])


def parse_given(place: Place, text: str) -> Given:
    """One feature in brackets."""
    match = GIVEN.fullmatch(text.strip())
    if match is None:
        place.refuse(f"[{text.strip()}] is not written feature, feature=value, feature=$variable or feature=next")
    if match["value"] is None:
        return Given(match["feature"], "own")
    if match["variable"]:
        return Given(match["feature"], "variable", match["value"])
    if match["value"] == "next":
        return Given(match["feature"], "next")
    return Given(match["feature"], "fixed", match["value"])


def parse_condition(place: Place, text: Any) -> Condition:
    """A condition such as "licensed=yes, mode!=main, case=nom|acc"; an empty one always holds."""
    if not isinstance(text, str):
        place.refuse(f"{text!r:.40} is no condition; write one such as 'mode=main'")
    tests = []
    for test in filter(None, (one.strip() for one in text.split(","))):
        match = TEST.fullmatch(test)
        if match is None:
            place.refuse(f"{test!r} is no condition; write feature=value, feature=value|value or feature!=value")
        tests.append((match["feature"], tuple(match["values"].split("|")), match["sign"] == "!="))
    return Condition(tuple(tests))


def _weights(place: Place, value: Any) -> tuple[tuple[Condition, float], ...]:
    if isinstance(value, dict):
        return tuple(
            (parse_condition(place.at("weight"), when), place.at("weight").weight(each)) for when, each in value.items()
        )
    return ((Condition(), place.at("weight").weight(value)),)


def _orders(place: Place, parts: tuple[Part, ...], value: Any) -> tuple[Order, ...]:
    place = place.at("order")
    if value is None:
        return (Order(tuple(range(len(parts))), Condition(), 1.0),)
    names = [part.name for part in parts]
    orders = []
    for given in value if isinstance(value, list) else [value]:
        table = {"is": given} if isinstance(given, str) else given
        place.table(table, ("is", "when", "weight"), ("is",))
        wanted = str(table["is"]).replace("'", "").split()
        for name in wanted:
            if name not in names:
                place.unknown("part", name, names)
        if sorted(wanted) != sorted(names):
            missing = [name for name in names if name not in wanted]
            place.refuse(f"{table['is']!r} must name every part once; it misses {', '.join(missing) or 'none'}")
        orders.append(
            Order(
                tuple(names.index(name) for name in wanted),
                parse_condition(place, table.get("when", "")),
                place.weight(table.get("weight", 1)),
            )
        )
    return tuple(orders)
