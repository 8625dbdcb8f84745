"""A grammar's file and the lexicon files it names, read and checked: `load_grammar(name, workbench)`.

The notation is explained in `docs/grammars.md`. Faults name file, rule and reason.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seedbed.data.grammar.lexicon import Category, inline_category, read_category
from seedbed.data.grammar.notation import Given, Place, Rule, parse_given, parse_rule
from seedbed.recipes import read_toml
from seedbed.workbench import Workbench

KEYS = (
    *("language", "meaning", "tasks", "features", "lexicon", "rules"),
    *("document", "labels", "selectors", "held_out", "surface"),
)
HELD_OUT_KINDS = ("share", "words", "together", "marks", "depth")


@dataclass(frozen=True)
class Feature:
    """A feature. values: in order; weights: of a draw; of: the category whose words it is a property of, or None."""

    name: str
    values: tuple[str, ...]
    weights: tuple[float, ...]
    of: str | None = None


@dataclass(frozen=True)
class Start:
    """A task: the start phrase, the features it gets, and its share of task="either"."""

    phrase: str
    features: Mapping[str, str]
    share: float


@dataclass(frozen=True)
class Selection:
    """What one value of a selector does. rules: (phrase, part or None) -> rule -> weight (None: its own);
    features: what start phrases get."""

    rules: Mapping[tuple[str, str | None], Mapping[str, float | None]]
    features: Mapping[str, str]


@dataclass(frozen=True)
class HeldOut:
    """What no training document has. share: of sentences; words: category -> concepts; together: concepts or marks that
    do not meet in one document; marks: constructions; depth: this embedding depth and more."""

    share: float = 0.0
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    together: tuple[tuple[str, ...], ...] = ()
    marks: tuple[str, ...] = ()
    depth: int | None = None

    def kinds(self) -> tuple[str, ...]:
        """Which kinds of hold-out there are."""
        return tuple(kind for kind in HELD_OUT_KINDS if getattr(self, kind))


@dataclass(frozen=True, eq=False)
class GrammarFile:
    """A grammar, read and checked. Two are equal only if they are one object, which makes a cheap key.

    name: the file's. meaning: the grammar that this one words. of: the part of the start rules that length, hold-out
    and construction are about. labels: values of documents whose rules set none. drops: words that are left out before
    certain others (`surface.drop_before`). digest: SHA-256 over all values of the
    file, its lexicon files and its meaning, comments left aside.
    """

    name: str
    file: str
    language: str
    meaning: GrammarFile | None
    tasks: Mapping[str, Start]
    features: Mapping[str, Feature]
    lexicon: Mapping[str, Category]
    rules: Mapping[str, Mapping[str, Rule]]
    of: str | None
    template: tuple[str, ...] | None
    abbreviations: Mapping[str, str]
    labels: Mapping[str, str]
    selectors: Mapping[str, Mapping[str, Selection]]
    held_out: HeldOut
    drops: Mapping[str, tuple[str, ...]]
    digest: str

    @property
    def family(self) -> str:
        """The grammar whose meanings its documents have: its `meaning`, or itself."""
        return self.meaning.name if self.meaning else self.name

    @property
    def place(self) -> Place:
        """The file, for errors."""
        return Place(self.file)

    def uses(self, phrase: str) -> tuple[str, ...]:
        """The features that a phrase uses, sorted."""
        found = {feature for rule in self.rules[phrase].values() for each in rule.wordings for feature in each.uses()}
        return tuple(sorted(found))

    def marks(self) -> tuple[str, ...]:
        """All constructions that rules mark, sorted."""
        rules = (rule for of_phrase in self.rules.values() for rule in of_phrase.values())
        return tuple(sorted({mark for rule in rules for wording in rule.wordings for mark in wording.marks}))

    def form(self, category: str, concept: str, **features: str) -> str:
        """A word's form: `form("noun", "yak", number="pl")`. Errors: RecipeError if there is none."""
        if category not in self.lexicon:
            self.place.at("lexicon").unknown("category", category, self.lexicon)
        words = self.lexicon[category]
        if concept not in words.number:
            self.place.at(f"lexicon.{category}").unknown("concept", concept, words.concepts)
        form = words.form(words.number[concept], features)
        if form is None:
            self.place.at(f"lexicon.{category}").refuse(f"{concept!r} has no form for {features}; add it")
        return form


_READ: dict[tuple[str, str], GrammarFile] = {}


def load_grammar(name: str, workbench: Workbench) -> GrammarFile:
    """Read the grammar of this name, its lexicon files and its meaning.

    Errors: UnknownNameError; RecipeError naming file, rule and reason.
    """
    return _load(name, workbench, ())


def _load(name: str, workbench: Workbench, wording: tuple[str, ...]) -> GrammarFile:
    path = workbench.shelf_file("data/grammars", name)
    values = read_toml(path)
    place = Place(f"data/grammars/{name}.toml")
    place.table(values, KEYS, ("language", "tasks", "features", "lexicon", "rules"))
    meaning = values.get("meaning")
    if meaning in (*wording, name):
        place.at("meaning").refuse(f"{meaning!r} words this grammar; leave the meaning out of one of them")
    meant = None if meaning is None else _load(str(meaning), workbench, (*wording, name))
    if meant is not None and meant.meaning is not None:
        place.at("meaning").refuse(f"{meaning!r} words {meant.meaning.name!r} itself; write meaning = that one")
    texts: dict[str, str] = {}
    for category, words in place.at("lexicon").table(values["lexicon"]).items():
        if isinstance(words, str):
            texts[words] = _lexicon_text(place.at(f"lexicon.{category}"), words, workbench)
    content = json.dumps([values, sorted(texts.items()), meant and meant.digest], sort_keys=True, default=str)
    key = (name, hashlib.sha256(content.encode()).hexdigest())
    if key not in _READ:
        _READ[key] = parse_grammar(name, values, texts, meant)
    return _READ[key]


def _lexicon_text(place: Place, location: str, workbench: Workbench) -> str:
    if not location.endswith(".tsv"):
        place.refuse(f"{location!r} is no lexicon file; write LANGUAGE/CATEGORY.tsv, or a list of words")
    path = workbench.shelf_file("data/lexicons", location.removesuffix(".tsv"), ".tsv")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        Place(f"data/lexicons/{location}").refuse(f"is not UTF-8 ({error.reason}); save it as UTF-8")


def grammar_from_text(
    text: str, lexicons: Mapping[str, str] | None = None, name: str = "toy", meaning: GrammarFile | None = None
) -> GrammarFile:
    """A grammar from the text of a file; lexicons: location -> text. For tests and for trying things out."""
    return parse_grammar(name, tomllib.loads(text), dict(lexicons or {}), meaning)


def parse_grammar(
    name: str, values: dict[str, Any], texts: Mapping[str, str], meaning: GrammarFile | None
) -> GrammarFile:
    """Check the values of a grammar's file. Errors: RecipeError naming file, rule and reason."""
    from seedbed.data.grammar.checks import check_grammar

    place = Place(f"data/grammars/{name}.toml")
    place.table(values, KEYS, ("language", "tasks", "features", "lexicon", "rules"))
    if not isinstance(values["language"], str) or not values["language"]:
        place.at("language").refuse(f"{values['language']!r} is no language tag; write one such as 'en'")
    plain, lexical = _features(place.at("features"), values["features"])
    known: dict[str, Any] = {name: feature.values for name, feature in plain.items()} | dict.fromkeys(lexical)
    lexicon = {}
    for category, words in place.at("lexicon").table(values["lexicon"]).items():
        at = place.at(f"lexicon.{category}")
        if not category[:1].islower():
            at.refuse("begins with a capital, which is how phrases are written; write it small")
        if isinstance(words, str):
            own = {feature for feature, of in lexical.items() if of == category}
            if words not in texts:
                at.unknown("lexicon file", words, texts)
            lexicon[category] = read_category(Place(f"data/lexicons/{words}"), category, texts[words], known, own)
        else:
            lexicon[category] = inline_category(at, category, words)
    features = plain | _lexical(place.at("features"), lexical, lexicon)
    rules = {
        phrase: {
            rule: parse_rule(place.at(f"rules.{phrase}.{rule}"), phrase, rule, value)
            for rule, value in place.at(f"rules.{phrase}").table(of_phrase).items()
        }
        for phrase, of_phrase in place.at("rules").table(values["rules"]).items()
    }
    document = place.at("document").table(values.get("document", {}), ("of", "template", "abbreviations"))
    template = document.get("template")
    grammar = GrammarFile(
        name=name,
        file=place.file,
        language=values["language"],
        meaning=meaning,
        tasks=_tasks(place.at("tasks"), values["tasks"]),
        features=features,
        lexicon=lexicon,
        rules=rules,
        of=document.get("of"),
        template=None if template is None else place.at("document.template").names(template),
        abbreviations=place.at("document.abbreviations").table(document.get("abbreviations", {})),
        labels={str(k): str(v) for k, v in place.at("labels").table(values.get("labels", {})).items()},
        selectors=_selectors(place.at("selectors"), values.get("selectors", {})),
        held_out=_held_out(place.at("held_out"), values.get("held_out", {})),
        drops=_drops(place.at("surface"), values.get("surface", {})),
        digest=_digest(values, texts, meaning),
    )
    check_grammar(grammar)
    return grammar


def _digest(values: dict[str, Any], texts: Mapping[str, str], meaning: GrammarFile | None) -> str:
    rows = {
        name: [line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        for name, text in texts.items()
    }
    content = [values, rows, meaning.digest if meaning else None]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _features(place: Place, table: Any) -> tuple[dict[str, Feature], dict[str, str]]:
    """Features with values of their own, and lexical ones with the category they belong to."""
    plain: dict[str, Feature] = {}
    lexical: dict[str, str] = {}
    for name, given in place.table(table).items():
        at = place.at(name)
        value = given
        if isinstance(given, list):
            value = {str(each): 1 for each in given} if len({str(each) for each in given}) == len(given) else None
        if isinstance(value, dict) and "of" in value:
            at.table(value, ("of",))
            lexical[name] = str(value["of"])
            continue
        if not isinstance(value, dict) or not value:
            at.refuse("has no list of distinct values; write ['sg', 'pl'], { sg = 2, pl = 1 } or { of = 'noun' }")
        if "next" in value:
            at.refuse("'next' stands for the next value; call the value otherwise")
        weights = tuple(at.weight(weight) for weight in value.values())
        plain[name] = Feature(name, tuple(map(str, value)), weights)
    return plain, lexical


def _lexical(place: Place, lexical: Mapping[str, str], lexicon: Mapping[str, Category]) -> dict[str, Feature]:
    features = {}
    for name, category in lexical.items():
        if category not in lexicon:
            place.at(name).unknown("category", category, lexicon)
        if name not in lexicon[category].properties:
            place.at(name).refuse(f"{category} has no file with a column {name!r}; give it one")
        values = dict.fromkeys(cell[0] for cell in lexicon[category].properties[name])
        features[name] = Feature(name, tuple(values), (1.0,) * len(values), category)
    return features


def _tasks(place: Place, table: Any) -> dict[str, Start]:
    tasks = {}
    for name, given in place.table(table).items():
        at = place.at(name)
        value = at.table({"start": given} if isinstance(given, str) else given, ("start", "share"), ("start",))
        phrase, features = parse_start(at, value["start"])
        tasks[name] = Start(phrase, features, at.weight(value.get("share", 1)))
    if not tasks:
        place.refuse("holds no task; write one such as sentence = { start = 'Sentence' }")
    return tasks


def parse_start(place: Place, text: Any) -> tuple[str, dict[str, str]]:
    """A start phrase with its features: "Document[mode=statement]"."""
    phrase, _, rest = str(text).partition("[")
    given = [parse_given(place, one) for one in rest.removesuffix("]").split(",") if one.strip()]
    if any(each.kind != "fixed" for each in given):
        place.refuse(f"{text!r}: a start gives its features values; write feature=value")
    return phrase.strip(), {each.feature: each.value for each in given if isinstance(each, Given)}


def _selectors(place: Place, table: Any) -> dict[str, dict[str, Selection]]:
    found: dict[str, dict[str, Selection]] = {}
    for name, values in place.table(table).items():
        found[name] = {}
        for value, what in place.at(name).table(values).items():
            at = place.at(f"{name}.{value}")
            rules: dict[tuple[str, str | None], dict[str, float | None]] = {}
            features: dict[str, str] = {}
            for key, entry in at.table(what).items():
                if key == "features":
                    features = {str(k): str(v) for k, v in at.at(key).table(entry).items()}
                    continue
                phrase, _, part = key.partition(".")
                if isinstance(entry, dict):
                    rules[phrase, part or None] = {rule: at.at(key).weight(weight) for rule, weight in entry.items()}
                else:
                    rules[phrase, part or None] = dict.fromkeys(at.at(key).names(entry))
            found[name][value] = Selection(rules, features)
    return found


def _drops(place: Place, table: Any) -> dict[str, tuple[str, ...]]:
    drop = place.at("drop").table(place.table(table, ("drop",)).get("drop", {}))
    return {word: place.at(f"drop.{word}").names(before) for word, before in drop.items()}


def _held_out(place: Place, table: Any) -> HeldOut:
    place.table(table, HELD_OUT_KINDS)
    share = place.at("share").weight(table.get("share", 0.0))
    if share >= 1:
        place.at("share").refuse(f"{share!r} is no share below 1")
    depth = table.get("depth")
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 1):
        place.at("depth").refuse(f"{depth!r} is no embedding depth; write a number of at least 1")
    together = table.get("together", [])
    if not isinstance(together, list):
        place.at("together").refuse("is no list; write [['a', 'b'], ...]")
    words = place.at("words").table(table.get("words", {}))
    return HeldOut(
        share=share,
        words={category: place.at(f"words.{category}").names(each) for category, each in words.items()},
        together=tuple(place.at("together").names(each) for each in together),
        marks=place.at("marks").names(table.get("marks", [])),
        depth=depth,
    )
