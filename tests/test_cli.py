import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.studies import TINY, write_pipeline

SEEDBED = str(Path(sys.executable).with_name("seedbed"))


def seedbed(folder, *arguments):
    return subprocess.run([SEEDBED, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def refused(folder, *arguments):
    """The one line that a fault prints; nothing else may be printed or written."""
    done = seedbed(folder, *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("seedbed: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_help_names_every_command(tmp_path):
    printed = seedbed(tmp_path, "--help").stdout
    for command in ("plan", "run", "report", "preview", "ui", "tokenizers", "probe", "export", "init"):
        assert f"\n  {command} " in printed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pln", "x.py"], "no command is called 'pln'; did you mean 'plan'"),
        (["plan", "quikstart"], "'quikstart'; did you mean 'quickstart'"),
        (["plan", "quickstart", "--set", "a"], "write NAME=VALUE"),
        (["plan", "quickstart", "--set", "a=b"], "no option of this pipeline file is called 'a'"),
        (["export", "nobody", "out"], "no finished run is called 'nobody'"),
        (["probe", "nobody", "blimb"], "'blimb'; did you mean 'blimp'"),
        (["report", "quickstart"], "no run of quickstart is finished; first: seedbed run quickstart"),
    ],
)
def test_a_mistyped_command_is_answered_in_one_line(tmp_path, arguments, words):
    assert words in refused(tmp_path, *arguments)
    assert list(tmp_path.glob("store/*/*")) == []


def test_verbose_shows_the_traceback(tmp_path):
    done = seedbed(tmp_path, "-v", "plan", "quikstart")
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_init_lays_out_a_workbench(tmp_path):
    assert "seedbed run pipelines/quickstart.py" in seedbed(tmp_path, "init", "mine").stdout
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {
        "data",
        "tokenizers",
        "training",
        "probes",
        "pipelines",
    }
    assert seedbed(tmp_path / "mine", "plan", "pipelines/quickstart.py").returncode == 0
    assert "is not empty; name a new folder" in refused(tmp_path, "init", "mine")


BAD_SOURCES = {
    "missing": ("gone.jsonl", None, "gone.jsonl"),
    "empty": ("empty.jsonl", b"", "'questions': its source gave no document"),
    "not UTF-8": ("latin.txt", "na\u00efve\n".encode("latin-1"), "latin.txt"),
    "truncated gzip": ("cut.jsonl.gz", gzip.compress(b'{"text": "x"}\n' * 5000)[:60], "cut.jsonl.gz"),
    "malformed line": ("bad.jsonl", b'{"text": "one"}\n{"text": \n', "bad.jsonl"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", BAD_SOURCES)
def test_bad_sources_are_refused_in_one_line(tmp_path, fault):
    name, content, words = BAD_SOURCES[fault]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    text = TINY.replace('Grammar("english", task="question", documents=1500)', f'Files("{name}")')
    write_pipeline(tmp_path, text.replace('tokenizer("bpe", vocab_size=400), ', ""))
    told = refused(tmp_path, "run", "tiny.py", "--no-tracking")
    assert words in told
    assert list(tmp_path.glob("store/components/questions*")) == []
    assert list(tmp_path.glob("store/runs/*")) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("total_bytes=60_000", "total_bytes=60_000_000", "repeat_up_to"),
        ("vocab_size=400", "vocab_size=40_000", "larger than its text supports"),
        ("layers=1", "context=8, layers=1", "context"),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_line(tmp_path, old, new, words):
    write_pipeline(tmp_path, TINY.replace(old, new))
    assert words in seedbed(tmp_path, "run", "tiny.py", "--no-tracking").stderr
    assert list(tmp_path.glob("store/runs/*")) == []


@pytest.mark.slow
def test_a_tracking_server_that_does_not_answer_is_said_before_anything_is_built(tmp_path):
    write_pipeline(tmp_path)
    told = refused(tmp_path, "run", "tiny.py", "--tracking-uri", "http://127.0.0.1:9")
    assert "does not answer" in told
    assert not (tmp_path / "store" / "components").exists()
