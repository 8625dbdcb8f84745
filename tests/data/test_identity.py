from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.filters import FineWebQualityFilter, LambdaFilter, RegexFilter, SamplerFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

from seedbed.data.identity import component_identity, step_identity
from seedbed.data.recipes import Component, Files, Grammar, PythonStdlib
from seedbed.errors import RecipeError, SourceError
from seedbed.workbench import Workbench, carried_shelves


def keep(document: Document) -> bool:
    return len(document.text) > 3


def adapt(self, data, path, id_in_file):
    return {"text": data["body"], "id": str(id_in_file)}


class Step(PipelineStep):
    name = type = "own"

    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value

    def run(self, data, rank=0, world_size=1):
        yield from data


def of(value: object, workbench: Workbench) -> str:
    return json.dumps(step_identity(Step(value), workbench), sort_keys=True)


def test_every_field_of_a_component_counts(workbench, jsonl):
    location = jsonl("a.jsonl", ["x"])
    variants = [
        Component("c", Files(location)),
        Component("d", Files(location)),
        Component("c", Files(location), language="de"),
        Component("c", Files(location), distinct=True),
        Component("c", Files(location), heldout_share=0.1),
        Component("c", Files(location, errors="skip")),
        Component("c", Files(location, text_column="body")),
        Component("c", Files(location, where={"lang": "de"})),
        Component("c", Files(location, document_bytes=100)),
        Component("c", [Files(location), keep]),
        Component("c", Grammar("english")),
        Component("c", Grammar("english", seed=1)),
        Component("c", PythonStdlib()),
        Component("c", PythonStdlib(document_bytes=100)),
    ]
    identities = {json.dumps(component_identity(variant, workbench), sort_keys=True) for variant in variants}
    assert len(identities) == len(variants)


def test_content_counts_and_its_place_does_not(workbench, tmp_path, jsonl):
    jsonl("a.jsonl", ["x"])
    jsonl("b.jsonl", ["y"])
    before = component_identity(Component("c", Files("a.jsonl", "b.jsonl")), workbench)
    assert str(tmp_path) not in json.dumps(before)
    assert "jsonl" in json.dumps(before)
    (workbench.root / "sub").mkdir()
    (workbench.root / "a.jsonl").rename(workbench.root / "sub" / "z.jsonl")
    assert component_identity(Component("c", Files("b.jsonl", "sub/*.jsonl")), workbench) == before
    jsonl("b.jsonl", ["z"])
    assert component_identity(Component("c", Files("b.jsonl", "sub/*.jsonl")), workbench) != before


def test_a_grammars_rules_count_and_its_comments_do_not(workbench):
    text = (carried_shelves() / "data" / "grammars" / "english.toml").read_text()
    own = workbench.root / "data" / "grammars" / "mine.toml"
    own.parent.mkdir(parents=True)
    digests = []
    for changed in (text, "# more\n" + text, text.replace("\nshare = 0.05", "\nshare = 0.06")):
        own.write_text(changed)
        os.utime(own, ns=(len(digests), len(digests)))
        digests.append(component_identity(Component("c", Grammar("mine")), workbench)["source"]["grammar_sha256"])
    assert digests[0] == digests[1] != digests[2]


def test_missing_files_are_refused(workbench):
    with pytest.raises(SourceError, match=r"'nowhere\.jsonl' is not there"):
        component_identity(Component("c", "nowhere.jsonl"), workbench)


def test_a_reader_of_datatroves_stands_for_the_contents_it_will_read(workbench, tmp_path, jsonl):
    jsonl("a.jsonl", ["x"])
    (workbench.root / "other.txt").write_text("not read")
    described = step_identity(JsonlReader(str(workbench.root), glob_pattern="*.jsonl"), workbench)
    assert described["kind"] == "datatrove.pipeline.readers.jsonl.JsonlReader"
    assert described["version"]
    assert str(tmp_path) not in json.dumps(described)
    (workbench.root / "other.txt").write_text("still not read")
    (workbench.root / "a.jsonl").rename(workbench.root / "b.jsonl")
    assert step_identity(JsonlReader(str(workbench.root), glob_pattern="*.jsonl"), workbench) == described
    jsonl("b.jsonl", ["y"])
    assert step_identity(JsonlReader(str(workbench.root), glob_pattern="*.jsonl"), workbench) != described


def test_what_shows_progress_is_no_part_of_it(workbench, jsonl):
    jsonl("a.jsonl", ["x"])
    plain = JsonlReader(str(workbench.root), glob_pattern="*.jsonl")
    shown = JsonlReader(str(workbench.root), glob_pattern="*.jsonl", doc_progress=True)
    assert step_identity(plain, workbench) == step_identity(shown, workbench)


def test_functions_by_name_and_source(workbench, jsonl):
    jsonl("a.jsonl", ["x"])
    filtered = step_identity(LambdaFilter(keep), workbench)["attributes"]["filter_function"]
    assert filtered["function"] == "keep"
    assert re.fullmatch("[0-9a-f]{64}", filtered["source_sha256"])
    adapted = step_identity(JsonlReader(str(workbench.root), adapter=adapt), workbench)["attributes"]["adapter"]
    assert adapted["function"] == "adapt"
    assert step_identity(keep, workbench) == {"function": filtered}
    assert of(functools.partial(keep, 1), workbench) != of(functools.partial(keep, 2), workbench)


def test_values_with_a_stable_form(workbench):
    values = [
        1,
        1.5,
        "a",
        True,
        None,
        (1, 2),
        {"a": 1},
        {1: "a"},
        b"x",
        Path("x"),
        re.compile("a"),
        re.compile("a", re.I),
    ]
    values += [Document, keep, len, Grammar("english"), Document("t", "i"), RegexFilter("x"), float("inf")]
    forms = [of(value, workbench) for value in values]
    assert len(set(forms)) == len(values)
    assert not any(" at 0x" in form for form in forms)
    assert of({"b", "a", "c"}, workbench) == of({"c", "b", "a"}, workbench)


def test_a_file_by_what_it_holds(workbench, tmp_path):
    (tmp_path / "model.bin").write_bytes(b"weights")
    form = of(str(tmp_path / "model.bin"), workbench)
    assert str(tmp_path) not in form
    assert form == of(tmp_path / "model.bin", workbench)


@pytest.mark.parametrize(
    ("step", "mend"),
    [
        (lambda: LambdaFilter(lambda document: True), r"LambdaFilter\.filter_function holds a lambda.*top level"),
        (lambda: Step(object()), r"Step\.value holds a object, which has no stable form"),
        (lambda: Step([1, {"x": object()}]), r"Step\.value\[1\]\['x'\] holds a object"),
        (lambda: SamplerFilter(0.5, seed=1), r"SamplerFilter\.uniform holds a Generator.*filter by a hash"),
    ],
)
def test_values_without_one_are_refused_with_the_mend(workbench, step, mend):
    with pytest.raises(RecipeError, match=mend):
        step_identity(step(), workbench)


def test_a_function_inside_a_function_is_refused(workbench):
    def nested(document: Document) -> bool:
        return True

    with pytest.raises(RecipeError, match="depends on where it was made; write it at the top level"):
        step_identity(LambdaFilter(nested), workbench)


def test_a_random_choice_of_files_is_refused(workbench, jsonl):
    jsonl("a.jsonl", ["x"])
    with pytest.raises(RecipeError, match="other documents every time"):
        step_identity(JsonlReader(str(workbench.root), limit=3, shuffle_files=True), workbench)


def test_where_a_writer_writes_is_no_part_of_it(workbench, tmp_path):
    first, second = (step_identity(JsonlWriter(str(tmp_path / name)), workbench) for name in "ab")
    assert first == second


def test_identity_is_the_same_in_another_process(workbench):
    """Sets come in another order there: their hashes are salted anew."""
    code = (
        "import json; from datatrove.pipeline.filters import FineWebQualityFilter\n"
        "from seedbed.data.identity import step_identity; from seedbed.workbench import Workbench\n"
        "print(json.dumps(step_identity(FineWebQualityFilter(), Workbench())))"
    )
    environment = os.environ | {"PYTHONHASHSEED": "17"}
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert json.loads(there.stdout) == json.loads(json.dumps(step_identity(FineWebQualityFilter(), workbench)))
