"""The study of languages, as it is on the shelf."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seedbed.data.build import ComponentReceipt, build_component
from seedbed.data.catalogue import StoredComponent, open_component
from seedbed.data.selection import select
from seedbed.data.shifted import unshift
from seedbed.pipelines.load import load_study
from seedbed.pipelines.study import Study
from seedbed.workbench import Workbench, carried_shelves

ROOT = carried_shelves()
PIPELINE = ROOT / "pipelines" / "languages.py"
SEEDBED = str(Path(sys.executable).with_name("seedbed"))

Built = dict[str, tuple[StoredComponent, ComponentReceipt]]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return load_study(str(PIPELINE), Workbench(tmp_path_factory.mktemp("workbench"))).study


@pytest.fixture(scope="module")
def built(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Built:
    root = tmp_path_factory.mktemp("built")
    found: Built = {}
    for component in study.components:
        (root / component.name).mkdir()
        receipt = build_component(component, root / component.name, Workbench(root))
        found[component.name] = (open_component(root / component.name), receipt)
    return found


@pytest.mark.slow
def test_all_arms_see_as_many_bytes_within_half_a_percent(study: Study, built: Built):
    seen = {}
    for mixture in study.mixtures:
        documents = 0.0
        for component, share in mixture.shares.items():
            _, receipt = built[component.name]
            assert receipt.total_bytes - receipt.heldout_bytes >= share * mixture.total_bytes
            documents += share * mixture.total_bytes * receipt.documents / receipt.total_bytes
        read = study.models[0].steps * mixture.steps_times * study.models[0].batch_size
        seen[mixture.name] = mixture.total_bytes * read / documents
    assert len(seen) == 7
    assert seen == pytest.approx(dict.fromkeys(seen, 600_000), rel=0.005)


@pytest.mark.slow
def test_the_parallel_copy_has_nearly_all_sentences_of_the_english_half_and_the_other_nearly_none(built: Built):
    chosen = {name: set(texts(built[name][0], 300_000)) for name in ("english", "shifted", "shifted-parallel")}
    english = chosen["english"]
    of_parallel = len(english & {unshift(text) for text in chosen["shifted-parallel"]}) / len(english)
    of_other = len(english & {unshift(text) for text in chosen["shifted"]}) / len(english)
    assert of_parallel > 0.95
    assert of_other < 0.03


def texts(component: StoredComponent, total_bytes: int) -> list[str]:
    """The documents that a mixture of so many bytes takes."""
    return component.texts(select(component.bytes[: component.heldout_start], total_bytes).rows)


@pytest.mark.slow
def test_it_runs_in_miniature(tmp_path: Path):
    done = subprocess.run(
        [SEEDBED, "run", str(PIPELINE), "--smoke", "--no-tracking"],
        cwd=ROOT,  # the pairs lie on its shelf
        env=os.environ | {"SEEDBED_STORE": str(tmp_path / "store")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed 0" in done.stdout
    for arm in ("english-twice", "german", "russian", "mandarin", "shifted-parallel"):
        assert arm in done.stdout
