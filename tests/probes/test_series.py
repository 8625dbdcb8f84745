import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from seedbed.errors import SourceError
from seedbed.probes.base import Material, Measurement
from seedbed.probes.baselines import constant_logits
from seedbed.probes.recipes import BitsPerByte, probe
from seedbed.probes.series import METRICS_SCHEMA, checkpoint_folders, measure_checkpoints, measure_series
from seedbed.probes.suites_recipe import GrammarSuite
from seedbed.training.record import METRICS_SCHEMA as OF_A_RUN
from seedbed.workbench import Workbench


class Sizes:
    """A probe: the number of a model's parameters, and the step as an item."""

    name, conventions = "sizes", "counted"

    def measure(self, model, step):
        return Measurement({"sizes/all/parameters": float(model.weight.numel())}, pa.table({"twice": [2 * step]}))

    def baselines(self):
        return {"sizes/all/none": 0.0}


def linear(width):
    return torch.nn.Linear(width, 1, bias=False)


def test_the_metrics_are_those_of_a_run():
    assert METRICS_SCHEMA == OF_A_RUN


def test_a_series_of_models_gives_a_runs_tables(tmp_path):
    seen = []
    series = measure_series([(0, linear(2)), (8, linear(5))], [Sizes()], on_step=seen.append)
    assert series.metrics.to_pylist() == [
        {"step": 0, "metric": "sizes/all/parameters", "value": 2.0},
        {"step": 8, "metric": "sizes/all/parameters", "value": 5.0},
    ]
    assert series.items["sizes"].to_pylist() == [{"step": 0, "twice": 0}, {"step": 8, "twice": 16}]
    assert (series.conventions, series.baselines, seen) == ({"sizes": "counted"}, {"sizes/all/none": 0.0}, [0, 8])
    series.write(tmp_path / "out")
    assert pq.read_table(tmp_path / "out" / "metrics.parquet") == series.metrics
    assert pq.read_table(tmp_path / "out" / "items" / "sizes.parquet") == series.items["sizes"]


def test_models_are_taken_one_at_a_time():
    held = []

    def models():
        for step in range(3):
            held.append(step)
            yield step, linear(step + 1)
            assert len(held) == step + 1, "the next model is not asked for before this one is measured"

    assert measure_series(models(), [Sizes()]).metrics.num_rows == 3


def test_probes_of_the_last_step_look_at_the_last_model_alone():
    series = measure_series([(0, linear(2)), (8, linear(5))], [Sizes()], last_only=["sizes"])
    assert series.metrics["step"].to_pylist() == [8]


@pytest.mark.parametrize(
    ("steps", "message"),
    [([], "there is no model to measure"), ([0, 4, 4], "step 4 comes after step 4"), ([3, 1], "rising")],
)
def test_what_is_no_series_is_refused(steps, message):
    with pytest.raises(SourceError, match=message):
        measure_series([(step, linear(2)) for step in steps], [Sizes()])


def test_checkpoints_are_found_by_their_names(tmp_path):
    for name in ("step-16", "step-2", "checkpoint-9", "0", "logs", "step-x"):
        (tmp_path / name).mkdir()
    (tmp_path / "step-5").write_text("no folder")
    assert [(step, path.name) for step, path in checkpoint_folders(tmp_path)] == [
        (0, "0"), (2, "step-2"), (9, "checkpoint-9"), (16, "step-16"),
    ]  # fmt: skip
    (tmp_path / "step_2").mkdir()
    with pytest.raises(SourceError, match="holds step 2 twice, step-2 and step_2; remove one"):
        checkpoint_folders(tmp_path)
    with pytest.raises(SourceError, match="holds no checkpoints; give a folder of folders"):
        checkpoint_folders(tmp_path / "logs")
    with pytest.raises(SourceError, match="holds no checkpoints"):
        checkpoint_folders(tmp_path / "none")


WORDS = ["the", "yak", "yaks", "sleep", "sleeps", "."]


def save(folder, seed, words=WORDS):
    library = Tokenizer(
        models.WordLevel({word: number for number, word in enumerate(["<eos>", "<unk>", *words])}, "<unk>")
    )
    library.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    ends = {"bos_token": "<eos>", "eos_token": "<eos>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=library, **ends).save_pretrained(folder)
    torch.manual_seed(seed)
    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=8, max_position_embeddings=16, pad_token_id=None, **size)
    LlamaForCausalLM(config).save_pretrained(folder)


def test_a_folder_of_hugging_face_checkpoints(tmp_path):
    (tmp_path / "pairs.tsv").write_text("the yak sleeps .\tthe yak sleep .\nthe newt sleeps .\tthe newt sleep .\n")
    for step in (0, 10, 100):
        save(tmp_path / "models" / f"step-{step}", step)
    bench = Workbench(tmp_path)
    recipe = GrammarSuite("mine", location="pairs.tsv")
    series = measure_checkpoints(tmp_path / "models", [recipe], bench)
    accuracy = [row for row in series.metrics.to_pylist() if row["metric"] == "mine/mean/margin_nats"]
    assert [row["step"] for row in accuracy] == [0, 10, 100]
    assert len({row["value"] for row in accuracy}) == 3, "they are three models"
    assert series.items["mine"].num_rows == 3
    assert "1 of 2 items are not scored: 1 for words that the tokenizer lacks" in series.conventions["mine"]
    left_out = [row["value"] for row in series.metrics.to_pylist() if row["metric"] == "mine/unscored"]
    assert left_out == [1.0, 1.0, 1.0]
    save(tmp_path / "models" / "step-200", 3, words=WORDS[::-1])
    with pytest.raises(SourceError, match="step-200 has another tokenizer or context than step-0"):
        measure_checkpoints(tmp_path / "models", [recipe], bench)
    with pytest.raises(SourceError, match="'bits-per-byte' takes its items from a study"):
        measure_checkpoints(tmp_path / "models", [BitsPerByte()], bench)


def test_any_module_that_gives_logits_is_a_model(encoders, workbench):
    prepared = probe("npi", pairs_per_paradigm=2).prepare(Material(encoders["byte"], 200, workbench))
    series = measure_series([(step, constant_logits(257)) for step in (0, 1)], [prepared])
    values = {row["value"] for row in series.metrics.to_pylist() if row["metric"] == "npi/mean/accuracy_per_token"}
    assert values == {0.5}
    assert np.isfinite(series.metrics["value"].to_numpy()).all()
