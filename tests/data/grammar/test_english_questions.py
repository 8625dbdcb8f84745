"""The question-formation corpus against McCoy et al.'s published files, where they are on this machine (PROTOCOLS 1.1).

Sentences are taken apart here by hand, from words alone: nothing is asked of the grammar's own labels.
"""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import pytest

from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.items import ITEM_SETS, clauses, declaratives, question_items
from seedbed.data.recipes import Grammar
from seedbed.errors import RecipeError
from seedbed.workbench import Workbench

SHARED = Path(__file__).parents[4] / "shared" / "data" / "question_formation" / "en"
AUXILIARIES = ("do", "does", "don't", "doesn't")
RELATIVIZERS = ("who", "that")
PREPOSITIONS = ("above", "around", "behind", "below", "by", "near", "upon", "with")
DETERMINERS = ("the", "some", "my", "your", "our", "her")


def published(name: str) -> list[tuple[list[str], str, list[str]]]:
    """(declarative, task word, target) of every row of a file."""
    path = SHARED / f"question.{name}.tsv.gz"
    if not path.exists():
        pytest.skip("McCoy's question-formation files are not on this machine")
    rows = [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    return [(source.split()[:-1], source.split()[-1], target.split()) for source, target in rows]


def generated(documents: int = 30_000, **how) -> list[tuple[list[str], str, list[str]]]:
    found = []
    for document in Grammar("english", documents=documents, **how).steps(Workbench())[0].run():
        words = document.text.split()
        at = next(i for i, word in enumerate(words) if word in ("quest", "decl"))
        found.append((words[:at], words[at], words[at + 1 :]))
    return found


@pytest.fixture(scope="module")
def documents():
    return generated()


def noun_phrase(words: list[str], at: int) -> tuple[str, int]:
    """Kind of the noun phrase that begins here (plain, pp, o, si, st), and where it ends."""
    assert words[at] in DETERMINERS
    at += 2
    if words[at] in PREPOSITIONS:
        return "pp", at + 3
    if words[at] not in RELATIVIZERS:
        return "plain", at
    if words[at + 1] not in AUXILIARIES:
        return "o", at + 5
    return ("st", at + 5) if words[at + 3] in DETERMINERS else ("si", at + 3)


def anatomy(words: list[str]) -> tuple[str, str, int]:
    """Kinds of subject and object, and the place of the main auxiliary."""
    subject, main = noun_phrase(words, 0)
    assert words[main] in AUXILIARIES
    at = main + 2
    if words[at] == ".":
        return subject, "none", main
    object_, end = noun_phrase(words, at)
    assert words[end:] == ["."]
    return subject, object_, main


def shares(rows: list[tuple[list[str], str, list[str]]]) -> dict[tuple[str, str, str], float]:
    """Share of each (task, subject, object) among all."""
    counts = Counter((task, *anatomy(words)[:2]) for words, task, _ in rows)
    return {kind: count / counts.total() for kind, count in counts.items()}


def test_the_vocabulary_is_the_published_one(documents):
    ours = {word for words, task, target in documents for word in (*words, task, *target)}
    theirs = {word for name in ("dev", "test", "gen") for words, task, target in published(name) for word in words}
    theirs |= {word for words, task, target in published("test") for word in (task, *target)}
    assert ours == theirs
    assert len(ours) == 68


def test_constructions_have_the_published_shares_within_a_point(documents):
    ours, theirs = shares(documents), shares(published("test"))
    assert set(ours) == set(theirs)
    for kind in theirs:
        assert ours[kind] == pytest.approx(theirs[kind], abs=0.01), kind
    for place in (1, 2):
        marginals = [
            {each: sum(v for k, v in table.items() if k[place] == each) for each in {k[place] for k in table}}
            for table in (ours, theirs)
        ]
        assert marginals[0] == pytest.approx(marginals[1], abs=0.01)


def test_training_questions_are_ambiguous_and_the_test_is_not(documents):
    """Fronting the first auxiliary is fronting the main one on every training question, on no question of the test."""
    for words, task, target in [*documents, *published("test"), *published("dev")]:
        if task == "quest":
            first = next(word for word in words if word in AUXILIARIES)
            main = anatomy(words)[2]
            assert target == [words[main], *words[:main], *words[main + 1 : -1], "?"]
            assert target[0] == first
    items = [item for name in ("ood-easy", "ood-hard", "ood-three") for item in question_items(name, 90, seed=0)]
    pairs = [(item.declarative.split(), item.question.split()) for item in items]
    for words, question in [*pairs, *((words, target) for words, _, target in published("gen"))]:
        main = anatomy(words)[2]
        assert question == [words[main], *words[:main], *words[main + 1 : -1], "?"]
        assert question[0] != next(word for word in words if word in AUXILIARIES)


def test_no_declarative_of_one_split_is_in_another(documents):
    """Ours: training, held-out, and every item set. Theirs: dev, test and gen."""
    train = {tuple(words) for words, *_ in documents}
    held = {tuple(words) for words, *_ in generated(1_000, split="held-out", seed=3)}
    assert not train & held
    for name in ITEM_SETS:
        assert not train & {tuple(item.declarative.split()) for item in question_items(name, 60, seed=0)}
    files = [{tuple(words) for words, *_ in published(name)} for name in ("dev", "test", "gen")]
    assert not files[0] & files[1]
    assert not files[0] & files[2]
    assert not files[1] & files[2]
    for name, size in (("dev", 1_000), ("test", 10_000), ("gen", 10_000)):
        assert len({(*words, task) for words, task, _ in published(name)}) == size


def test_known_counts_of_templates():
    """PROTOCOLS 7, row 1: 272 declaratives, 102 of them questions, 170 with a subject clause, 56 in the test."""
    grammar = load_grammar("english", Workbench())
    every = declaratives(grammar, "copy")
    centered = [layout for layout in every if clauses(layout)[0] != "none"]
    disambiguating = [
        layout
        for layout in centered
        if clauses(layout)[1] == "none"
        and len({s.value("number") for s in layout.slots if s.category == "auxiliary"}) == 1
    ]
    found = [{layout.template(grammar) for layout in some} for some in (every, centered, disambiguating)]
    assert [len(some) for some in found] == [272, 170, 56]
    questions = {layout.template(grammar) for layout in declaratives(grammar, "question")}
    assert len(questions) == 102
    assert questions < found[0]
    assert "det noun.sg aux.sg v ." in questions


@pytest.mark.parametrize("task", ["question", "either"])
def test_questions_that_tell_the_rules_apart_are_refused_unless_asked_for(task):
    with pytest.raises(RecipeError, match=r"english\.toml.*ask for less by subject=, or write unambiguous=True"):
        list(Grammar("english", task=task, subject="relative clause", documents=10).steps(Workbench())[0].run())
    found = generated(300, task=task, subject="relative clause", unambiguous=True)
    assert all(anatomy(words)[0] in ("o", "si", "st") for words, *_ in found)
    assert any(task == "quest" for _, task, _ in found)


def test_nested_clauses_and_their_twins():
    """Depth is exact, five deep is held out, and a copy is a copy."""
    shares = {1: 0.25, 2: 0.25, 3: 0.25, 4: 0.25}
    for how in ({}, {"twin": "center embedding"}):
        documents = list(
            Grammar("english", task="center", depth_shares=shares, documents=400, **how).steps(Workbench())[0].run()
        )
        assert Counter(d.metadata["embedding_depth"] for d in documents) == dict.fromkeys((1, 2, 3, 4), 100)
        assert all(d.metadata["center_depth"] == d.metadata["embedding_depth"] for d in documents) is (not how)
        for document in documents:
            declarative, _, target = document.text.partition(" decl ")
            assert target == declarative
            depth = document.metadata["embedding_depth"]
            assert len(declarative.split()) == 2 * (depth + 1) + depth + 2 * (depth + 1) + 1
    held = Grammar("english", task="center", split="held-out", held_out="depth", documents=40).steps(Workbench())[0]
    assert {document.metadata["embedding_depth"] for document in held.run()} == {5}
    with pytest.raises(RecipeError, match="depth 5 is held out"):
        list(Grammar("english", task="center", depth_shares={5: 1.0}).steps(Workbench())[0].run())
