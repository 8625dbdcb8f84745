"""Small pipeline files for tests: real parts, tiny sizes."""

from pathlib import Path
from textwrap import dedent

from seedbed.pipelines.load import load_study
from seedbed.workbench import Workbench

TINY = '''
    """Two doses of center embedding, tiny."""
    from seedbed import *

    questions = Component("questions", Grammar("english", task="question", documents=1500), distinct=True)
    center = Component(
        "center", Grammar("english", task="copy", subject="relative clause", object="plain", documents=1500)
    )
    branching = Component(
        "branching", Grammar("english", task="copy", subject="plain", object="relative clause", documents=1500)
    )
    study = Study(
        name="tiny",
        mixtures=[
            Mixture("right", total_bytes=60_000, shares={questions: 0.5, branching: 0.5}),
            Mixture("center", total_bytes=60_000, shares={questions: 0.5, center: 0.5}),
        ],
        tokenizers=[tokenizer("bpe", vocab_size=400), tokenizer("byte")],
        models=[model("nano", steps=6, batch_size=8, warmup_steps=2, layers=1, width=16, heads=2)],
        probes=[probe("question-formation", items_per_set=6), probe("bits-per-byte", bytes_per_source=2000)],
        seeds=Seeds(2),
        probe_points=(1, 2),
    )
'''


def write_pipeline(folder: Path, text: str = TINY, name: str = "tiny.py") -> Path:
    path = folder / name
    path.write_text(dedent(text).lstrip())
    return path


def tiny_study(folder: Path, **changes: str):
    """The tiny study with pieces of its text replaced."""
    text = TINY
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    return load_study(str(write_pipeline(folder, text)), Workbench(folder))
