from dataclasses import replace

import pytest

from seedbed.pipelines.conclude import conclude
from seedbed.pipelines.report import write_report
from seedbed.pipelines.tables import all_tables, answers_table
from seedbed.pipelines.tables_matched import matched_table, parameters_table
from seedbed.pipelines.tracking_content import outcome_parameters, run_parameters, run_tags, study_note
from tests.pipelines.matched_runs import BITS, matched_results, noise
from tests.pipelines.studies import tiny_study

SEEN = {
    None: {},
    "tokens": {"total_bytes": 250, "steps": 26},
    "flops": {"total_bytes": 270, "tokens": 330, "steps": 28},
}


@pytest.fixture
def study(tmp_path):
    return replace(tiny_study(tmp_path).study, matched=("bytes", "tokens", "flops"))


@pytest.fixture
def results(study):
    return matched_results(study, noise, lambda arm: SEEN[arm.computed])


def test_what_was_promised_stands_beside_what_was_achieved(results):
    rows = {row[0]: row for row in matched_table(results).rows}
    assert list(rows)[:4] == [
        "right.bpe-400",
        "right.byte",
        "right.byte.matched-tokens",
        "right.byte.matched-flops",
    ]
    assert rows["right.bpe-400"][1] == "bytes, tokens, updates, FLOPs"
    assert rows["right.byte.matched-tokens"][1:] == ("tokens", "26", "8", "0.250", "1.000", "1.000")
    assert rows["right.byte.matched-flops"][1:] == ("FLOPs", "28", "8", "0.270", "1.100", "1.000")


def test_studies_that_ask_for_nothing_have_no_such_table(tmp_path):
    plain = tiny_study(tmp_path).study
    assert matched_table(matched_results(plain, noise)).rows == ()


def test_verdicts_carry_what_was_matched_everywhere(study, results, tmp_path):
    conclusions = conclude(study, results)
    tokenizers = [answer for answer in conclusions.answers if (answer.factor, answer.metric) == ("tokenizer", BITS)]
    assert [answer.label for answer in tokenizers] == ["bytes seen", "tokens seen", "FLOPs"]
    cells = [row[0] for row in answers_table(conclusions).rows if "bpe-400 → byte" in row[0]]
    assert [cell.splitlines()[-1] for cell in cells] == [
        "at equal bytes seen",
        "at equal tokens seen",
        "at equal FLOPs",
    ]
    assert "(at equal FLOPs)" in study_note(results, conclusions)
    page = write_report(results, conclusions, tmp_path / "page.html", figures=[]).read_text()
    assert "at equal tokens seen" in page
    assert "matched-flops" in page
    assert "matched" in {table.key for table in all_tables(results, conclusions)}


def test_the_embeddings_share_is_shown(results):
    (bpe, _) = parameters_table(results).rows
    assert bpe[:2] == ("nano", "bpe-400")
    assert bpe[2:] == ("6,400", "1,024", "2,304", "48", "9,776", "3,376", "65.47 %")


def test_mlflow_can_filter_by_what_was_matched(results):
    run = next(run for run in results.runs if run.arm == "right.byte.matched-tokens")
    assert run_parameters(run)["matched"] == "tokens"
    assert run_tags(results, run)["seedbed.matched"] == "tokens"
    found = outcome_parameters(run)
    assert found["parameters.all_but_embedding"] == "3376"
    assert found["parameters.embedding_share"] == "0.6547"
    assert found["matched.in"] == "tokens"
