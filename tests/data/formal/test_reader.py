"""What holds of every formal source: pure documents, exact plans, honest labels, one golden digest each."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.writers import JsonlWriter

from seedbed.data.formal.reader import FormalReader
from seedbed.data.formal.recipes import (
    Addition,
    CompositeParity,
    Dyck,
    ModularArithmetic,
    RandomStrings,
    SkipTrigrams,
    SparseParity,
)
from seedbed.data.formal.word_recipes import DRILL_TASKS, SPELLING_TASKS, Facts, LetterDrills, Skills, Spelling
from seedbed.data.identity import step_identity
from seedbed.data.recipes import Component
from seedbed.workbench import Workbench

EVERY = {
    "dyck": Dyck(2, documents=300),
    "modular": ModularArithmetic(23),
    "addition": Addition(documents=300),
    "parity": SparseParity(4, documents=300),
    "composite": CompositeParity(2, bits=10, atom_examples=100, composite_examples=100),
    "random": RandomStrings(100, 5, documents=300),
    "skip-trigrams": SkipTrigrams(documents=300),
    "facts": Facts("people", repeats={1: 100, 10: 20}),
    "spelling": Spelling(never_drilled=12, tasks=SPELLING_TASKS, documents=300),
    "skills": Skills("tree", documents=300),
    "letters": LetterDrills(words=120, tasks=DRILL_TASKS, documents=300),
}
# Raise the recipe's version where one of these changes: the same fields would give other documents.
GOLDEN = {
    "dyck": "8c183656ec511d71",
    "modular": "0db3e60ec7d75740",
    "addition": "874860df173bafef",
    "parity": "b7bf06f0a382a399",
    "composite": "c9087632c2f04691",
    "random": "a692da817ea964d9",
    "skip-trigrams": "88a682d5947d47cb",
    "facts": "743a833a30014e4a",
    "spelling": "d2e324114fb73e30",
    "skills": "f034cc27638e3f77",
    "letters": "43ce5989a86e81b7",
}


@pytest.fixture(params=sorted(EVERY))
def recipe(request):
    return EVERY[request.param]


def test_a_document_is_a_function_of_its_number(recipe):
    generator = recipe.generator(Workbench())
    texts, labels = generator(np.arange(generator.documents))
    chosen = np.random.default_rng(0).choice(generator.documents, 40)
    assert generator(chosen) == ([texts[n] for n in chosen], [labels[n] for n in chosen])
    assert recipe.generator(Workbench())(np.array([7])) == ([texts[7]], [labels[7]])


def test_tasks_change_nothing(recipe, build, content):
    component = Component("c", recipe)
    digests = {content(build(component, tasks=tasks)[0]) for tasks in (1, 3)}
    assert len(digests) == 1


def test_another_seed_gives_other_documents(recipe):
    numbers = np.arange(50)
    one, other = (replace(recipe, seed=seed).generator(Workbench())(numbers)[0] for seed in (0, 1))
    assert one != other


def test_the_catalogue_says_what_documents_contain(recipe, build):
    stored, receipt = build(Component("c", recipe))
    rows = stored.table().to_pylist()
    assert receipt.documents == recipe.generator(Workbench()).documents
    assert all(row["task"] and row["item"] and row["construction"] in row["constructions"] for row in rows)
    assert all(row["constructions"] == sorted(row["constructions"]) for row in rows)
    for text, row in zip(stored.iter_texts(), rows, strict=True):
        if isinstance(recipe, Dyck | RandomStrings):
            assert row["answer_start"] is None
        else:
            answer = text.encode()[row["answer_start"] : row["answer_end"]].decode()
            assert answer
            # In letter drills the space before the answer is a part of it.
            assert answer == (" " if isinstance(recipe, LetterDrills) else "") + answer.strip()


def test_what_is_planned_is_what_is_written(recipe):
    generator = recipe.generator(Workbench())
    _, labels = generator(np.arange(generator.documents))
    counts = Counter(value for known in labels for value in known["constructions"])
    assert all(known["construction"] in known["constructions"] for known in labels)
    assert recipe.shares == {value: share for value, (share, _) in generator.planned.get("construction", {}).items()}
    for value, (asked, count) in generator.planned.get("construction", {}).items():
        assert counts[value] == count
        assert abs(asked * generator.documents - count) < 1


def test_the_block_is_usable_in_a_plain_datatrove_pipeline(tmp_path):
    recipe = EVERY["addition"]
    writer = JsonlWriter(str(tmp_path / "out"), compression=None)
    LocalPipelineExecutor([FormalReader(recipe), writer], tasks=2, logging_dir=str(tmp_path / "logs")).run()
    lines = [line for path in sorted((tmp_path / "out").iterdir()) for line in path.read_text().splitlines()]
    generator = recipe.generator(Workbench())
    assert sorted(json.loads(line)["text"] for line in lines) == sorted(generator(np.arange(generator.documents))[0])


def test_recipe_and_block_have_an_identity(recipe):
    of_block = step_identity(FormalReader(recipe), Workbench())
    assert json.loads(json.dumps(of_block)) == of_block
    assert recipe.identity(Workbench())["kind"] == type(recipe).__name__
    assert step_identity(FormalReader(replace(recipe, seed=5)), Workbench()) != of_block


@pytest.mark.parametrize("name", sorted(EVERY))
def test_golden_documents(name):
    generator = EVERY[name].generator(Workbench())
    written = generator(np.arange(min(generator.documents, 100)))
    assert hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()[:16] == GOLDEN[name]
