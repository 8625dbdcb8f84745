import pytest

from seedbed import Seeds
from seedbed.errors import RecipeError


def test_crossed_seeds_let_every_initialisation_meet_every_data_order():
    seeds = Seeds(3, crossed=4)
    found = [(init, order) for _, init, order in seeds.pairs()]
    assert len(found) == 12
    assert {init for init, _ in found} == {0, 2, 4}
    assert {order for _, order in found} == {1, 3, 5, 7}
    assert len(set(found)) == len({seed for seed, *_ in seeds.pairs()}) == 12


@pytest.mark.parametrize("first", [0, 5])
def test_they_begin_with_the_runs_of_seeds_that_are_not_crossed(first):
    crossed = Seeds(3, first=first, crossed=True)
    assert crossed.pairs()[:3] == Seeds(3, first=first).pairs()
    assert [crossed.run_name(*pair) for pair in crossed.pairs()[:2]] == [f"seed-{first}", f"seed-{first + 1}"]


def test_a_name_says_both_where_they_differ_and_no_two_are_alike():
    seeds = Seeds(2, crossed=True)
    assert [seeds.run_name(*pair) for pair in seeds.pairs()] == ["seed-0", "seed-1", "seed-0.order-1", "seed-1.order-0"]
    many = Seeds(4, first=2, crossed=3)
    assert len({many.run_name(*pair) for pair in many.pairs()}) == 12


def test_runs_that_carry_a_verdict_share_no_seed():
    seeds = Seeds(4, crossed=3)
    alone = [(init, order) for _, init, order in seeds.pairs() if seeds.alone(init, order)]
    assert len(alone) == len({init for init, _ in alone}) == len({order for _, order in alone}) == 3
    assert all(Seeds(3, init=7).alone(init, order) for _, init, order in Seeds(3, init=7).pairs())


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"count": 3, "crossed": 1}, "at least 2 initialisations and 2 data orders, these are 3 and 1"),
        ({"count": 1, "crossed": True}, "these are 1 and 1; say Seeds\\(3, crossed=True\\)"),
        ({"count": 3, "crossed": True, "order": 4}, "leave init= and order= out"),
    ],
)
def test_what_cannot_be_crossed_is_refused(choices, message):
    with pytest.raises(RecipeError, match=message):
        Seeds(**choices)
