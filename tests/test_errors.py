from seedbed.errors import SeedbedError, UnknownNameError


def test_a_message_is_one_line():
    assert str(SeedbedError("two\n  lines")) == "two lines"


def test_an_unknown_name_is_answered_with_the_nearest_ones():
    assert str(UnknownNameError("probe", "blimb", ["blimp", "npi"])) == (
        "no probe is called 'blimb'; did you mean 'blimp'?"
    )


def test_an_unknown_name_like_no_other_is_answered_with_all():
    assert str(UnknownNameError("probe", "zzz", ["npi", "blimp"])).endswith("there are: blimp, npi")


def test_an_empty_shelf_is_said_to_be_empty():
    assert str(UnknownNameError("probe", "npi", [])).endswith("there are none")
