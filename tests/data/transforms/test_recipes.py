from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest
from datatrove.data import Document
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

from seedbed.data.identity import component_identity
from seedbed.data.recipes import Component, Files
from seedbed.data.transforms.recipes import (
    BracketDyck,
    ClosedUp,
    DashStyle,
    DigitGrouping,
    LetterCase,
    LetterCipher,
    LetterSubstitution,
    ShuffledCode,
    WordOrder,
)
from seedbed.errors import RecipeError

EVERY = [
    DashStyle("commas"),
    DashStyle("spaced en dash"),
    DashStyle("spaced en dash", plant=0.5),
    DashStyle("spaced en dash", plant=0.5, seed=1),
    DashStyle("spaced en dash", plant=0.5, other="unspaced em dash"),
    ClosedUp(),
    DigitGrouping("single"),
    DigitGrouping("single", separator="_"),
    LetterCase("lower"),
    LetterCase("lower", keep=True),
    LetterSubstitution(),
    LetterSubstitution(key=1),
    LetterCipher(),
    WordOrder("reversed"),
    WordOrder("shuffled"),
    WordOrder("shuffled", within="line"),
    ShuffledCode(),
    BracketDyck(),
]
TEXT = "The newt -- it is 1234 (or so), they say.\nIt sleeps."


@pytest.mark.parametrize(
    ("write", "mend"),
    [
        (lambda: DashStyle("em dash"), "did you mean 'spaced em dash'"),
        (lambda: DashStyle("commas", plant=0.1), "choose a dash, or leave plant out"),
        (lambda: DashStyle("spaced en dash", plant=0.1, other="commas"), "choose a dash, or leave plant out"),
        (lambda: DashStyle("spaced en dash", other="spaced en dash"), "give another style, or leave it out"),
        (lambda: DashStyle("spaced em dash", plant=1.1), "less than or equal to 1"),
        (lambda: DigitGrouping("right-to-left"), "did you mean 'right to left'"),
        (lambda: DigitGrouping("single", separator="1"), "write ',' or ' '"),
        (lambda: LetterCase("uper"), "did you mean 'upper'"),
        (lambda: WordOrder("reverse"), "did you mean 'reversed'"),
        (lambda: LetterSubstitution(alphabets=("abca",)), "'a' stands in the alphabets twice"),
        (lambda: LetterSubstitution(alphabets=("abß",)), "'ß' is no lower-case letter with one upper-case form"),
        (lambda: LetterCipher(alphabets=()), "no letter in the alphabets"),
    ],
)
def test_a_wrong_choice_is_refused_in_one_line_with_the_mend(write, mend):
    with pytest.raises(RecipeError, match=mend) as error:
        write()
    assert "\n" not in str(error.value)


def test_every_field_counts_in_the_identity_of_a_component(workbench, jsonl):
    location = jsonl("a.jsonl", [TEXT])
    made = {json.dumps(component_identity(Component("c", [Files(location), each]), workbench)) for each in EVERY}
    assert len(made) == len(EVERY)


@pytest.mark.parametrize("each", EVERY, ids=lambda each: type(each).__name__)
def test_every_transform_builds_in_a_component_and_tasks_change_nothing(each, build, jsonl, content):
    texts = [f"{TEXT} {number}" for number in range(20)]
    locations = [jsonl(f"{part}.jsonl", texts[part::4]) for part in range(4)]
    component = Component("c", [Files(*locations), each], heldout_share=0)
    one, receipt = build(component)
    many, _ = build(component, tasks=4, workers=1)
    assert receipt.documents == 20
    assert content(one) == content(many)
    blocks = each.steps(None)
    assert sorted(one.iter_texts()) == sorted(blocks[0].transformed(Document(text=t, id="0")).text for t in texts)


GOLDEN = """
DashStyle 1 9723e461
DashStyle 1 9dbeab2e
DashStyle 1 9dbeab2e
DashStyle 1 9dbeab2e
DashStyle 1 9dbeab2e
ClosedUp 1 4e1c4b36
DigitGrouping 1 12f78058
DigitGrouping 1 3f79e03c
LetterCase 1 28c5acce
LetterCase 1 28c5acce
LetterSubstitution 1 dfac1ebb
LetterSubstitution 1 48536f29
LetterCipher 1 54eab995
WordOrder 1 b0361ac7
WordOrder 1 d8fb5b7e
WordOrder 1 3a893d68
ShuffledCode 1 7cbe6e01
BracketDyck 1 868376b5
"""


def test_results_are_those_of_this_version():
    """Raise the recipe's version where its bytes change, and write the new digest here."""
    digests = []
    for each in EVERY:
        changed = each.steps(None)[0].transformed(Document(text=TEXT, id="0")).text
        digests.append(
            f"{type(each).__name__} {each.recipe_version} {hashlib.sha256(changed.encode()).hexdigest()[:8]}"
        )
    assert digests == GOLDEN.strip().splitlines()


def test_every_block_stands_in_a_plain_datatrove_pipeline(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text(json.dumps({"text": TEXT, "id": "0"}) + "\n")
    blocks = [block for each in EVERY for block in each.steps(None)]
    reader, writer = JsonlReader(str(tmp_path / "in")), JsonlWriter(str(tmp_path / "out"), compression=None)
    stats = LocalPipelineExecutor([reader, *blocks, writer], logging_dir=str(tmp_path / "logs")).run()
    (written,) = [json.loads(line) for path in (tmp_path / "out").iterdir() for line in path.read_text().splitlines()]
    expected = Document(text=TEXT, id="0")
    for block in blocks:
        expected = block.transformed(expected)
    assert written["text"] == expected.text
    assert [entry["name"] for entry in written["metadata"]["transforms"]] == [block.name for block in blocks]
    for step in stats.stats[1:-1]:
        assert sum(step.stats[label].total for label in ("changed", "unchanged")) == 1


def test_writing_transforms_loads_no_heavy_library():
    heavy = "{'torch', 'datatrove', 'pyarrow', 'numpy', 'datasets', 'scipy'}"
    code = f"import sys, seedbed.data.transforms.recipes; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
