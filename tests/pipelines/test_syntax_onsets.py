"""The study of syntax onsets, as it is on the shelf: what it states, and the whole of it in miniature."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from seedbed.errors import RecipeError
from seedbed.pipelines.load import load_study
from seedbed.training.schedule import probe_steps
from seedbed.workbench import Workbench, carried_shelves

PIPELINE = carried_shelves() / "pipelines" / "syntax_onsets.py"
SEEDBED = str(Path(sys.executable).with_name("seedbed"))
ABILITIES = (
    "attention-syntax/all/weight",
    "npi/contrast.scope/accuracy_sum",
    "npi/contrast.licensor/accuracy_sum",
    "agreement/mean/accuracy_sum",
    "filler-gap/mean/accuracy_sum",
)


def made(*arguments):
    """What `seedbed` prints, where it ends well."""
    done = subprocess.run([SEEDBED, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def workbench(tmp_path_factory):
    return Workbench(tmp_path_factory.mktemp("workbench"))


@pytest.fixture(scope="module")
def study(workbench):
    return load_study(str(PIPELINE), workbench, {}).study


def test_steps_are_even_and_many_enough_for_the_test(study):
    [training] = study.models
    steps = probe_steps(training.steps, *study.probe_points)
    assert len({after - before for before, after in pairwise(steps)}) == 1
    assert len(steps) >= 20
    assert study.seeds.count >= 6


def test_every_need_is_an_ability_that_is_measured(study):
    assert set(study.needed) | {first for needs in study.needed.values() for first in needs} == set(ABILITIES)
    assert all("attention-syntax/all/weight" in needs for needs in study.needed.values())


def test_the_control_has_the_same_words_in_another_order(study, workbench):
    texts = {}
    for component in study.components:
        grammar, *transforms = component.source
        documents = list(replace(grammar, documents=200).steps(workbench)[0].run())
        for transform in transforms:
            [block] = transform.steps(workbench)
            documents = [block.transformed(document) for document in documents]
        texts[component.name] = [document.text.split() for document in documents]
    assert [Counter(words) for words in texts["natural"]] == [Counter(words) for words in texts["shuffled"]]
    moved = sum(one != other for one, other in zip(texts["natural"], texts["shuffled"], strict=True))
    assert moved > 190


def test_options_name_what_there_is(workbench):
    one = load_study(str(PIPELINE), workbench, {"arms": "natural", "seeds": "2", "steps": "400"}).study
    assert [mixture.name for mixture in one.mixtures] == ["natural"]
    assert (one.seeds.count, one.models[0].steps) == (2, 400)
    with pytest.raises(RecipeError, match="did you mean 'shuffled'"):
        load_study(str(PIPELINE), workbench, {"arms": "shufled"})


@pytest.mark.slow
def test_the_whole_of_it_in_miniature(tmp_path):
    store = tmp_path / "store"
    planned = made("--store", store, "plan", PIPELINE, "--smoke")
    assert "0 to reuse, 7 to build" in " ".join(planned.split())
    ran = made("--store", store, "run", PIPELINE, "--smoke", "--no-tracking")
    assert "failed 0" in ran
    printed = made("--store", store, "report", PIPELINE, "--smoke", "--out", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    for title in ("When it appears, seed by seed", "Transitions", "What comes first", "What seeds alone do"):
        assert title in printed
        assert f"<h3>{title}" in page
    assert "<h3>Onsets against the declared graph" in page
    for ability in ABILITIES:
        assert ability in page
    figures = {path.suffix for path in (tmp_path / "page-figures").iterdir()}
    assert figures == {".svg", ".png", ".csv"}
