from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from seedbed.data.formal.recipes import CompositeParity, SparseParity
from seedbed.errors import RecipeError
from seedbed.workbench import Workbench


def parsed(texts):
    """(prompt, bits, answer) of each document."""
    parts = [text.replace(" = ", " : ").split(" : ") for text in texts]
    return [(prompt, np.array(bits.split(), dtype=int), int(answer)) for prompt, bits, answer in parts]


def test_each_answer_is_the_parity_of_its_tasks_bits(write, answers):
    recipe = SparseParity(6, bits=10, size=3, documents=2_000)
    members = recipe.generator(Workbench()).members
    assert len({row.tobytes() for row in members}) == 6
    assert (members.sum(axis=1) == 3).all()
    written = write(recipe)
    for (prompt, bits, answer), known, marked in zip(parsed(written[0]), written[1], answers(written), strict=True):
        task = int(prompt.removeprefix("task-")) - 1
        assert answer == bits[members[task]].sum() % 2
        assert known["construction"] == prompt
        assert marked == str(answer)


def test_bits_and_answers_are_even(write):
    found = parsed(write(SparseParity(1, bits=70, size=5, documents=4_000))[0])
    bits = np.array([each for _, each, _ in found])
    assert bits.shape == (4_000, 70)
    assert (np.abs(bits.mean(axis=0) - 0.5) < 5 * 0.5 / 4_000**0.5).all()
    assert abs(np.mean([answer for *_, answer in found]) - 0.5) < 5 * 0.5 / 4_000**0.5
    assert np.abs(np.corrcoef(bits[:, :6].T) - np.eye(6)).max() < 0.1


def test_tasks_come_at_zipf_rates_exactly_counted(write):
    recipe = SparseParity(4, alpha=1.0, bits=8, size=2, documents=2_500)
    counts = Counter(known["construction"] for known in write(recipe)[1])
    assert counts == {"task-1": 1_200, "task-2": 600, "task-3": 400, "task-4": 300}
    equal = SparseParity(4, alpha=0, bits=8, size=2, documents=10).generator(Workbench())
    assert [count for _, count in equal.planned["construction"].values()] == [3, 3, 2, 2]


def test_all_subsets_can_be_tasks_and_a_task_stays_what_it_is():
    members = SparseParity(15, bits=6, size=2, documents=1).generator(Workbench()).members
    assert len({row.tobytes() for row in members}) == 15
    fewer = SparseParity(4, bits=6, size=2, documents=1).generator(Workbench()).members
    assert (members[:4] == fewer).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda split: SparseParity(2, bits=8, size=2, held_out_share=0.25, documents=4_000, split=split),
        lambda split: CompositeParity(2, atom_bits=2, bits=8, held_out_share=0.25, split=split),
    ],
)
def test_no_string_of_bits_is_on_both_sides(make, write):
    train, test = ({bits.tobytes() for _, bits, _ in parsed(write(make(split))[0])} for split in ("train", "held-out"))
    assert not train & test
    assert len(train | test) == 256
    assert 30 < len(test) < 100


def test_atoms_are_disjoint_and_the_composite_is_their_union(write):
    recipe = CompositeParity(3, atom_bits=4, bits=20, atom_examples=100, composite_examples=250)
    members = recipe.generator(Workbench()).members
    assert members[:3].sum(axis=0).max() == 1
    assert (members[3] == members[:3].any(axis=0)).all()
    texts, labels = write(recipe)
    assert Counter(known["construction"] for known in labels) == {
        "atom-1": 100,
        "atom-2": 100,
        "atom-3": 100,
        "composite": 250,
    }
    prompts = {"on off off": 0, "off on off": 1, "off off on": 2, "on on on": 3}
    for prompt, bits, answer in parsed(texts):
        assert answer == bits[members[prompts[prompt]]].sum() % 2


def test_unrelated_atoms_share_no_bit_with_the_composite():
    related = CompositeParity(3, atom_bits=4, bits=30).generator(Workbench()).members
    members = CompositeParity(3, atom_bits=4, bits=30, unrelated=True).generator(Workbench()).members
    assert not (members[:3] & members[3]).any()
    assert (members[3] == related[3]).all()
    assert members[:3].sum(axis=1).tolist() == [4, 4, 4]


def test_a_side_without_a_string_is_refused():
    recipe = SparseParity(1, bits=1, size=1, held_out_share=1e-9, split="held-out", documents=2)
    with pytest.raises(RecipeError, match=r"no string of 1 bits.*take more bits"):
        recipe.generator(Workbench())(np.arange(2))
