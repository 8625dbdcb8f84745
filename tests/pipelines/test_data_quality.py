"""The study of data quality, as it is on the shelf, on text made here."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from seedbed.data.build import build_component
from seedbed.data.catalogue import open_component
from seedbed.errors import SourceError
from seedbed.pipelines.load import load_study
from seedbed.workbench import Workbench, carried_shelves

PIPELINE = carried_shelves() / "pipelines" / "data_quality.py"
SEEDBED = str(Path(sys.executable).with_name("seedbed"))
OPTIONS = {"books": "books.jsonl", "web": "web.jsonl", "web_test": "test.jsonl", "speeches": "speeches.jsonl"}
WORDS = [a + b + c + d for a in "bdfgkt" for b in "aeiou" for c in "lmnprst" for d in ("", "a", "en", "ing")]
STOP_WORDS = ["the", "of", "and", "to", "with", "that"]


def passages(seed, number, sentences=9):
    """Passages of prose without meaning, which quality filters let through."""
    draw = random.Random(seed)
    made = []
    for _ in range(number):
        lines = [draw.choices(WORDS, k=9) + draw.choices(STOP_WORDS, k=4) for _ in range(sentences)]
        made.append(" ".join(" ".join(draw.sample(line, 13)).capitalize() + "." for line in lines))
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("workbench")
    texts = {
        "books": passages(1, 60),
        "web": passages(2, 80) + passages(3, 40, sentences=2),
        "web_test": passages(4, 60),
        "speeches": passages(5, 60),
    }
    texts["web"] += texts["web_test"][:5]  # what must not be trained on
    for name, file in OPTIONS.items():
        (root / file).write_text("".join(json.dumps({"text": text}) + "\n" for text in texts[name]))
    return root


@pytest.fixture(scope="module")
def built(folder):
    study = load_study(str(PIPELINE), Workbench(folder), OPTIONS).study
    stored = {}
    for component in study.components:
        (folder / component.name).mkdir()
        build_component(component, folder / component.name, Workbench(folder))
        stored[component.name] = open_component(folder / component.name)
    return stored


@pytest.mark.slow
def test_arms_hold_what_they_say(built, folder):
    texts = {name: list(stored.iter_texts()) for name, stored in built.items()}
    tested = set(texts["web"])
    books = {json.loads(line)["text"] for line in (folder / OPTIONS["books"]).read_text().splitlines()}
    for arm in ("random", "filtered", "deduplicated", "both"):
        assert not tested & set(texts[arm])
    assert sum(text in books for text in texts["filtered"]) == 2 * len(books)
    assert sum(text in books for text in texts["both"]) == len(books)
    assert all(len(text.split()) > 50 for text in texts["filtered"])
    assert any(len(text.split()) < 50 for text in texts["random"])
    difference = built["random"].total_bytes - built["filtered"].total_bytes
    assert 0 <= difference < max(map(len, texts["random"]))


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    study = load_study(str(PIPELINE), Workbench(tmp_path), OPTIONS).study
    with pytest.raises(SourceError, match=r"'\S+\.jsonl' is not there; check the location"):
        study.components[0].identity(Workbench(tmp_path))


@pytest.mark.slow
def test_it_runs_in_miniature(folder):
    settings = [part for name, file in OPTIONS.items() for part in ("--set", f"{name}={file}")]
    done = subprocess.run(
        [SEEDBED, "run", str(PIPELINE), "--smoke", "--no-tracking", *settings],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed 0" in done.stdout
    assert not list((folder / "store" / "stages").iterdir())
