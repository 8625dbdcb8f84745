from __future__ import annotations

import pytest

from seedbed.data.grammar.conditions import FREE, WITH, WITHOUT, Depth, Mode
from seedbed.data.grammar.request import Request, check, plan_of
from seedbed.errors import RecipeError
from tests.data.grammar.toys import scene, tongue, zoo


def test_a_share_alternates_between_with_and_without():
    plan = plan_of(zoo(), Request(shares={"relative": 0.3}))
    assert plan.marks == ("relative",)
    assert plan.modes == (Mode((WITH,), None), Mode((WITHOUT,), None))
    assert plan.shares == (0.3,)
    assert plan_of(zoo(), Request(shares={"relative": 1.0})).modes == (Mode((WITH,), None),)


def test_depths_and_what_is_held_out_of_training_are_conditions():
    assert plan_of(zoo(), Request(depth_shares={1: 0.5, 0: 0.5})).modes == (
        Mode((), Depth(0, True)),
        Mode((), Depth(1, True)),
    )
    held = zoo(("share = 0.05", "marks = ['relative']\ndepth = 2"))
    assert plan_of(held, Request()).modes == (Mode((WITHOUT,), Depth(1, False)),)
    assert plan_of(held, Request(split="held-out")).modes == (Mode((), None),)
    assert FREE not in plan_of(held, Request()).modes[0].marks


def test_the_key_is_of_meaning_and_plan_not_of_language_or_twin():
    meaning = scene()
    language = tongue(meaning)
    asked = Request(shares={"owner": 0.5})
    assert asked.key(meaning) == asked.key(language)
    assert asked.key(meaning) == Request(shares={"owner": 0.5}, twin="owner").key(meaning)
    assert asked.key(meaning) == Request(shares={"owner": 0.5}, max_words=4).key(meaning)
    others = [Request(), Request(seed=1), Request(task="scene"), Request(without=("owner",)), Request(split="any")]
    assert len({other.key(meaning) for other in [asked, *others]}) == 1 + len(others)
    assert Request(select={"subject": "any"}).key(meaning) == Request().key(meaning)


@pytest.mark.parametrize(
    ("request_", "mend"),
    [
        (Request(split="held-out"), r"scene.toml: holds nothing out; write \[held_out\] share = 0.05"),
        (Request(shares={"owner": -0.1}), "shares lie between 0 and 1"),
        (Request(twin="ownr"), "no construction is called 'ownr'; did you mean 'owner'"),
        (Request(lengths_like=Request(task="scnee")), "no task is called 'scnee'; did you mean 'scene'"),
    ],
)
def test_a_request_is_checked(request_, mend):
    with pytest.raises(RecipeError, match=mend):
        check(tongue(scene()), request_)
