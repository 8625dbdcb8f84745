import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from seedbed.data.grammar.items import ITEM_SETS
from seedbed.errors import RecipeError, SeedbedError, SourceError, UnknownNameError
from seedbed.probes.recipe_base import ProbeRecipe
from seedbed.probes.recipes import (
    KINDS,
    QUESTION_SETS,
    BitsPerByte,
    MinimalPairs,
    QuestionFormation,
    probe,
    recipe_of_kind,
)
from seedbed.workbench import Workbench

SHELF = sorted((Path(__file__).parents[2] / "probes").glob("*.toml"))


@pytest.mark.parametrize("path", SHELF, ids=lambda path: path.stem)
def test_every_recipe_on_the_shelf_loads_and_every_field_has_its_comment(path):
    recipe = probe(path.stem)
    assert recipe.name == path.stem
    fields = tomllib.loads(path.read_text())
    lines = path.read_text().splitlines()
    for field in fields.keys() - {"kind"}:
        stated = [line for line in lines if line.startswith((f"{field} ", f"[{field}]"))]
        assert any("#" in line for line in stated), f"{field} has no comment"
    # A field that has no default value that TOML can say is shown as a comment.
    stated = {field.removeprefix("# ").split()[0].strip("[]") for field in lines if field.strip()}
    optional = {"pairs_per_paradigm"}
    assert set(type(recipe).__dataclass_fields__) - {"name"} - optional <= stated


def test_the_shelf_holds_what_the_studies_ask_for():
    assert {"question-formation", "blimp", "grammar-agreement", "bits-per-byte"} <= {path.stem for path in SHELF}


def test_fields_can_be_changed_where_a_probe_is_used():
    changed = probe("question-formation", items_per_set=7, name="qf-small")
    assert (changed.items_per_set, changed.name, changed.sets) == (7, "qf-small", QUESTION_SETS)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: probe("blmp"), UnknownNameError, "no probes recipe is called 'blmp'; did you mean 'blimp'"),
        (lambda: probe("blimp", pairs=3), RecipeError, "MinimalPairs: pairs: unexpected keyword argument"),
        (lambda: QuestionFormation(items_per_set=0), RecipeError, "items_per_set = '0': .*greater than or equal to 1"),
        (lambda: QuestionFormation(sets=("ood-hrd",)), RecipeError, "sets.0 = 'ood-hrd'.*'ood-hard'"),
        (lambda: QuestionFormation(sets=()), RecipeError, "there is no set to score; name one"),
        (lambda: QuestionFormation(sets=("ood-hard", "ood-hard")), RecipeError, "named twice"),
        (lambda: QuestionFormation(files={"ood-hard": "a"}), RecipeError, "the set name 'ood-hard' is taken"),
        (lambda: MinimalPairs("A b", "x"), RecipeError, "MinimalPairs: name = 'A b'"),
        (lambda: MinimalPairs("a", "grammar:agreement"), RecipeError, "say pairs_per_paradigm=100"),
        (lambda: BitsPerByte(reread_share=1.0), RecipeError, "reread_share = '1.0'.*less than 1"),
        (lambda: BitsPerByte(at="end"), RecipeError, "at = 'end'.*'all' or 'last'"),
    ],
)
def test_faults_are_one_line_with_the_mend(make, error, message):
    with pytest.raises(error, match=message) as refused:
        make()
    assert isinstance(refused.value, SeedbedError)
    assert "\n" not in str(refused.value)


def test_a_shelf_file_of_no_known_kind_is_refused(tmp_path, monkeypatch):
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "odd.toml").write_text('kind = "minimal pears"\n')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        RecipeError, match=r"probes/odd\.toml: kind = 'minimal pears'; it is one of: question formation"
    ):
        probe("odd")


def test_sets_are_those_of_the_grammar():
    assert QUESTION_SETS == ITEM_SETS


def test_files_stand_in_the_identity_by_content(tmp_path):
    (tmp_path / "one.jsonl").write_text("a")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "one.jsonl").write_text("a")
    (tmp_path / "folder" / "README").write_text("not read")
    bench = Workbench(tmp_path)
    in_file = MinimalPairs("p", "one.jsonl").identity(bench)
    in_folder = MinimalPairs("p", "folder").identity(bench)
    assert in_file == in_folder, "where a file lies is no part of what it is"
    assert in_file["kind"] == "MinimalPairs"
    assert in_file["version"] == 1
    (tmp_path / "folder" / "one.jsonl").write_text("other")
    assert MinimalPairs("p", "folder").identity(bench) != in_folder
    json.dumps(in_file)


def test_a_missing_file_is_refused_in_the_identity_unless_it_is_optional(tmp_path):
    bench = Workbench(tmp_path)
    with pytest.raises(SourceError, match="none is not there"):
        MinimalPairs("p", "none").identity(bench)
    assert MinimalPairs("p", "none", optional=True).identity(bench)["location"] is None
    files = QuestionFormation(files={"mine": "none.tsv"}, optional=True).identity(bench)["files"]
    assert files == [["mine", None]]
    assert (
        MinimalPairs("p", "grammar:agreement", pairs_per_paradigm=3).identity(bench)["location"] == "grammar:agreement"
    )


@pytest.mark.parametrize("name", [path.stem for path in SHELF])
def test_smoke_keeps_the_probe_and_makes_it_small(name):
    recipe, small = probe(name), probe(name).smoke()
    assert (small.name, small.at) == (recipe.name, recipe.at)
    assert small.smoke() == small
    assert small != recipe or set(recipe.__dataclass_fields__) == {"name", "at"}, "a probe without items stays as it is"


def test_every_kind_on_the_shelf_has_headlines_and_abilities_have_a_soft_form():
    for path in SHELF:
        recipe = probe(path.stem)
        assert recipe.headlines
        for headline in recipe.headlines:
            assert headline.metric.count("/") >= 1
            if headline.higher_is == "better" and headline.asked and recipe.at == "all":
                assert headline.soft_metric is not None
                assert headline.soft_metric.rsplit("/", 1)[0] == headline.metric.rsplit("/", 1)[0]
        last = probe(path.stem, at="last")
        assert all(headline.soft_metric is None for headline in last.headlines), "one step shows no onset"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_recipe_of_its_own_and_stands_on_the_shelf(kind):
    recipe = recipe_of_kind(kind)
    assert issubclass(recipe, ProbeRecipe)
    assert {"name", "at"} <= set(recipe.__dataclass_fields__)
    assert kind in {tomllib.loads(path.read_text())["kind"] for path in SHELF}


def test_an_unknown_kind_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'minimal pairs'"):
        recipe_of_kind("minimal pears")


def test_recipes_import_nothing_heavy():
    heavy = ["torch", "numpy", "pyarrow", "transformers", "tokenizers", "datatrove"]
    code = (
        "import sys, json, seedbed.probes.recipes as r; [r.recipe_of_kind(kind) for kind in r.KINDS]; "
        f"print(json.dumps([m for m in {heavy} if m in sys.modules]))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(found) == []
