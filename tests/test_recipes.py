import dataclasses

import pytest
from pydantic import Field, model_validator

from seedbed.errors import RecipeError
from seedbed.recipes import Recipe, read_toml, recipe


@recipe(version=3)
class Soup:
    spoons: int = Field(ge=1)
    name: str = "leek"
    parts: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _not_too_much(self):
        if self.spoons > 9:
            raise ValueError("more than a pot holds; take at most 9 spoons")
        return self


def test_a_recipe_takes_positions_and_keywords_and_carries_its_version():
    soup = Soup(2, parts=["leek"])
    assert (soup.spoons, soup.name, soup.parts, soup.recipe_version) == (2, "leek", ("leek",), 3)
    assert isinstance(soup, Recipe)


def test_a_recipe_is_frozen_and_hashable():
    soup = Soup(2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        soup.spoons = 3
    assert {soup: 1}[Soup(2)] == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Soup(0), ["Soup", "spoons", "0", "greater than or equal to 1"]),
        (lambda: Soup(10), ["Soup", "at most 9 spoons"]),
        (lambda: Soup(1, spons=3), ["Soup", "spons", "unexpected"]),
        (Soup, ["Soup", "spoons", "required"]),
        (lambda: Soup("many", name=3), ["Soup", "spoons", "many", "1 more"]),
    ],
)
def test_a_fault_is_one_line_that_names_field_and_value(make, words):
    with pytest.raises(RecipeError) as caught:
        make()
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_replace_validates_again():
    with pytest.raises(RecipeError, match="at most 9"):
        dataclasses.replace(Soup(2), spoons=11)


def test_a_damaged_shelf_file_is_named(tmp_path):
    path = tmp_path / "nano.toml"
    path.write_text("layers = \n")
    with pytest.raises(RecipeError, match=r"nano\.toml is not valid TOML.*mend the file"):
        read_toml(path)
