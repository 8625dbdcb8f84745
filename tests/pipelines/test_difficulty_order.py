"""The study of order within and among documents, as it is on the shelf."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from seedbed.pipelines.graph import study_graph
from seedbed.pipelines.load import load_study
from seedbed.workbench import Workbench, carried_shelves

PIPELINE = carried_shelves() / "pipelines" / "difficulty_order.py"
SEEDBED = str(Path(sys.executable).with_name("seedbed"))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return load_study(str(PIPELINE), Workbench(tmp_path_factory.mktemp("workbench"))).study


def test_two_by_two_with_its_controls(study):
    assert [order.name for order in study.orders] == [
        "shuffled-lines-kept",
        "shuffled-lines-shuffled",
        "easy-first-surprisal-lines-kept",
        "easy-first-surprisal-lines-shuffled",
        "random-buckets-surprisal-lines-kept",
    ]
    assert [model.name for model in study.models] == ["nano", "nano-constant"]
    assert [model.final_lr_share for model in study.models] == [0.05, 1.0]
    assert study.seeds.count >= 5
    assert {question.factor for question in study.questions} == {"order"}


def test_no_document_is_read_twice_and_token_counts_do_not_depend_on_the_lines_order(study):
    [training] = {model.steps * model.batch_size * model.model.context for model in study.models}
    assert training < study.mixtures[0].total_bytes
    assert [tokenizer.kind for tokenizer in study.tokenizers] == ["byte"]
    assert all(model.layout == "packed" for model in study.models)


def test_one_column_and_two_token_stores_serve_all_arms(study, tmp_path):
    graph = study_graph(study, Workbench(tmp_path))
    kinds = [artifact.kind for artifact in graph.artifacts()]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    assert counts == {"component": 1, "tokenizer": 1, "tokens": 2, "difficulty": 1, "run": 50}


@pytest.mark.slow
def test_it_runs_in_miniature(tmp_path):
    done = subprocess.run(
        [SEEDBED, "run", str(PIPELINE), "--smoke", "--no-tracking"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not compared" not in done.stdout
    found = [json.loads(path.read_text()) for path in (tmp_path / "store" / "runs").glob("*/certificate.json")]
    assert len(found) == 10
    assert len({(each["multiset_sha256"], each["cut"], each["units_sha256"]) for each in found}) == 1
