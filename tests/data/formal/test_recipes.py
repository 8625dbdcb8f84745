from __future__ import annotations

import subprocess
import sys

import pytest

from seedbed.data.formal.recipes import (
    Addition,
    CompositeParity,
    Dyck,
    ModularArithmetic,
    RandomStrings,
    SkipTrigrams,
    SparseParity,
)
from seedbed.errors import RecipeError


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (Dyck, {"lengths": (7,)}, "no balanced string of 7 brackets is written; lengths are even, from 2 to 512"),
        (Dyck, {"depths": (2, 9)}, "a string of 8 brackets has a depth from 1 to 4, and depths asks for 9"),
        (Dyck, {"depths": {1: 0.0}}, "every value needs a share above 0"),
        (Dyck, {"depths": (2, 2)}, "a value stands there twice"),
        (Dyck, {"held_out_depths": (7,)}, "held_out_depths names 7, which depths (1, 2, 3, 4) does not have"),
        (Dyck, {"depths": (2,), "held_out_depths": (2,)}, "so nothing is left to train on"),
        (Dyck, {"split": "held-out"}, "nothing is held out; name held_out_depths or held_out_lengths"),
        (Dyck, {"order": "crossed"}, "Input should be 'nested' or 'cross-serial'"),
        (ModularArithmetic, {"p": 6, "operation": "/"}, "division needs a prime modulus and 6 is none"),
        (ModularArithmetic, {"p": 7, "train_share": 1, "split": "held-out"}, "leaves no pair for the held-out split"),
        (Addition, {"digits": (13,)}, "operands have from 1 to 12 digits"),
        (Addition, {"carries": (0, 2)}, "numbers of 1 digits carry from 0 to 1 times, and carries asks for 0, 2"),
        (Addition, {"digits": (2,), "held_out_digits": (2,)}, "so nothing is left to train on"),
        (Addition, {"held_out_share": 0, "split": "held-out"}, "nothing is held out"),
        (SparseParity, {"tasks": 7, "bits": 4, "size": 2}, "4 bits have 6 subsets of size 2, fewer than 7 tasks"),
        (SparseParity, {"held_out_share": 0, "split": "held-out"}, "nothing is held out"),
        (CompositeParity, {"bits": 20, "unrelated": True}, "32 bits are needed so that none is shared"),
        (CompositeParity, {"atom_examples": 0, "composite_examples": 0}, "no document is asked for"),
        (SkipTrigrams, {"gaps": (-1,)}, "a gap is a number of words, 0 or more"),
        (SkipTrigrams, {"split": "held-out"}, "nothing is held out; name held_out_gaps"),
        (SkipTrigrams, {"gaps": (2,), "held_out_gaps": (2,)}, "so nothing is left to train on"),
    ],
)
def test_what_contradicts_itself_is_refused_with_the_mend(kind, fields, message):
    with pytest.raises(RecipeError) as error:
        kind(**fields)
    assert message in str(error.value)
    assert str(error.value).startswith(kind.__name__)
    assert "\n" not in str(error.value)


def test_equal_shares_are_one_recipe_however_they_are_written():
    assert Dyck(depths=(1, 2)) == Dyck(depths={2: 1, 1: 1})
    assert Dyck(depths=(1, 2)) != Dyck(depths={1: 1, 2: 2})


def test_recipes_import_nothing_heavy():
    heavy = "numpy datatrove pyarrow wordfreq torch"
    code = (
        "import sys, seedbed.data.formal.recipes, seedbed.data.formal.word_recipes;"
        f"print([name for name in {heavy.split()} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_documents_can_be_counted_before_they_are_written():
    assert RandomStrings(4, 10, documents=5).information_bits == 100
