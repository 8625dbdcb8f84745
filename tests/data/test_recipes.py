from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from seedbed.data.recipes import Component, Files, Grammar, HubDataset, Mixture, PythonStdlib, format_of, source
from seedbed.errors import RecipeError, UnknownNameError

GRAMMAR = Grammar("english")
ONE, OTHER = Component("one", GRAMMAR), Component("other", "a.jsonl")


@pytest.mark.parametrize(
    ("write", "mend"),
    [
        (lambda: Grammar("english", documents=0), "greater than or equal to 1"),
        (lambda: Grammar("english", "copy"), "nexpected positional argument"),
        (lambda: PythonStdlib(document_bytes=1), "greater than or equal to 64"),
        (Files, "name at least one file"),
        (lambda: Files("a.foo"), "write format="),
        (lambda: Files("folder"), "write format="),
        (lambda: Files("a.txt", "b.jsonl"), "jsonl and text in one source"),
        (lambda: Files("a.txt", where={"lang": "de"}), "where= needs columns and text has none"),
        (lambda: Files("a.txt", errors="skipp"), "did you mean 'skip'"),
        (lambda: Files("a.txt", formt="text"), "formt: unexpected keyword argument"),
        (lambda: HubDataset("a/b/c"), "should match pattern"),
        (lambda: Component("Upper case", GRAMMAR), "write it in a-z"),
        (lambda: Component("c", 3), "neither a source, a location nor a list"),
        (lambda: Component("c", []), "neither a source, a location nor a list"),
        (lambda: Component("c", [3]), "'3' in the list is no datatrove step"),
        (lambda: Component("c", [dict]), "is no datatrove step; write an instance"),
        (lambda: Component("c", GRAMMAR, heldout_share=0.9), "less than or equal to 0.5"),
        (lambda: Mixture("m", total_bytes=10, shares={}), "no component"),
        (
            lambda: Mixture("m", total_bytes=10, shares={ONE: 0.6, OTHER: 0.3}),
            r"sum to 0.9, not to 1; change them by \+0.1",
        ),
        (lambda: Mixture("m", total_bytes=10, shares={ONE: 1.5, OTHER: -0.5}), "the share of 'one' is 1.5"),
        (lambda: Mixture("m", total_bytes=10, shares={"one": 1.0}), "'one' is no Component"),
        (lambda: Mixture("m", total_bytes=0, shares={ONE: 1.0}), "greater than or equal to 1"),
        (
            lambda: Mixture("m", total_bytes=1, shares={ONE: 0.5, Component("one", "b.jsonl"): 0.5}),
            "two components are called 'one'",
        ),
    ],
)
def test_a_wrong_choice_is_refused_in_one_line_with_the_mend(write, mend):
    with pytest.raises(RecipeError, match=mend) as error:
        write()
    assert "\n" not in str(error.value)


def test_sums_of_floats_that_are_one_but_for_rounding_are_one():
    third = Component("third", "c.jsonl")
    mixture = Mixture("m", total_bytes=10, shares={ONE: 0.41, OTHER: 0.59 * 0.1, third: 0.59 * 0.9})
    assert list(mixture.shares) == [ONE, OTHER, third]


def test_a_dose_of_zero_is_a_share():
    assert Mixture("m-0%", total_bytes=10, shares={ONE: 1, OTHER: 0}).shares[OTHER] == 0


def test_components_are_keys_by_value():
    assert Component("one", Grammar("english")) == ONE
    assert {ONE: 1}[Component("one", Grammar("english"))] == 1
    assert Component("one", Grammar("english", seed=1)) != ONE


def test_locations_are_given_one_by_one_and_stay_through_replace():
    files = Files("a.jsonl.gz", "b.jsonl", where={"lang": ["de", "fr"]})
    assert files.locations == ("a.jsonl.gz", "b.jsonl")
    assert files.where == {"lang": ("de", "fr")}
    assert dataclasses.replace(files, errors="skip") == Files("a.jsonl.gz", "b.jsonl", where=files.where, errors="skip")


def test_a_source_from_one_line():
    assert source("hub:org/name:de@test") == HubDataset("org/name", config="de", split="test")
    assert source("hub:org/name") == HubDataset("org/name")
    assert source("books/de.jsonl.gz") == Files("books/de.jsonl.gz")
    assert Component("c", "books/de.parquet").source == Files("books/de.parquet")


@pytest.mark.parametrize(
    ("location", "format_"),
    [("a.jsonl.gz", "jsonl"), ("A.PARQUET", "parquet"), ("x/y.conllu.xz", "conllu"), ("b.txt", "text"), ("b.gz", None)],
)
def test_formats_by_suffix(location, format_):
    assert format_of(location) == format_


def test_an_unknown_grammar_is_answered_with_the_nearest(workbench):
    with pytest.raises(UnknownNameError, match="did you mean 'english'"):
        Component("c", Grammar("englsh")).steps(workbench)


def test_writing_recipes_loads_no_heavy_library():
    heavy = "{'torch', 'datatrove', 'pyarrow', 'numpy', 'datasets', 'scipy'}"
    code = f"import sys, seedbed.data.recipes, seedbed.data.orders; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
