import pytest

from seedbed.errors import RecipeError, UnknownNameError
from seedbed.pipelines.options import given_options, option, parse_options


def test_an_option_has_its_default_unless_it_is_given():
    assert option("german", "a.txt") == "a.txt"
    with given_options({"german": "hub:a/b"}):
        assert option("german", "a.txt") == "hub:a/b"
    assert option("german", "a.txt") == "a.txt"


def test_an_option_that_is_never_asked_for_is_an_error_with_the_nearest():
    with pytest.raises(UnknownNameError, match="'germann'; did you mean 'german'"), given_options({"germann": "x"}):
        option("german", "a.txt")


def test_pairs_are_parsed_at_the_first_equals_sign():
    assert parse_options(("a=b=c", "d=")) == {"a": "b=c", "d": ""}
    with pytest.raises(RecipeError, match="write NAME=VALUE"):
        parse_options(("german",))
