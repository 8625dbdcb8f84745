"""What the recipe of languages takes, refuses and is identified by."""

from pathlib import Path

import pytest

from seedbed.errors import RecipeError
from seedbed.probes.languages_recipe import Languages
from seedbed.probes.recipes import probe
from seedbed.workbench import Workbench


def test_what_is_compared_is_stated_once(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="exactly one of grammars= and files="):
        Languages()
    with pytest.raises(RecipeError, match="two different languages or more"):
        Languages(grammars=("scenes",))
    with pytest.raises(RecipeError, match=r"'a\.b' has a '/' or '\.'"):
        Languages(files={"a.b": "x", "c": "y"})
    for language in "ab":
        (tmp_path / f"{language}.txt").write_text(language)
    described = Languages(files={"a": "a.txt", "b": "b.txt"}).identity(Workbench(tmp_path))
    assert "a.txt" in str(described["files"])


def test_the_shelf_names_grammars_of_scenes() -> None:
    recipe = probe("languages")
    assert isinstance(recipe, Languages)
    assert recipe.grammars == ("scenes", "german")
    assert recipe.smoke().sentences < recipe.sentences
    assert not recipe.needs_study
