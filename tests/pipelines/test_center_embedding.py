"""The study of center embedding, as it is on the shelf."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from seedbed.data.build import build_component
from seedbed.pipelines.load import load_study
from seedbed.workbench import Workbench, carried_shelves

PIPELINE = carried_shelves() / "pipelines" / "center_embedding.py"
SEEDBED = str(Path(sys.executable).with_name("seedbed"))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return load_study(str(PIPELINE), Workbench(tmp_path_factory.mktemp("workbench"))).study


def documents(component, count):
    reader = replace(component.source, documents=count).steps(Workbench())[0]
    return list(reader.run())


def test_arms_differ_in_declaratives_alone(study):
    names = ["dose-0%", "dose-10%", "dose-100%", "deep-branching", "deep-center"]
    assert [mixture.name for mixture in study.mixtures] == names
    assert len({mixture.total_bytes for mixture in study.mixtures}) == 1
    questions = study.components[0]
    shares = [{c.name: share for c, share in mixture.shares.items() if c != questions} for mixture in study.mixtures]
    rest = 1 - study.mixtures[0].shares[questions]
    assert {mixture.shares[questions] for mixture in study.mixtures} == {1 - rest}
    assert shares == [
        pytest.approx({"right-branching": rest}),
        pytest.approx({"center-embedded": 0.1 * rest, "right-branching": 0.9 * rest}),
        pytest.approx({"center-embedded": rest}),
        pytest.approx({"branching-deep": rest}),
        pytest.approx({"center-deep": rest}),
    ]
    assert study.mixtures[-1].against == ("deep-branching", "dose-100%")


def test_no_training_question_tells_the_rules_apart(study):
    for document in documents(study.components[0], 2_000):
        words, _, question = document.text.partition(" quest ")
        assert question.split()[0] == next(word for word in words.split() if word in ("do", "does", "don't", "doesn't"))


def test_deep_arms_are_twins(study):
    """Sentence for sentence: words, nouns with their determiners and auxiliaries, number of clauses.

    A twin that is itself a held-out sentence (one in twenty) gives way to another of its length and depth.
    """
    components = {component.name: component for component in study.components}
    pairs = zip(documents(components["center-deep"], 600), documents(components["branching-deep"], 600), strict=True)
    depths: Counter[int] = Counter()
    others = 0
    for one, other in pairs:
        texts = [document.text.split(" decl ") for document in (one, other)]
        center, branching = (text[0].split() for text in texts)
        assert all(text[0] == text[1] for text in texts)
        assert len(center) == len(branching)
        others += any(
            Counter(w for w in center if w in kind) != Counter(w for w in branching if w in kind)
            for kind in (
                {"do", "does", "don't", "doesn't"},
                {"the", "some", "my", "your", "our", "her"},
                {"who", "that"},
            )
        )
        assert one.metadata["embedding_depth"] == other.metadata["embedding_depth"] == one.metadata["center_depth"]
        assert other.metadata["center_depth"] <= 1
        depths[one.metadata["embedding_depth"]] += 1
    assert depths == {1: 200, 2: 200, 3: 200}
    assert 0 < others / 600 < 0.09


def test_declaratives_of_the_doses_have_equal_lengths(study):
    components = {component.name: component for component in study.components}
    lengths = [
        [len(document.text.split(" decl ")[0].split()) for document in documents(components[name], 1_000)]
        for name in ("center-embedded", "right-branching")
    ]
    assert lengths[0] == lengths[1]
    for name, there in (("center-embedded", True), ("right-branching", False)):
        assert all((d.metadata["subject_rc"] != "none") is there for d in documents(components[name], 300))


@pytest.mark.slow
def test_every_component_has_enough_for_its_arms(study, tmp_path):
    for component in study.components:
        (tmp_path / component.name).mkdir()
        receipt = build_component(component, tmp_path / component.name, Workbench(tmp_path))
        wanted = max(mixture.total_bytes * mixture.shares.get(component, 0) for mixture in study.mixtures)
        assert receipt.total_bytes - receipt.heldout_bytes > wanted


@pytest.mark.slow
def test_the_study_runs_in_miniature(tmp_path):
    done = subprocess.run(
        [SEEDBED, "run", str(PIPELINE), "--smoke"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("dose-10%", "deep-center", "verdict"):
        assert words in done.stdout
