"""The lexicons of the scenes against treebanks and CLAMS, where these lie beside the checkout."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data"
LEXICONS = ROOT / "data" / "lexicons"
CASE = {"nom": "Nom", "gen": "Gen", "dat": "Dat", "acc": "Acc"}
NUMBER = {"sg": "Sing", "pl": "Plur"}
GENDER = {"masc": "Masc", "fem": "Fem", "neut": "Neut"}

needs_treebanks = pytest.mark.skipif(
    not (SHARED / "ud").is_dir(), reason="the UD treebanks do not lie beside the checkout"
)
needs_clams = pytest.mark.skipif(not (SHARED / "clams").is_dir(), reason="CLAMS does not lie beside the checkout")


def rows(language: str, name: str) -> list[dict[str, str]]:
    text = (LEXICONS / language / f"{name}.tsv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def tokens(language: str) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Form, lemma, part of speech and features; ё as е, which many texts write for it."""
    (path,) = (SHARED / "ud" / f"{language}_gsd").glob("*.conllu.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            if len(cells) == 10 and cells[0].isdigit():
                pairs = [pair.split("=", 1) for pair in cells[5].split("|") if "=" in pair]
                yield plain(cells[1]), plain(cells[2]), cells[3], dict(pairs)


def plain(word: str) -> str:
    return word.replace("ё", "е")


def forms(language: str) -> set[str]:
    return {token for token, *_ in tokens(language)}


@needs_treebanks
@pytest.mark.parametrize(("language", "least"), [("de", 25), ("ru", 18)])
def test_nouns_are_seen_with_their_features(language: str, least: int):
    """Forms seen in the treebank with the very number and case that the lexicon gives them."""
    seen: dict[str, set[tuple[str | None, str | None]]] = defaultdict(set)
    for form, _, kind, features in tokens(language):
        if kind == "NOUN":
            seen[form].add((features.get("Number"), features.get("Case")))
    cells = [
        (plain(form), NUMBER[heading.split(".")[0]], CASE[heading.split(".")[1]])
        for row in rows(language, "noun")
        for heading, form in row.items()
        if "." in heading
    ]
    found = [cell for cell in cells if cell[1:] in seen[cell[0]]]
    print(f"{language}: {len(found)} of {len(cells)} noun forms seen with these features")
    assert len(found) >= least


@needs_treebanks
@pytest.mark.parametrize(("language", "least"), [("de", 17), ("ru", 15)])
def test_nouns_have_the_gender_of_the_treebank(language: str, least: int):
    genders: dict[str, Counter[str]] = defaultdict(Counter)
    for _, lemma, kind, features in tokens(language):
        if kind == "NOUN" and "Gender" in features:
            genders[lemma.lower()][features["Gender"]] += 1
    compared = [
        (row["sg.nom"], GENDER[row["gender"]], genders[plain(row["sg.nom"]).lower()].most_common(1)[0][0])
        for row in rows(language, "noun")
        if genders[plain(row["sg.nom"]).lower()]
    ]
    assert len(compared) >= least
    # By its most frequent gender: single tags of an automatic tagger are wrong at times.
    assert [(noun, ours, theirs) for noun, ours, theirs in compared if ours != theirs] == []


@needs_treebanks
@pytest.mark.parametrize(
    ("language", "column", "least"),
    # The Chinese treebank is in traditional characters, so that only words written alike in both can be found there.
    [("ja", "sg", 15), ("zh", "counted", 10)],
)
def test_nouns_without_inflection_are_words_of_the_treebank(language: str, column: str, least: int):
    known = forms(language)
    found = [row[column] for row in rows(language, "noun") if row[column] in known]
    assert len(found) >= least


@needs_treebanks
def test_japanese_dictionary_forms_are_lemmas_of_the_treebank():
    lemmas = {lemma for _, lemma, kind, _ in tokens("ja") if kind == "VERB"}
    ours = [row["plain.positive.pres"] for name in ("transitive", "intransitive", "giving") for row in rows("ja", name)]
    assert len([verb for verb in ours if verb in lemmas]) >= 10


@needs_clams
@pytest.mark.parametrize(("language", "least"), [("de", 4), ("ru", 8)])
def test_numbers_of_nouns_and_verbs_are_those_of_clams(language: str, least: int):
    """In CLAMS' good sentences of a noun and a verb both have one number; so do ours where both are known."""
    nouns: dict[str, set[str]] = defaultdict(set)
    for row in rows(language, "noun"):
        for number in ("sg", "pl"):
            nouns[row[f"{number}.nom"]].add(number)
    verbs: dict[str, set[str]] = defaultdict(set)
    for path in sorted((LEXICONS / language).glob("*.tsv")):
        for row in rows(language, path.stem):
            for heading, form in row.items():
                if heading.startswith(("pres.", "past.")):
                    verbs[form].add("pl" if ".pl" in heading else "sg")
    compared = 0
    with gzip.open(SHARED / "clams" / language / "simple_agrmt.tsv.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            good, sentence = line.rstrip("\n").split("\t")[:2]
            noun, verb = ([word for word in sentence.split() if word in known] for known in (nouns, verbs))
            if len(noun) == len(verb) == 1:
                compared += 1
                assert bool(nouns[noun[0]] & verbs[verb[0]]) == (good == "True") or len(nouns[noun[0]]) == 2, sentence
    assert compared >= least


@pytest.mark.parametrize("language", ["de", "ru", "ja", "zh"])
def test_every_language_has_a_word_for_every_concept(language: str):
    for path in sorted((LEXICONS / "scenes").glob("*.tsv")):
        there = LEXICONS / language / path.name
        if there.exists():
            concepts = [row["concept"] for row in rows("scenes", path.stem)]
            assert {row["concept"] for row in rows(language, path.stem)} == set(concepts), path.name


@pytest.mark.parametrize("language", ["scenes", "de", "ru", "ja", "zh"])
def test_no_two_nouns_have_one_name(language: str):
    """So that a sentence's nouns tell its meaning."""
    column = {"scenes": "plain.sg", "de": "sg.nom", "ru": "sg.nom", "ja": "sg", "zh": "counted"}[language]
    names = [row[column] for row in rows(language, "noun")]
    assert len(set(names)) == len(names) == 46
