"""The study of code's share, as it is on the shelf."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from seedbed.data.build import build_component
from seedbed.pipelines.load import load_study
from seedbed.pipelines.matching import amount, common_measure
from seedbed.pipelines.results import StudyResults
from seedbed.workbench import Workbench, carried_shelves

PIPELINE = carried_shelves() / "pipelines" / "code_share.py"
SEEDBED = str(Path(sys.executable).with_name("seedbed"))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return load_study(str(PIPELINE), Workbench(tmp_path_factory.mktemp("workbench"))).study


def test_every_arm_and_its_controls(study):
    base, *rest = study.mixtures
    text = base.total_bytes
    assert [(m.name, m.total_bytes, m.steps_times, m.against) for m in rest] == [
        ("code-25%-competitive", text, 1, ()),
        ("code-50%-competitive", text, 1, ()),
        ("code-25%-additive", round(text / 0.75), 1 / 0.75, ()),
        ("code-50%-additive", 2 * text, 2, ()),
        ("shuffled-code-50%-additive", 2 * text, 2, ("base", "code-50%-additive")),
        ("brackets-50%-additive", 2 * text, 2, ("base", "code-50%-additive")),
        ("base-repeated-50%", text, 2, ("base", "code-50%-additive")),
    ]
    steps = study.models[0].steps * study.models[0].batch_size
    held = StudyResults("", "", [], [], [])
    for mixture in rest:
        measure = common_measure(base.matched, mixture.matched)
        if measure is not None:
            # Where every arm reads what it holds, all of them hold and see the text of the base.
            assert amount(held, measure, run_of(mixture), mixture) == pytest.approx(text, rel=1e-4)
    assert steps == pytest.approx(text / 130, rel=0.01)  # the text's documents have 130 bytes on average


def run_of(mixture):
    return type("Run", (), {"outcome": {"total_bytes": mixture.total_bytes}})()


def test_code_is_cut_to_documents_as_long_as_the_texts(study, tmp_path):
    mean = {}
    for component in study.components[:2]:
        (tmp_path / component.name).mkdir()
        receipt = build_component(component, tmp_path / component.name, Workbench(tmp_path))
        mean[component.name] = receipt.total_bytes / receipt.documents
        assert receipt.total_bytes - receipt.heldout_bytes > study.mixtures[0].total_bytes
    assert mean["code"] == pytest.approx(mean["text"], rel=0.02)


@pytest.mark.slow
def test_it_runs_in_miniature(tmp_path):
    done = subprocess.run(
        [SEEDBED, "run", str(PIPELINE), "--smoke", "--no-tracking"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed 0" in done.stdout
    for arm in ("base-repeated-50%", "brackets-50%-additive", "shuffled-code-50%-additive"):
        assert arm in done.stdout
