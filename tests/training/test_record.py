import math

import pyarrow as pa
import pyarrow.parquet as pq

from seedbed.training.record import Record, clear_record


def rows(folder):
    return [tuple(row.values()) for row in pq.read_table(folder / "metrics.parquet").to_pylist()]


def test_metrics_become_a_long_table(tmp_path):
    record = Record(tmp_path, None)
    record.metrics(0, {"a": 1.0, "b": 2.0})
    record.metrics(5, {"a": 3})
    record.finish()
    assert rows(tmp_path) == [(0, "a", 1.0), (0, "b", 2.0), (5, "a", 3.0)]


def test_what_is_not_finite_is_no_number(tmp_path):
    record = Record(tmp_path, None)
    record.metrics(0, {"a": math.inf, "b": math.nan})
    record.finish()
    assert all(math.isnan(value) for _, _, value in rows(tmp_path))


def test_lines_and_items_after_the_checkpoint_are_dropped(tmp_path):
    record = Record(tmp_path, None)
    for step in (0, 10, 20):
        record.metrics(step, {"a": step})
        record.items("probe", step, pa.table({"item": [f"at {step}"]}))
    record.flush()
    lines = tmp_path / "metrics.jsonl"
    lines.write_text(lines.read_text() + '{"step": 30, "metr')  # a kill cut this line
    again = Record(tmp_path, 10)
    again.metrics(20, {"a": -20})
    again.items("probe", 20, pa.table({"item": ["again"]}))
    again.finish()
    assert rows(tmp_path) == [(0, "a", 0.0), (10, "a", 10.0), (20, "a", -20.0)]
    table = pq.read_table(tmp_path / "items" / "probe.parquet").to_pydict()
    assert table == {"step": [0, 10, 20], "item": ["at 0", "at 10", "again"]}


def test_without_a_checkpoint_everything_is_dropped(tmp_path):
    record = Record(tmp_path, None)
    record.metrics(0, {"a": 1.0})
    record.items("probe", 0, pa.table({"item": [1]}))
    record.flush()
    Record(tmp_path, None).finish()
    assert rows(tmp_path) == []
    assert not (tmp_path / "items" / "probe.parquet").exists()


def test_clearing_leaves_the_final_tables(tmp_path):
    record = Record(tmp_path, None)
    record.items("probe", 0, pa.table({"item": [1]}))
    record.finish()
    clear_record(tmp_path)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")) == [
        "items/probe.parquet",
        "metrics.parquet",
    ]
