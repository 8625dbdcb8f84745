import csv

import pytest
from planted import planted

from seedbed.pipelines.figures_report import figures_of
from seedbed.pipelines.tracking_artifacts import write_group, write_overview


@pytest.fixture(scope="module")
def study():
    return planted((0.1,), 3, probes=("addition",), heads=False, never=0.4)


def test_the_overview_carries_every_figure_with_its_numbers_and_every_transition_in_full(study, tmp_path):
    write_overview(*study, tmp_path)
    names = {figure.key for figure in figures_of(*study)}
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        f"{name}.{kind}" for name in names for kind in ("png", "svg", "csv")
    }
    rows = list(csv.DictReader((tmp_path / "transitions.csv").read_text().splitlines()))
    records = [record for each in study[1].dynamics.transitions for record in each.found.records]
    assert [row["run"] for row in rows] == [record.curve.run for record in records]
    for row, record in zip(rows, records, strict=True):
        wanted = record.to_dict()
        assert set(wanted) <= set(row)
        assert row["onset_step"] == ("" if record.onset.step is None else str(record.onset.step))
        assert row["level_after"] == str(record.level_after)
        assert row["type"] == record.type
        assert int(row["runs_with"]) + int(row["runs_without"]) == 3
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "tables" / "transitions.csv").is_file(), "the table that a person reads stands beside it"


def test_a_study_without_conclusions_has_no_transitions(study, tmp_path):
    write_overview(study[0], None, tmp_path)
    assert not (tmp_path / "transitions.csv").exists()


def test_a_group_carries_its_curves_with_their_numbers(study, tmp_path):
    results, conclusions = study
    write_group(results, results.arms[0], conclusions.headline_metrics, tmp_path)
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {"headline.png", "headline.svg", "headline.csv"}
    rows = list(csv.DictReader((tmp_path / "figures" / "headline.csv").read_text().splitlines()))
    assert {row["metric"] for row in rows} == {*conclusions.headline_metrics, "train/loss_bits_per_byte"}
