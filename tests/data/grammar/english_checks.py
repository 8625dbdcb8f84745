"""What a grammatical sentence of the grammar "english_broad" must obey, read off its words, heads and relations alone.

This knows English and the lexicon files, not the grammar: no rule, feature or mark of it. So it can find it wrong.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

LEXICONS = Path(__file__).parents[3] / "data" / "lexicons" / "en"
SINGULAR_DETERMINERS = {"a", "every", "each", "one", "this", "that"}
PLURAL_DETERMINERS = {"several", "all", "most", "many", "few", "these", "those"}
SINGULAR_AUXILIARIES = {"is", "was", "has", "does", "isn't", "wasn't", "hasn't", "doesn't"}
PLURAL_AUXILIARIES = {"are", "were", "have", "do", "aren't", "weren't", "haven't", "don't"}
PERSON_VERBS = ("intransitive", "transitive_person", "transitive_thing", "ditransitive", "reporting", "knowing")
REFLEXIVES = {"himself": ("sg", "masculine"), "herself": ("sg", "feminine"), "themselves": ("pl", None)}


def read(name: str) -> list[dict[str, str]]:
    with (LEXICONS / f"{name}.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


NOUNS: dict[str, tuple[str, str]] = {}
for kind in ("masculine", "feminine", "common", "thing", "place"):
    for row in read(kind):
        NOUNS |= {row["sg"]: ("sg", kind), row["pl"]: ("pl", kind)}
for kind in ("masculine", "feminine"):
    NOUNS |= {row["form"]: ("sg", kind) for row in read(f"{kind}_name")}
NOUNS["nobody"] = ("sg", "common")
VERBS = {row["concept"]: row for name in PERSON_VERBS for row in read(name)}
SINGULAR_VERBS = {row["pres.sg"] for row in VERBS.values()}
PLURAL_VERBS = {row["pres.pl"] for row in VERBS.values()} - {row["past"] for row in VERBS.values()}
AUXILIARIES = {
    form: name
    for name in ("modal", "do", "have", "be")
    for row in read(name)
    for column, form in row.items()
    if column != "concept"
}
TRANSITIVE_FORMS = {
    form
    for name in ("transitive_person", "transitive_thing")
    for row in read(name)
    for column, form in row.items()
    if column != "concept"
}
GOVERNS = {"modal": "base", "do": "base", "have": "en", "be": "ing"}
FORMS = {kind: {row[kind] for row in VERBS.values()} for kind in ("base", "en", "ing")}
STRONG = {"negation", "quantifier", "question"}
"""What licenses `yet` and `anymore`; `only` and `if` license `ever`, `any` and `at all` alone."""


@dataclass(frozen=True)
class Parse:
    """A sentence with gold heads (-1 for the root) and relations."""

    words: list[str]
    heads: list[int]
    relations: list[str]

    def children(self, head: int, *relations: str) -> list[int]:
        return [
            i
            for i, at in enumerate(self.heads)
            if at == head and (not relations or self.relations[i].partition(":")[0] in relations)
        ]

    def is_question(self) -> bool:
        return self.words[-1] == "?"


def number_of(parse: Parse, noun: int, verb: int) -> str | None:
    """Number of a verb's subject by its head; a conjunction is plural, but a relative clause is on one noun."""
    if parse.children(noun, "conj") and parse.heads[verb] != noun:
        return "pl"
    return NOUNS[parse.words[noun]][0] if parse.words[noun] in NOUNS else None


def subject_of(parse: Parse, verb: int) -> int | None:
    """The noun that a verb agrees with; of a relative clause on its subject the noun outside."""
    subjects = parse.children(verb, "nsubj")
    if not subjects:
        return None
    subject = subjects[0]
    if parse.words[subject] in ("who", "that", "which") and parse.relations[verb] == "acl:relcl":
        return parse.heads[verb]
    return subject


def agreement_faults(parse: Parse) -> list[str]:
    """Verbs and auxiliaries that do not agree with their subject, forms that their auxiliary does not govern."""
    faults = []
    for verb in range(len(parse.words)):
        subject = subject_of(parse, verb)
        if subject is None:
            continue
        number = "sg" if parse.words[subject] == "who" else number_of(parse, subject, verb)
        helpers = parse.children(verb, "aux")
        finite = parse.words[helpers[0] if helpers else verb]
        if helpers and parse.words[verb] not in FORMS[GOVERNS[AUXILIARIES[finite]]]:
            faults.append(f"{finite} {parse.words[verb]}")
        singular = SINGULAR_AUXILIARIES if helpers else SINGULAR_VERBS
        plural = PLURAL_AUXILIARIES if helpers else PLURAL_VERBS
        if number is None or (number == "sg" and finite in plural) or (number == "pl" and finite in singular):
            faults.append(f"{parse.words[subject]} ({number}) {finite}")
    return faults


def determiner_faults(parse: Parse) -> list[str]:
    """Determiners whose number is not their noun's."""
    faults = []
    for i, word in enumerate(parse.words):
        if parse.relations[i] == "det":
            number = NOUNS[parse.words[parse.heads[i]]][0]
            if word in (PLURAL_DETERMINERS if number == "sg" else SINGULAR_DETERMINERS):
                faults.append(f"{word} {parse.words[parse.heads[i]]}")
    return faults


def anaphor_faults(parse: Parse) -> list[str]:
    """Reflexives that do not agree with the subject of their own verb in number and gender."""
    faults = []
    for i, word in enumerate(parse.words):
        if word not in REFLEXIVES:
            continue
        number, gender = REFLEXIVES[word]
        subject = subject_of(parse, parse.heads[i])
        if subject is None or number_of(parse, subject, parse.heads[i]) != number:
            faults.append(f"{word}: number")
        elif gender is not None and NOUNS.get(parse.words[subject], ("", ""))[1] != gender:
            faults.append(f"{word}: gender of {parse.words[subject]}")
    return faults


def licensors(parse: Parse, verb: int) -> set[str]:
    """What licenses polarity items in the verb phrase of a verb, by scope: its own negation, subject or question."""
    found = set()
    auxiliaries = parse.children(verb, "aux")
    if any(parse.words[i] == "not" for i in parse.children(verb)) or any(
        parse.words[i].endswith("n't") for i in auxiliaries
    ):
        found.add("negation")
    for subject in parse.children(verb, "nsubj"):
        own = {parse.words[i] for i in parse.children(subject, "det", "advmod")}
        if own & {"no", "few"} or parse.words[subject] == "nobody":
            found.add("quantifier")
        if "only" in own:
            found.add("only")
        if parse.relations[verb] == "root" and parse.is_question() and auxiliaries and auxiliaries[0] < subject:
            found.add("question")
    if parse.relations[verb] == "advcl" and any(parse.words[i] == "if" for i in parse.children(verb, "mark")):
        found.add("if")
    return found


def polarity_items(parse: Parse) -> list[tuple[str, int]]:
    """Polarity items with the verb in whose phrase they stand."""
    found = []
    for i, word in enumerate(parse.words):
        if word in ("ever", "yet", "anymore"):
            found.append((word, parse.heads[i]))
        elif word == "any":
            found.append((word, parse.heads[parse.heads[i]]))
        elif word == "at" and i + 1 < len(parse.words) and parse.words[i + 1] == "all":
            found.append(("at all", parse.heads[i]))
    return found


def polarity_faults(parse: Parse) -> list[str]:
    """Polarity items that nothing licenses."""
    faults = []
    for item, verb in polarity_items(parse):
        found = licensors(parse, verb)
        if not (found & STRONG if item in ("yet", "anymore") else found):
            faults.append(f"{item} of {parse.words[verb]}")
    return faults


def tempting(parse: Parse, verb: int) -> set[str]:
    """Licensors in a relative clause on a verb's subject: they come before the verb and license nothing there."""
    found = set()
    for subject in parse.children(verb, "nsubj"):
        for clause in parse.children(subject, "acl"):
            found |= licensors(parse, clause)
    return found


def gap_faults(parse: Parse) -> list[str]:
    """Transitive verbs with no object or with two, fillers (what, who) counted, relativizers among them."""
    faults = []
    for verb, word in enumerate(parse.words):
        if word not in TRANSITIVE_FORMS or not parse.children(verb, "nsubj", "aux", "obj"):
            continue
        if parse.relations[verb] in ("det", "amod", "nsubj", "obj", "obl", "nmod"):
            continue
        found = sum(map(bool, (_fills(parse, i) for i in parse.children(verb, "obj", "mark"))))
        above = verb
        while parse.relations[above] == "ccomp":
            above = parse.heads[above]
            passed = parse.children(above, "obj", "mark")
            found += sum(parse.words[i] in ("what", "who", "which") or _relativizes(parse, i) for i in passed)
        if found != 1:
            faults.append(f"{word}: {found} objects")
    return faults


def _fills(parse: Parse, word: int) -> bool:
    """Whether a word is an object: `that` only as a relativizer, `what` whatever it is called."""
    if parse.words[word] == "that":
        return _relativizes(parse, word)
    return parse.relations[word] == "obj" or parse.words[word] == "what"


def _relativizes(parse: Parse, word: int) -> bool:
    return parse.words[word] == "that" and parse.relations[parse.heads[word]] == "acl:relcl"


def faults(parse: Parse) -> list[str]:
    """Everything that is wrong with a sentence."""
    return [
        *agreement_faults(parse),
        *determiner_faults(parse),
        *anaphor_faults(parse),
        *polarity_faults(parse),
        *gap_faults(parse),
    ]
