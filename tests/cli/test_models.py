"""Commands about models, as a person types them."""

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from seedbed.cli import main
from tests.probes.test_series import save

SUITE = 'kind = "grammar suite"\nlocation = "pairs.tsv"\n'
PAIRS = "the yak sleeps .\tthe yak sleep .\nthe yaks sleep .\tthe yaks sleeps .\n"


def typed(*words):
    return CliRunner().invoke(main, list(words))


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "mine.toml").write_text(SUITE)
    (tmp_path / "pairs.tsv").write_text(PAIRS)
    return tmp_path


def test_a_folder_of_checkpoints_is_probed_checkpoint_by_checkpoint(bench):
    for step in (0, 10, 100, 1000):
        save(bench / "models" / f"step-{step}", step)
    found = typed("probe", "models", "mine", "--out", "measured")
    assert found.exit_code == 0, found.output
    assert "mine, checkpoint by checkpoint" in found.output
    first_cells = [line.split()[0] for line in found.output.splitlines() if line.split()]
    assert [cell for cell in first_cells if cell in ("0", "10", "100", "1,000")] == ["0", "10", "100", "1,000"]
    assert "mine/mean/accuracy_sum: 1 run: " in " ".join(found.output.split())
    steps = pq.read_table(bench / "measured" / "metrics.parquet")["step"].to_pylist()
    assert sorted(set(steps)) == [0, 10, 100, 1000]


def test_a_folder_without_checkpoints_is_refused_in_one_line(bench):
    (bench / "empty").mkdir()
    found = typed("probe", "empty", "mine")
    assert found.exit_code == 2
    assert "holds no checkpoints" in found.output
    assert "Traceback" not in found.output


def test_runs_that_are_not_there_are_refused_in_one_line(bench):
    for command in (["clusters", "nosuch"], ["branch", "nosuch", "--at", "1"], ["export", "nosuch", "out"]):
        found = typed(*command)
        assert found.exit_code == 2
        assert found.output.strip().startswith("seedbed: ")
        assert len(found.output.strip().splitlines()) == 1


@pytest.mark.slow
def test_both_tables_of_the_detectors_are_printed(bench):
    found = typed("detectors", "--curves", "20", "--planted", "1")
    assert found.exit_code == 0, found.output
    alarms, _, recovered = found.output.partition("Planted onsets recovered within one evaluation")
    head = "rule curve evaluations autocorrelation noise curves alarms rate lower upper asked"
    assert alarms.splitlines()[1].split() == head.split()
    assert "calibrated test" in alarms
    assert "naive: levels, 3 s2 log n" in alarms
    assert "sigmoid" in recovered
