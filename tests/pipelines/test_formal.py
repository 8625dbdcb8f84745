"""Formal sources from a pipeline file to trained weights, with the loss on their answers alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from seedbed.data.formal.pairs import answer_pairs
from seedbed.data.formal.word_recipes import Spelling
from seedbed.errors import SourceError
from seedbed.pipelines.graph import study_graph
from seedbed.pipelines.jobs import Execution, make
from seedbed.pipelines.load import load_study
from seedbed.pipelines.store import Store
from seedbed.tokenizers.store import open_tokens
from seedbed.workbench import Workbench
from tests.pipelines.studies import write_pipeline

ROOT = Path(__file__).parents[2]
MODULAR = '''
    """Addition modulo 7, the loss on the sum alone."""
    from seedbed import *
    from seedbed.data.formal.recipes import Dyck, ModularArithmetic

    sums = Component("sums", ModularArithmetic(7, train_share=1), heldout_share=0)
    brackets = Component("brackets", Dyck(2, documents=200), heldout_share=0)
    study = Study(
        name="modular",
        mixtures=[Mixture("sums", total_bytes=2_000, repeat_up_to=10, shares={sums: 1.0})],
        tokenizers=[tokenizer("word")],
        models=[model("nano", steps=150, batch_size=49, warmup_steps=10, layers=1, width=32, heads=2, context=8,
                      learning_rate=1e-2, final_lr_share=1.0, embedding_init_std=0.1, loss_on="answer")],
        seeds=Seeds(1),
    )
'''


def made(folder, text):
    """Everything of a study, made in this process: its run's folder and its graph."""
    workbench = Workbench(folder)
    loaded = load_study(str(write_pipeline(folder, text)), workbench)
    graph, store = study_graph(loaded.study, workbench), Store(workbench.store)
    for artifact in graph.artifacts():
        make(artifact, graph, store, Execution(workbench), lambda event: None)
    return graph, store


def test_the_loss_on_answers_falls_and_counts_nothing_else(tmp_path):
    graph, store = made(tmp_path, MODULAR)
    tokens = open_tokens(store.folder(graph.tokens["sums", "word"]))
    assert tokens.answer_spans is not None
    assert (np.asarray(tokens.answer_spans) == [4, 5]).all()  # a + b = c: the fifth token
    metrics = pq.read_table(store.folder(graph.runs[0].artifact) / "metrics.parquet").to_pylist()
    loss = [row["value"] for row in metrics if row["metric"] == "train/loss_nats_per_token"]
    assert loss[0] > 1.5  # ten tokens, none known at first
    # A loss on all six tokens could not fall below 2 ln 7 / 6 = 0.65: nobody knows which numbers are added.
    assert loss[-1] < 0.4


def test_a_source_that_marks_no_answer_is_refused(tmp_path):
    bare = MODULAR.replace("shares={sums: 1.0}", "shares={sums: 0.5, brackets: 0.5}")
    with pytest.raises(SourceError, match=r"documents chosen of 'brackets' mark no answer.*take loss_on='all'"):
        made(tmp_path, bare)


def test_the_same_source_is_trained_on_whole_where_that_is_asked(tmp_path):
    bare = MODULAR.replace("shares={sums: 1.0}", "shares={sums: 0.5, brackets: 0.5}").replace('"answer"', '"all"')
    graph, store = made(tmp_path, bare.replace("steps=150", "steps=12"))
    assert (store.folder(graph.runs[0].artifact) / "weights.safetensors").is_file()


def test_the_shelfs_pairs_are_those_that_the_generator_makes():
    """The command in docs/formal.md, run again."""
    words = {"tokens": 48, "never_drilled": 8, "spaced": True, "dose": 0.5, "documents": 4_000}
    lines = [
        line
        for split, name, count in (("held-out", "new_words", 120), ("never-drilled", "never_drilled", 60))
        for line in answer_pairs(Spelling(**words, split=split), count, name=name)
    ]
    assert (ROOT / "probes" / "pairs" / "spelling.jsonl").read_text().splitlines() == lines


def test_no_arm_of_the_study_spells_a_word_of_the_pairs():
    study = load_study(str(ROOT / "pipelines" / "formal.py"), Workbench(ROOT)).study
    asked = {
        line.split('"sentence_good": "spell ')[1].split(" :")[0].replace(" ", "")
        for line in (ROOT / "probes" / "pairs" / "spelling.jsonl").read_text().splitlines()
    }
    assert len(asked) == 180
    for component in study.components:
        generator = component.source.generator(Workbench())
        assert not asked & {"".join(word) for word in generator.drilled}


@pytest.mark.slow
def test_the_study_runs_in_miniature(tmp_path):
    done = subprocess.run(
        [Path(sys.executable).with_name("seedbed"), "run", "pipelines/formal.py", "--smoke"],
        cwd=ROOT,
        env=os.environ | {"SEEDBED_STORE": str(tmp_path / "store")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "minimal-pairs/spelling" in done.stdout
    assert "failed 0" in done.stdout


def test_the_page_shows_documents_that_the_sources_write():
    page = (ROOT / "docs" / "formal.md").read_text(encoding="utf-8")
    shown = {line.split("|")[2].strip().strip("`") for line in page.splitlines() if line.startswith("| `")}
    study = load_study(str(ROOT / "docs" / "formal_sources.py"), Workbench(ROOT)).study
    written = {}
    for component in study.components:
        generator = component.source.generator(Workbench(ROOT))
        written[component.name] = set(generator(np.arange(generator.documents))[0])
    missing = shown - set().union(*written.values())
    assert not missing
    assert {name for name, texts in written.items() if not texts & shown} == {"addition-held-out"}
