import pytest

from seedbed.dynamics.wording import counted, number, probability


@pytest.mark.parametrize(
    ("value", "said"), [(0.0312345, "0.0312"), (-2, "-2"), (1234.6, "1,235"), (0, "0"), (12.345, "12.3")]
)
def test_number(value, said):
    assert number(value) == said


def test_signs_and_units():
    assert number(0.25, "nats", signed=True) == "+0.25 nats"
    assert number(-0.25, signed=True) == "-0.25"
    assert number(0.0, signed=True) == "0"


def test_probability_and_counts():
    assert probability(0.03125) == "p = 0.031"
    assert probability(0.0001) == "p < 0.001"
    assert (counted(1, "seed"), counted(1200, "seed")) == ("1 seed", "1,200 seeds")
