from __future__ import annotations

import pickle

import pytest
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

from seedbed.data.difficulty.annotator import DifficultyAnnotator
from seedbed.data.difficulty.recipes import Difficulty
from seedbed.data.difficulty.texts import mtld
from seedbed.data.recipes import Component, Files
from seedbed.errors import RecipeError


def test_it_stands_alone_in_a_plain_datatrove_pipeline(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"text": "a b a c"}\n{"text": "..."}\n')
    steps = [
        JsonlReader(str(tmp_path / "in")),
        DifficultyAnnotator(Difficulty("mtld")),
        DifficultyAnnotator(Difficulty("words")),
        JsonlWriter(str(tmp_path / "out"), compression=None, output_filename="${rank}.jsonl"),
    ]
    LocalPipelineExecutor(pipeline=steps, logging_dir=str(tmp_path / "logs")).run()
    import json

    rows = [json.loads(line)["metadata"] for line in (tmp_path / "out" / "00000.jsonl").read_text().splitlines()]
    assert [row["difficulty_mtld"] for row in rows] == [mtld(list("abac")), None]
    assert [row["difficulty_words"] for row in rows] == [4.0, 1.0]


def test_it_can_be_sent_after_it_was_used():
    step = DifficultyAnnotator(Difficulty("readability"))
    done = list(step.run(iter([Document(text="A cat.", id="0")])))
    assert pickle.loads(pickle.dumps(step)).measure == step.measure
    assert done[0].metadata["difficulty_readability"] < 0


def test_a_measure_of_more_than_one_text_is_refused():
    with pytest.raises(RecipeError, match="surprisal is not measured on one text alone"):
        DifficultyAnnotator(Difficulty("surprisal"))


def test_it_stands_in_a_component_and_changes_no_document(build, jsonl, workbench):
    where = jsonl("a.jsonl", ["the newt sleeps .", "a zebra ."])
    plain, _ = build(Component("plain", Files(where)))
    annotated = Component("annotated", [Files(where), DifficultyAnnotator(Difficulty("words"))])
    stored, _ = build(annotated)
    assert stored.id.tolist() == plain.id.tolist()
    source = annotated.identity(workbench)["source"]
    assert source[1]["attributes"]["measure"]["measure"] == "words"
