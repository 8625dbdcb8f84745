import pytest

from seedbed.pipelines.follow import Follower
from seedbed.pipelines.opening import RunOptions, open_study
from seedbed.workbench import Workbench
from tests.pipelines.studies import write_pipeline


@pytest.fixture
def follower(tmp_path):
    options = RunOptions(Workbench(tmp_path))
    return Follower(open_study(str(write_pipeline(tmp_path)), options), options)


def test_only_whole_new_lines_are_read(follower):
    artifact = follower.opened.graph.runs[0].artifact
    assert follower._new_rows(artifact.fingerprint) == []
    path = follower.opened.store.partial(artifact) / "metrics.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text('{"step": 0, "metrics": {"a": 1}}\n{"step": 1, "met')
    assert follower._new_rows(artifact.fingerprint) == [{"step": 0, "metrics": {"a": 1}}]
    with path.open("a") as file:
        file.write('rics": {"a": 2}}\n')
    assert follower._new_rows(artifact.fingerprint) == [{"step": 1, "metrics": {"a": 2}}]
    assert follower._new_rows(artifact.fingerprint) == []


def test_a_file_that_was_written_anew_is_read_from_its_beginning(follower):
    artifact = follower.opened.graph.runs[0].artifact
    path = follower.opened.store.partial(artifact) / "metrics.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text('{"step": 0, "metrics": {}}\n{"step": 1, "metrics": {}}\n')
    assert len(follower._new_rows(artifact.fingerprint)) == 2
    path.write_text('{"step": 0, "metrics": {}}\n')
    assert len(follower._new_rows(artifact.fingerprint)) == 1
