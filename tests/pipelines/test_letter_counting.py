"""The study of letter counting, as it is on the shelf."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seedbed.data.formal.letters import LetterDraws, chosen_words
from seedbed.errors import RecipeError
from seedbed.pipelines.headlines import headlines
from seedbed.pipelines.load import load_study
from seedbed.probes.base import Material
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.workbench import Workbench, carried_shelves

PIPELINE = carried_shelves() / "pipelines" / "letter_counting.py"
SEEDBED = str(Path(sys.executable).with_name("seedbed"))


@pytest.fixture(scope="module")
def workbench(tmp_path_factory):
    return Workbench(tmp_path_factory.mktemp("workbench"))


def loaded(workbench, **options):
    return load_study(str(PIPELINE), workbench, options).study


@pytest.fixture(scope="module")
def study(workbench):
    return loaded(workbench)


def drills_of(study):
    return next(each.source for each in study.components if each.name == "drills")


def test_arms_differ_in_the_tokenizer_alone(study):
    arms = list(study.arms())
    assert [arm.tokenizer.name for arm in arms] == ["byte", "bpe-320", "bpe-512", "unigram-512"]
    assert len({arm.mixture.name for arm in arms}) == len({arm.model.name for arm in arms}) == 1
    assert study.seeds.count >= 4  # fewer can never give a verdict


def test_strawberry_is_drilled_and_blueberry_held_out(study):
    words = chosen_words(drills_of(study))
    assert "strawberry" in {each.word for each in words.drilled}
    assert "blueberry" in {each.word for each in words.held_out}
    texts, _ = LetterDraws(drills_of(study))(np.arange(20_000))
    held_out = {each.word for each in words.held_out}
    assert not any(held_out & set(text.split(" ")) for text in texts)


def test_what_is_asked_about_is_measured(study):
    measured = {each.metric for each in headlines(study)}
    assert {each.metric for each in study.questions} <= measured | {"letters/word-blueberry/exact"}
    assert {each.factor for each in study.questions} == {"tokenizer"}


def test_the_control_has_the_same_questions_and_probes(study, workbench):
    control = loaded(workbench, answers="dealt")
    assert control.name == "letter-counting-dealt"
    true, dealt = drills_of(study), drills_of(control)
    assert dealt == replace(true, answers="dealt")
    numbers = np.arange(2_000)
    (said, labels), (other, _) = LetterDraws(true)(numbers), LetterDraws(dealt)(numbers)
    asked = [text.encode()[: known["answer_start"]] for text, known in zip(said, labels, strict=True)]
    assert all(text.encode().startswith(question) for text, question in zip(other, asked, strict=True))
    assert 0.2 < np.mean([one == two for one, two in zip(said, other, strict=True)]) < 0.5
    items = []
    for each in (study, control):
        folder = workbench.root / each.name
        folder.mkdir(parents=True)
        train_tokenizer(tokenizer("byte"), said, folder)
        items.append(each.probes[0].prepare(Material(load_encoder(folder), 80, workbench)).items)
    assert items[0] == items[1]


def test_every_question_fits_the_context(study, workbench, tmp_path):
    train_tokenizer(tokenizer("byte"), ["a"], tmp_path)
    for each in study.probes:
        each.prepare(Material(load_encoder(tmp_path), study.models[0].model.context, workbench))


@pytest.mark.parametrize("wrong", [{"text": "book"}, {"answers": "deal"}, {"tokenizers": "bytes"}])
def test_a_wrong_option_is_answered_with_the_nearest(wrong, workbench):
    with pytest.raises(RecipeError, match="did you mean"):
        loaded(workbench, **wrong)


@pytest.mark.slow
def test_the_smoke_study_runs_end_to_end(tmp_path):
    command = [SEEDBED, "--store", str(tmp_path / "store"), "run", str(PIPELINE), "--smoke"]
    command += ["--no-tracking", "--set", "tokenizers=byte,bpe-320"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert "failed 0" in done.stdout + done.stderr
