"""Word categories: concepts, their weights and properties, and their forms, from a list or a file of the shelf.

The two forms of a file (one row a word, or one row a form) are explained in `docs/grammars.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seedbed.data.grammar.notation import Place

RESERVED = ("concept", "weight", "form")
NO_FORM = "-"


@dataclass(frozen=True, eq=False)
class Category:
    """Words of one category.

    concepts: names, the same in all languages. weights: of a draw, one each. properties: feature -> the values each
    concept may have; an empty tuple is any. forms: of each concept, in the order they are tried, (the feature values a
    form stands for, the form; None where there is none).
    """

    name: str
    concepts: tuple[str, ...]
    weights: tuple[float, ...]
    properties: Mapping[str, tuple[tuple[str, ...], ...]]
    forms: tuple[tuple[tuple[Mapping[str, str], str | None], ...], ...]
    number: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "number", {concept: i for i, concept in enumerate(self.concepts)})

    @property
    def form_features(self) -> set[str]:
        """The features on which forms depend."""
        return {feature for forms in self.forms for values, _ in forms for feature in values}

    def form(self, concept: int, values: Mapping[str, str]) -> str | None:
        """A concept's form with these feature values, None if it has none; values that are not named fit all."""
        for wanted, form in self.forms[concept]:
            if all(values.get(feature, value) == value for feature, value in wanted.items()):
                return form
        return None

    def fits(self, concept: int, values: Mapping[str, str]) -> bool:
        """Whether a concept has these properties; features that are no property of the category are left aside."""
        return all(
            not allowed[concept] or values[feature] in allowed[concept]
            for feature, allowed in self.properties.items()
            if feature in values
        )


def inline_category(place: Place, name: str, words: Any) -> Category:
    """A category from a list of words without forms."""
    concepts = place.names(words)
    for word in concepts:
        _one_word(place, word)
    _distinct(place, concepts)
    if not concepts:
        place.refuse("holds no words; write a list of them")
    return Category(name, concepts, (1.0,) * len(concepts), {}, tuple((({}, word),) for word in concepts))


def read_category(place: Place, name: str, text: str, features: Mapping[str, Any], own: set[str]) -> Category:
    """A category from a lexicon file's text.

    place: names the lexicon file. features: name -> values (None for a lexical feature); own: the lexical features of
    this category. Errors: RecipeError naming the file and the line.
    """
    rows = [
        (number, line.rstrip("\r\n").split("\t"))
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.startswith("#")
    ]
    if len(rows) < 2:
        place.refuse("holds no words; write a header and one row for each")
    header = [cell.strip() for cell in rows[0][1]]
    if "concept" not in header:
        place.refuse("has no column 'concept'; the first line names the columns, separated by tabs")
    _distinct(place, tuple(header))
    table = []
    for number, cells in rows[1:]:
        if len(cells) > len(header):
            place.at(f"line {number}").refuse(f"has {len(cells)} cells under {len(header)} columns; mend the tabs")
        table.append((number, dict(zip(header, [cell.strip() for cell in cells] + [""] * len(header), strict=False))))
    reader = _Rows(place, name, header, table, features, own)
    return reader.long() if "form" in header else reader.wide()


class _Rows:
    def __init__(
        self,
        place: Place,
        name: str,
        header: list[str],
        table: list[tuple[int, dict[str, str]]],
        features: Mapping[str, Any],
        own: set[str],
    ) -> None:
        self.place, self.name, self.header, self.table, self.features = place, name, header, table, features
        for column in sorted(own):
            if column not in header:
                place.refuse(f"has no column {column!r}, which is a lexical feature of {name}; add it")
        is_long = "form" in header
        self.properties = [column for column in header if column in own or (not is_long and column in features)]
        self.form_columns = [column for column in header if column not in (*RESERVED, *self.properties)]
        self.own = own

    def wide(self) -> Category:
        headings = {column: self._heading(column) for column in self.form_columns}
        if not headings:
            self.place.refuse("has no column of forms; call it 'form', or by the values it stands for, such as 'sg'")
        concepts: list[str] = []
        forms = []
        for number, row in self.table:
            at = self.place.at(f"line {number}")
            concepts.append(self._concept(at, row))
            entry = []
            for column, values in headings.items():
                if not row[column]:
                    at.refuse(f"has no form under {column!r}; write it, or - if there is none")
                entry.append((values, self._form(at, row[column])))
            forms.append(tuple(entry))
        _distinct(self.place, tuple(concepts))
        rows = [row for _, row in self.table]
        return Category(self.name, tuple(concepts), self._weights(rows), self._properties(rows), tuple(forms))

    def long(self) -> Category:
        for column in self.form_columns:
            if column not in self.features:
                self.place.unknown("feature", column, self.features)
        firsts: dict[str, dict[str, str]] = {}
        forms: dict[str, list[tuple[Mapping[str, str], str | None]]] = {}
        for number, row in self.table:
            at = self.place.at(f"line {number}")
            concept = self._concept(at, row)
            firsts.setdefault(concept, row)
            values = {column: row[column] for column in self.form_columns if row[column]}
            for feature, value in values.items():
                known = self.features[feature]
                if known is not None and value not in known:
                    at.unknown(f"value of {feature}", value, known)
            if not row["form"]:
                at.refuse("has no form; write it, or - if there is none")
            forms.setdefault(concept, []).append((values, self._form(at, row["form"])))
        rows = list(firsts.values())
        return Category(
            self.name,
            tuple(firsts),
            self._weights(rows),
            self._properties(rows),
            tuple(tuple(forms[concept]) for concept in firsts),
        )

    def _concept(self, place: Place, row: dict[str, str]) -> str:
        if not row["concept"]:
            place.refuse("has no concept; write its name")
        return row["concept"]

    def _form(self, place: Place, cell: str) -> str | None:
        return None if cell == NO_FORM else _one_word(place, cell)

    def _weights(self, rows: list[dict[str, str]]) -> tuple[float, ...]:
        if "weight" not in self.header:
            return (1.0,) * len(rows)
        weights = []
        for row in rows:
            place = self.place.at(row["concept"])
            try:
                weights.append(place.weight(float(row["weight"])))
            except ValueError:
                place.refuse(f"weight {row['weight']!r} is no number; write one")
        return tuple(weights)

    def _properties(self, rows: list[dict[str, str]]) -> dict[str, tuple[tuple[str, ...], ...]]:
        found = {}
        for column in self.properties:
            values = []
            for row in rows:
                place = self.place.at(row["concept"])
                cell = tuple(filter(None, row[column].split("|")))
                if column in self.own and len(cell) != 1:
                    place.refuse(f"{column} is {row[column]!r}; a lexical feature of {self.name} has one value")
                known = self.features.get(column)
                for value in cell:
                    if known is not None and value not in known:
                        place.unknown(f"value of {column}", value, known)
                values.append(cell)
            found[column] = tuple(values)
        return found

    def _heading(self, column: str) -> dict[str, str]:
        """The values that a column of forms stands for: "sg.nom", or "number=sg.case=nom"."""
        found: dict[str, str] = {}
        for token in column.split("."):
            feature, _, value = token.rpartition("=")
            if feature and feature not in self.features:
                self.place.unknown("feature", feature, self.features)
            have = [feature] if feature else [f for f, known in self.features.items() if known and value in known]
            if not have or (self.features[have[0]] is not None and value not in self.features[have[0]]):
                values = {each for known in self.features.values() for each in known or ()}
                self.place.at(f"column {column}").unknown("feature value", value, values)
            if len(have) > 1:
                self.place.at(f"column {column}").refuse(
                    f"{value!r} is a value of {' and '.join(have)}; write {have[0]}={value}"
                )
            found[have[0]] = value
        return found


def _one_word(place: Place, form: str) -> str:
    if len(form.split()) != 1:
        place.refuse(f"{form!r} is not one word; write several words as several parts of a rule")
    return form


def _distinct(place: Place, names: tuple[str, ...]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            place.refuse(f"{name!r} stands there twice; leave one out")
        seen.add(name)
