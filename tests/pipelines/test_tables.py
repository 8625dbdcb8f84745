import io
from dataclasses import replace

import pytest
from rich.console import Console
from synthetic import FAILED_RUN, HEADLINES, synthetic_conclusions, synthetic_results

from seedbed.pipelines.table import percent
from seedbed.pipelines.tables import (
    all_tables,
    answer_records,
    answers_table,
    mixtures_table,
    onset_records,
    onsets_table,
    parameters_table,
    print_tables,
    unfinished_table,
)
from seedbed.pipelines.tables_probes import baselines_table, bits_table, pairs_tables, question_tables, values_table


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return synthetic_results(tmp_path_factory.mktemp("study"), failed=True)


@pytest.fixture(scope="module")
def conclusions(results):
    return synthetic_conclusions(results)


def test_the_terminal_fits_100_columns(results, conclusions):
    console = Console(width=160, file=io.StringIO())
    print_tables(console, results, conclusions)
    shown = console.file.getvalue()
    assert max(map(len, shown.splitlines())) <= 100
    for table in all_tables(results, conclusions):
        assert table.title in shown


def test_requested_stands_beside_achieved(results):
    table = mixtures_table(results)
    row = next(row for row in results.mixtures if row.component == "questions")
    assert (percent(row.requested_share), percent(row.achieved_share)) == table.rows[0][2:4]
    assert table.rows[0][4:6] == ("1,640,000", "1,640,031")
    assert len(table.rows) == len(results.mixtures)


def test_answers_say_what_was_decided(conclusions):
    rows = answers_table(conclusions).rows
    for row, answer in zip(rows, conclusions.answers, strict=True):
        assert answer.question in row[0]
        assert row[0].endswith(f"{answer.metric}\n{answer.level_a} → {answer.level_b}")
        assert row[3] == f"{answer.verdict.pairs} pairs"
        assert row[5] == answer.verdict.kind
        assert row[6] == (str(answer.verdict.seeds_needed) if answer.verdict.seeds_needed else "–")


def test_files_hold_verdicts_in_full(conclusions):
    table = answer_records(conclusions)
    assert len(table.rows) == sum(1 + len(answer.by_stratum) for answer in conclusions.answers)
    first = dict(zip((column.name for column in table.columns), table.rows[0], strict=True))
    assert float(first["p_value"]) == conclusions.answers[0].verdict.p_value
    assert first["sentence"] == conclusions.answers[0].verdict.sentence


def test_a_single_seed_has_no_interval(results, tmp_path):
    one = synthetic_results(tmp_path, (0,))
    rows = values_table(one, "k", "T", HEADLINES[:1]).rows
    assert {row[3] for row in rows} == {"–"}
    assert len(rows) == len(results.arms)


def test_every_seed_is_shown_and_failed_ones_are_in_no_mean(results):
    rows = {row[1]: row for row in values_table(results, "k", "T", HEADLINES[:1]).rows}
    assert len(rows["centered.bpe-512"][4].split()) == 3
    assert len(rows["centered.byte"][4].split()) == 2
    held = [run.curves[HEADLINES[0]].last for run in results.of_arm("centered.byte") if run.status == "FINISHED"]
    assert float(rows["centered.byte"][2]) == pytest.approx(sum(held) / 2, abs=5e-4)


def test_failed_runs_are_named_with_their_reason(results, tmp_path):
    assert unfinished_table(results).rows == (
        (FAILED_RUN, "FAILED", "the loss was not finite at step 325; lower the learning rate"),
    )
    fine = synthetic_results(tmp_path, (0,))
    assert "unfinished" not in {table.key for table in all_tables(fine, None)}


def test_missing_runs_are_told(results):
    gone = replace(results, runs=[replace(results.runs[0], status="MISSING"), *results.runs[1:]])
    assert (results.runs[0].name, "MISSING", "not run yet") in unfinished_table(gone).rows


def test_onsets_hold_one_entry_per_seed(conclusions):
    rows = {row[1]: row for row in onsets_table(conclusions).rows}
    assert rows["branching.byte"][2] == "never, never, never"
    assert rows["centered.byte"][2:5] == ("320 (160), 320 (160)", "320, 320", "2 of 2")
    assert len(onset_records(conclusions).rows) == len(conclusions.onsets)


def test_questions_are_split_by_clause_and_set(results):
    (table,) = question_tables(results)
    assert [column.name for column in table.columns][2:6] == ["hier.", "o", "si", "st"]
    sets = list(dict.fromkeys(row[0] for row in table.rows))
    assert sets == ["in-distribution", "ood-easy", "ood-hard"]
    assert {row[3] for row in table.rows if row[0] == "in-distribution"} == {"–"}
    assert "–" not in {cell for row in table.rows if row[0] == "ood-hard" for cell in row}


def test_minimal_pairs_stand_under_every_rule(results):
    (table,) = pairs_tables(results)
    assert list(dict.fromkeys(row[0] for row in table.rows)) == [
        "mean",
        "agreement_plain",
        "agreement_relative_attractor",
    ]
    assert all(len(row) == 7 for row in table.rows)


def test_bits_per_byte_begin_with_the_total(results):
    rows = bits_table(results).rows
    assert not any(row[0].endswith((".nats", ".bytes")) for row in rows)
    assert rows[0][0] == "bits-per-byte/total"
    # A source that an arm does not hold has no row there.
    assert {row[1].split(".")[0] for row in rows if row[0] == "bits-per-byte/centered"} == {"centered"}


def test_baselines_are_shown_where_runs_noted_them(results):
    assert baselines_table(results).rows == (("question-formation/ood-hard/move-first", "0.000", "0.000"),)
    bare = replace(results, runs=[replace(run, outcome={}) for run in results.runs])
    assert baselines_table(bare).rows == ()


def test_parameters_are_told_once_per_model_and_tokenizer(results):
    assert [row[:2] for row in parameters_table(results).rows] == [("nano", "bpe-512"), ("nano", "byte")]


def test_keys_are_unique(results, conclusions):
    keys = [table.key for table in all_tables(results, conclusions)]
    assert len(set(keys)) == len(keys)


def test_a_study_without_probes_still_has_tables(results):
    bare = all_tables(replace(results, mixtures=[]), None)
    assert "mixtures" not in {table.key for table in bare}
    assert {"budgets", "parameters"} <= {table.key for table in bare}
