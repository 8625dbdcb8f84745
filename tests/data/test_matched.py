from __future__ import annotations

import pytest

from seedbed.data.matched import Matched
from seedbed.data.recipes import Component, Grammar, Mixture
from seedbed.errors import RecipeError

TEXT = Component("text", Grammar("english"))


@pytest.mark.parametrize(
    ("write", "mend"),
    [
        (lambda: Matched("x", counted="step"), "'seen', 'held' or 'steps'"),
        (lambda: Matched("x", counted="steps", weights={"text": 1}), "steps are counted whole; leave weights out"),
        (lambda: Matched("x", weights={"text": 0}), "give at least one of weights a number above 0"),
        (lambda: Matched("x", weights={"text": -1}), "greater than or equal to 0"),
        (
            lambda: Mixture("m", total_bytes=9, shares={TEXT: 1}, matched=Matched("x", weights={"txt": 1})),
            "matched counts txt, and this mixture holds none of it",
        ),
        (lambda: Mixture("m", total_bytes=9, shares={TEXT: 1}, steps_times=0), "greater than 0"),
    ],
)
def test_a_wrong_declaration_is_refused_in_one_line_with_the_mend(write, mend):
    with pytest.raises(RecipeError, match=mend) as error:
        write()
    assert "\n" not in str(error.value)
