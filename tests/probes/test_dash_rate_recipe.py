import pytest

from seedbed.errors import RecipeError
from seedbed.probes.dash_rate_recipe import DashRate, slice_name
from seedbed.probes.recipes import probe


def test_the_shelf_file_is_the_recipe_as_it_comes():
    assert probe("dash-rate") == DashRate(name="dash-rate")


@pytest.mark.parametrize(
    ("changes", "mend"),
    [
        ({"temperatures": (0.0, 1.0)}, "at 0 every text is the same"),
        ({"temperatures": (1.0, 1.0)}, "each one different"),
        ({"prompts": ("", " ")}, "would be called 'the beginning'; leave one of them out"),
        ({"prompts": ("If the", "if the")}, "would be called 'if-the'"),
    ],
)
def test_a_wrong_choice_is_refused_in_one_line_with_the_mend(changes, mend):
    with pytest.raises(RecipeError, match=mend) as error:
        DashRate(**changes)
    assert "\n" not in str(error.value)


def test_slices_and_headlines_are_named_after_temperature_and_prompt():
    assert [slice_name(0.7, ""), slice_name(1.0, "If the king's")] == ["t0.7", "t1-after-if-the-king-s"]
    recipe = DashRate(name="rate", prompts=("if",), temperatures=(0.5, 2.0))
    assert [headline.metric for headline in recipe.headlines] == [
        "rate/t0.5-after-if/per-1000",
        "rate/t0.5-after-if/em-share",
    ]


def test_the_miniature_is_small_and_every_field_counts(workbench):
    assert DashRate().smoke().documents < 50
    changed = [DashRate(), DashRate(seed=1), DashRate(documents=3), DashRate(prompts=("if",)), DashRate(at="all")]
    assert len({str(each.identity(workbench)) for each in changed}) == len(changed)
