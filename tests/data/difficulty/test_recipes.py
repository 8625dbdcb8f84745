from __future__ import annotations

import pytest

from seedbed.data.difficulty.recipes import ABOUT, SETTINGS, Difficulty
from seedbed.errors import RecipeError


@pytest.mark.parametrize(
    ("difficulty", "name"),
    [
        (Difficulty("mtld"), "mtld"),
        (Difficulty("rarity_sum"), "rarity-sum"),
        (Difficulty("rarity", language="de"), "rarity-de"),
        (Difficulty("compression", window_bytes=256), "compression-256"),
        (Difficulty("surprisal", unit="words", n=3), "surprisal-words-3"),
        (Difficulty("surprisal", trained_on="held-out", training_bytes=5_000), "surprisal-held-out-5000"),
        (Difficulty("run_loss", run="center.byte.seed-0"), "loss-center.byte.seed-0"),
    ],
)
def test_a_name_says_what_differs_from_the_defaults(difficulty, name):
    assert difficulty.name == name


def test_every_measure_says_its_unit_direction_and_confounds():
    for measure in ABOUT:
        made = Difficulty(measure, run="some" if measure == "run_loss" else None)
        about = ABOUT[made.measure]
        assert about.unit and about.harder and about.confounds  # three of a kind
    assert SETTINGS.keys() <= ABOUT.keys()


def test_a_setting_of_another_measure_is_refused():
    with pytest.raises(RecipeError, match="n says nothing about 'mtld'; leave it out"):
        Difficulty("mtld", n=3)
    with pytest.raises(RecipeError, match="did you mean 'mtld'"):
        Difficulty("mtdl")
    with pytest.raises(RecipeError, match="run='NAME'"):
        Difficulty("run_loss")


def test_only_a_measure_s_own_settings_and_library_decide_its_values():
    assert Difficulty("words").settings() == {"kind": "Difficulty", "version": 1, "measure": "words"}
    found = Difficulty("rarity", language="de").settings()
    assert found["language"] == "de"
    assert found["library"].startswith("wordfreq ")
