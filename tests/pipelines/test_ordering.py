import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seedbed import order
from seedbed.data.permutations import rank_shares
from seedbed.pipelines.ordering import Columns, add_areas, arranged, difficulty_probes, probe_name
from seedbed.training.record import METRICS_SCHEMA


def stored(texts, heldout_start=0):
    return SimpleNamespace(heldout_start=heldout_start, iter_texts=lambda start: iter(texts[start:]))


def test_held_out_text_is_cut_by_rank_over_all_components():
    texts = {"a": ["x", "short", "longer text"], "b": ["y", "the longest text of all", "mid text"]}
    columns = {name: Columns({"bytes": np.array([len(t) for t in some], float)}, {}) for name, some in texts.items()}
    components = {name: stored(some, heldout_start=1) for name, some in texts.items()}
    [(probe, chosen)] = difficulty_probes(components, columns, smoke=False)
    assert probe.name == "bits-per-byte-by-bytes"
    assert chosen == {
        "1-of-5": ["short"],
        "2-of-5": ["mid text"],
        "4-of-5": ["longer text"],
        "5-of-5": ["the longest text of all"],
    }
    assert difficulty_probes(components, {name: Columns({}, {}) for name in texts}, smoke=False) == []


def test_a_probe_s_name_is_one():
    assert probe_name("loss-centered-10%.byte.seed-0") == "bits-per-byte-by-loss-centered-10-.byte.seed-0"


def test_areas_are_means_over_updates_and_added_once(tmp_path):
    rows = [
        (0, "bits-per-byte-by-words/1-of-5", 8.0),
        (2, "bits-per-byte-by-words/1-of-5", 4.0),
        (10, "bits-per-byte-by-words/1-of-5", 2.0),
        (10, "bits-per-byte-by-words/1-of-5.nats", 2.0),
        (10, "bits-per-byte/total", 2.0),
    ]
    table = pa.table([list(column) for column in zip(*rows, strict=True)], schema=METRICS_SCHEMA)
    pq.write_table(table, tmp_path / "metrics.parquet")
    for _ in range(2):
        add_areas(tmp_path, ["bits-per-byte-by-words"])
        added = pq.read_table(tmp_path / "metrics.parquet").to_pylist()[len(rows) :]
        assert added == [{"step": 10, "metric": "bits-per-byte-by-words/1-of-5/area", "value": (2 * 6 + 8 * 3) / 10}]


def test_a_text_is_arranged_as_its_order_has_it():
    text = "a\nb\nc\nd\ne"
    shuffled = arranged(text, order.within(order.shuffled(), units="lines"))
    assert shuffled != text
    assert sorted(shuffled) == sorted(text)
    assert arranged(text, order.within(order.shuffled(), "kept", units="lines")) == text
    assert arranged(text, order.shuffled()) == text


@pytest.mark.slow
def test_a_study_of_orders_from_its_file_to_its_certificates(tmp_path):
    """2 x 2 and the loss of an earlier run, end to end: certificates, columns, buckets, realised beside requested."""
    from tests.pipelines.studies import write_pipeline
    from tests.pipelines.test_end_to_end import seedbed

    text = '''
        """Orders."""
        from seedbed import *
        from seedbed.data.difficulty.recipes import Difficulty
        questions = Component("questions", Grammar("english", task="question", documents=1500), distinct=True)
        study = Study(
            name="orders",
            mixtures=[Mixture("text", total_bytes=20_000, shares={questions: 1.0})],
            tokenizers=[tokenizer("byte")],
            orders=ORDERS,
            models=[model("nano", steps=40, batch_size=8, warmup_steps=2, layers=1, width=16, heads=2)],
            seeds=Seeds(1),
            probe_points=(1, 2),
        )
    '''
    write_pipeline(tmp_path, text.replace("ORDERS", '[*order.two_by_two("words"), order.hard_first("words")]'), "o.py")
    printed = seedbed(tmp_path, "run", "o.py", "--no-tracking").stdout
    assert "not compared" not in printed
    runs = {}
    for path in (tmp_path / "store" / "runs").iterdir():
        metrics = pq.read_table(path / "metrics.parquet").to_pylist()
        table = pq.read_table(path / "order.parquet").to_pydict()
        runs[path.name.rpartition(".seed-")[0]] = (
            json.loads((path / "certificate.json").read_text()),
            {row["metric"]: row["value"] for row in metrics},
            table,
        )
    certificates = [certificate for certificate, *_ in runs.values()]
    assert len({certificate["multiset_sha256"] for certificate in certificates}) == 1
    assert len({certificate["units_sha256"] for certificate in certificates if certificate["units"]}) == 1
    for name, (certificate, metrics, table) in runs.items():
        assert certificate["order"] == name
        assert certificate["documents"] == 320
        assert "bits-per-byte-by-words/1-of-5/area" in metrics
        assert "train/difficulty/words/1-of-5/loss_bits_per_byte" in metrics
        realised = np.array(table["difficulty/words/rank"])
        if name.startswith("easy"):
            assert np.abs(realised - table["difficulty/words/rank_asked"]).max() < 0.25
            assert realised[0] < 0.3
            assert realised[-1] > 0.7
        if name.startswith("hard"):
            assert realised[0] > 0.7
            assert realised[-1] < 0.3
    write_pipeline(
        tmp_path,
        text.replace("ORDERS", '[order.easy_first(Difficulty("run_loss", run="hard-first-words.seed-0"))]'),
        "loss.py",
    )
    seedbed(tmp_path, "run", "loss.py", "--no-tracking")
    [column] = (tmp_path / "store" / "difficulty").glob("questions.loss-hard-first-words.seed-0-*")
    scores = np.load(column / "scores.npy")
    assert np.isfinite(scores).all()
    assert 0.1 < scores.min() < scores.max() < 10
    assert rank_shares(scores).std() > 0.25
