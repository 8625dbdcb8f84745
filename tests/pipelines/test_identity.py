import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed import Component, Files, Grammar, model, order, tokenizer
from seedbed.errors import RecipeError
from seedbed.pipelines.identity import canonical, describe, differences, fingerprint
from seedbed.workbench import Workbench

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
descriptions = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


def test_a_recipe_is_described_by_kind_version_and_fields():
    described = describe(model("nano", steps=70), Workbench())
    assert described["recipe"] == "Training"
    assert described["version"] == 1
    assert described["steps"] == 70
    assert described["model"]["recipe"] == "Model"


def test_names_in_tables_are_no_part_of_an_identity():
    workbench = Workbench()
    assert describe(model("nano", name="other"), workbench) == describe(model("nano"), workbench)
    assert describe(tokenizer("byte", name="other"), workbench) == describe(tokenizer("byte"), workbench)
    assert describe(order.shuffled(), workbench)["recipe"] == "Shuffled"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Path("x"), "path of this machine"),
        ("/home/someone/data", "path of this machine"),
        ("~/data", "path of this machine"),
        ("C:\\data", "path of this machine"),
        (lambda: 1, "no stable form"),
        (object(), "no stable form"),
        (math.nan, "no number"),
        ({"deep": [1, {"er": object()}]}, "recipe.deep[1].er"),
    ],
)
def test_what_has_no_stable_form_is_refused_with_the_mend(value, words):
    with pytest.raises(RecipeError) as caught:
        describe(value, Workbench())
    assert words in str(caught.value)


def test_text_that_only_looks_a_little_like_a_path_is_kept():
    for text in ("/", "a/b", "and/or", "~", "1/2", "hub:a/b"):
        assert describe(text, Workbench()) == text


def test_content_and_not_place_stands_for_files(tmp_path):
    prints = set()
    for place in ("here", "there/deep"):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        (folder / f"{folder.name}.txt").write_text("same words\n")
        component = Component("words", Files(f"{folder.name}.txt"))
        described = describe(component, Workbench(folder))
        assert str(tmp_path) not in json.dumps(described)
        prints.add(fingerprint(described))
    assert len(prints) == 1
    (folder / f"{folder.name}.txt").write_text("other words\n")
    assert fingerprint(describe(component, Workbench(folder))) not in prints


@pytest.mark.parametrize(
    ("shelf", "name", "suffix", "old", "new"),
    [
        ("data/grammars", "english", ".toml", "share = 0.05", "share = 0.06"),
        ("data/lexicons/en", "zoo_noun", ".tsv", "zebra", "gnu"),
    ],
)
def test_the_grammar_file_and_its_lexicons_are_part_of_a_grammar(tmp_path, shelf, name, suffix, old, new):
    component = Component("words", Grammar("english", task="copy"))
    before = describe(component, Workbench(tmp_path))
    carried = Workbench(tmp_path).shelf_file(shelf, name, suffix).read_text()
    own = tmp_path / shelf / f"{name}{suffix}"
    own.parent.mkdir(parents=True)
    own.write_text("# a remark\n" + carried)
    assert describe(component, Workbench(tmp_path)) == before
    assert old in carried
    own.write_text(carried.replace(old, new))
    changed = differences(before, describe(component, Workbench(tmp_path)))
    assert [name for name, _, _ in changed] == ["source.grammar_sha256"]


@given(descriptions)
def test_the_canonical_form_is_stable_and_can_be_read_back(description):
    assert json.loads(canonical(description)) == description
    assert canonical(json.loads(canonical(description))) == canonical(description)
    assert differences(description, description) == []


@given(descriptions, descriptions)
def test_different_descriptions_have_different_fingerprints_and_a_difference(one, other):
    same = canonical(one) == canonical(other)
    assert (fingerprint(one) == fingerprint(other)) == same


def test_differences_name_the_field():
    old = {"mixture": {"shares": {"a": 0.1}}, "probes": [{"name": "x", "items": 1}]}
    new = {"mixture": {"shares": {"a": 0.2}}, "probes": [{"name": "x", "items": 2}, {"name": "y", "kind": "Z"}]}
    assert differences(old, new) == [
        ("mixture.shares.a", "0.1", "0.2"),
        ("probes.x.items", "1", "2"),
        ("probes.y", "(absent)", "y"),
    ]


def test_a_list_of_morphemes_stands_for_itself_by_its_content(tmp_path):
    listed = tmp_path / "tokenizers" / "morphemes" / "few.txt"
    listed.parent.mkdir(parents=True)
    recipe = tokenizer("bpe", vocab_size=300, morphemes="few")
    found = []
    for words in ("walk|ing\n", "walk|ed\n"):
        listed.write_text(words)
        found.append(fingerprint(describe(recipe, Workbench(tmp_path))))
    assert found[0] != found[1]
