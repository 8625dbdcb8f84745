"""The study of digit grouping, as it is on the shelf."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from seedbed.errors import RecipeError
from seedbed.pipelines.graph import study_graph
from seedbed.pipelines.load import load_study
from seedbed.probes.answer_items import source_items
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.train import train_tokenizer
from seedbed.workbench import Workbench, carried_shelves

PIPELINE = carried_shelves() / "pipelines" / "digit_grouping.py"
SEEDBED = str(Path(sys.executable).with_name("seedbed"))


@pytest.fixture(scope="module")
def workbench(tmp_path_factory):
    return Workbench(tmp_path_factory.mktemp("workbench"))


@pytest.fixture(scope="module")
def studies(workbench):
    return {
        numbers: load_study(str(PIPELINE), workbench, {"numbers": numbers}).study for numbers in ("sums", "same-cuts")
    }


@pytest.fixture(scope="module")
def study(studies):
    return studies["sums"]


@pytest.fixture(scope="module")
def texts(studies, workbench):
    """Every text that is trained on, by study."""
    written = {}
    for name, each in studies.items():
        [component] = each.components
        generator = component.source.generator(workbench)
        written[name] = generator(np.arange(generator.documents))[0]
    return written


@pytest.fixture(scope="module")
def encoders(study, texts, tmp_path_factory):
    made = {}
    for recipe in study.tokenizers:
        folder = tmp_path_factory.mktemp("tokenizer")
        train_tokenizer(recipe, [text for some in texts.values() for text in some[:2_000]], folder)
        made[recipe.name] = load_encoder(folder)
    return made


def cut(encoder, text):
    return "|".join(encoder.token_bytes[token].decode() for token in encoder.encode(text))


def test_the_arms_cut_numbers_as_they_say(encoders):
    text = "123 + 9876 = 9999"
    assert cut(encoders["from-the-left"], text) == "12|3| +| |98|76| =| |99|99"
    assert cut(encoders["from-the-right"], text) == "1|23| +| |98|76| =| |99|99"
    assert cut(encoders["single-digits"], text) == "1|2|3| +| |9|8|7|6| =| |9|9|9|9"


def test_the_control_is_cut_alike_from_both_sides_and_the_sums_are_not(encoders, texts):
    left, right = encoders["from-the-left"], encoders["from-the-right"]
    same, some = texts["same-cuts"][:5_000], texts["sums"][:1_000]
    assert left.encode_batch(same) == right.encode_batch(same)
    differ = np.mean([a != b for a, b in zip(left.encode_batch(some), right.encode_batch(some), strict=True)])
    assert differ > 0.75


@pytest.mark.parametrize("numbers", ["sums", "same-cuts"])
def test_no_sum_that_is_asked_is_in_a_training_text(numbers, studies, texts, workbench):
    seen = {text.partition(" = ")[0] for text in texts[numbers]}
    seen |= {" + ".join(reversed(pair.split(" + "))) for pair in seen}
    [probe] = studies[numbers].probes
    asked = {item.question.partition(" = ")[0] for item in source_items(probe.source, probe.items, workbench)}
    assert len(asked) == probe.items
    assert not asked & seen


@pytest.mark.parametrize("numbers", ["sums", "same-cuts"])
def test_hardly_any_sum_is_read_twice(numbers, studies, texts):
    [training], [mixture] = studies[numbers].models, studies[numbers].mixtures
    written = sum(map(len, texts[numbers]))
    assert mixture.total_bytes <= written
    assert mixture.total_bytes / (written / len(texts[numbers])) >= 0.9 * training.steps * training.batch_size


def test_the_loss_is_on_the_sums_alone_and_seeds_are_enough(studies):
    for study in studies.values():
        assert [training.loss_on for training in study.models] == ["answer"]
        assert study.seeds.count >= 5
        assert {question.factor for question in study.questions} == {"tokenizer"}


def test_numbers_that_the_study_does_not_know_are_refused(workbench):
    with pytest.raises(RecipeError, match=r"same-cut.*did you mean .same-cuts."):
        load_study(str(PIPELINE), workbench, {"numbers": "same-cut"})


def test_each_tokenizer_reads_the_sums_once(study, workbench):
    kinds = [artifact.kind for artifact in study_graph(study, workbench).artifacts()]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    assert counts == {"component": 1, "tokenizer": 3, "tokens": 3, "run": 3 * study.seeds.count}


def metrics_of(folder, *options):
    """The metrics of every run, by the name of its folder."""
    done = subprocess.run(
        [SEEDBED, "run", str(PIPELINE), "--no-tracking", *options],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return {
        path.parent.name: pq.read_table(path).to_pylist()
        for path in (folder / "store" / "runs").glob("*/metrics.parquet")
    }


@pytest.mark.slow
def test_it_runs_in_miniature(tmp_path):
    found = metrics_of(tmp_path, "--smoke")
    assert len(found) == 3
    for rows in found.values():
        metrics = {row["metric"] for row in rows}
        assert {"addition/all/exact", "addition/shuffled/exact", "addition/answer-longer/margin"} <= metrics


@pytest.mark.slow
def test_where_numbers_are_cut_alike_runs_agree_to_the_last_bit(tmp_path):
    found = metrics_of(tmp_path, "--smoke", "--set", "numbers=same-cuts")
    [left], [right] = (
        [rows for name, rows in found.items() if side in name] for side in ("from-the-left", "from-the-right")
    )
    values = [
        [(row["step"], row["metric"], row["value"]) for row in rows if "per_second" not in row["metric"]]
        for rows in (left, right)
    ]
    assert any(metric == "addition/all/margin" for _, metric, _ in values[0])
    assert values[0] == values[1]


@pytest.mark.slow
def test_known_answer_14(tmp_path):
    """One seed in full, about two minutes of one core: from the right beats from the left by more than .5 exact."""
    found = metrics_of(tmp_path, "--set", "seeds=1")
    last = {
        side: {row["metric"]: row["value"] for row in rows if row["step"] == 2_500}
        for name, rows in found.items()
        for side in ("from-the-left", "from-the-right", "single-digits")
        if side in name
    }
    exact = {side: metrics["addition/all/exact"] for side, metrics in last.items()}
    assert exact["from-the-right"] - exact["from-the-left"] > 0.5
    assert last["from-the-left"]["addition/answer-longer/exact"] < 0.05
    assert exact["from-the-left"] < 0.1
    assert all(metrics["addition/shuffled/exact"] < 0.02 for metrics in last.values())
