import io

import pytest
from rich.console import Console

from seedbed.pipelines.progress import StudyProgress, clock
from seedbed.pipelines.store import Artifact

RUN = Artifact.of("run", "right.seed-0", {"number": 1})
OTHER = Artifact.of("run", "right.seed-1", {"number": 2})


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59.6, "1 min 0 s"), (75, "1 min 15 s"), (3_700, "1 h 1 min")]
)
def test_times_are_said_as_people_say_them(seconds, words):
    assert clock(seconds) == words


def test_a_log_gets_plain_lines_with_run_speed_and_time_left():
    out = io.StringIO()
    console = Console(file=out, width=100)
    with StudyProgress(console, {RUN.fingerprint: 10.0, OTHER.fingerprint: 10.0}, workers=2) as progress:
        progress.started -= 10
        assert progress.seconds_left() is None
        progress({"event": "start", "artifact": RUN})
        progress({"event": "progress", "artifact": RUN, "step": 5, "steps": 10, "tokens_per_second": 1234.0})
        assert progress.seconds_left() == pytest.approx(30, rel=0.05)  # a quarter of the cost took 10 s
        progress({"event": "done", "artifact": RUN, "built": True})
        assert progress.seconds_left() == pytest.approx(10, rel=0.05)
        progress({"event": "failed", "artifact": OTHER, "reason": "no memory"})
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("run right.seed-0: step 5/10  1,234 tokens/s  about")
    assert lines[1].startswith("finished run right.seed-0 (1/2)")
    assert lines[2] == "failed: run right.seed-1: no memory"


def test_a_job_that_waits_for_a_core_says_so_once():
    out = io.StringIO()
    with StudyProgress(Console(file=out, width=100), {RUN.fingerprint: 10.0}, workers=1) as progress:
        progress({"event": "start", "artifact": RUN})
        for _ in range(3):
            progress({"event": "waiting", "artifact": RUN})
    assert out.getvalue().splitlines() == ["run right.seed-0: waiting for a core that another study holds"]
