"""Known answer 4: the same data in another order, learned by a small network of bits. Bounds, never digits.

Three parities of three bits each (atoms) and the parity of all nine (the composite), a quarter of the examples each.
In mixed order everything is learned. Easy first, the composite is learned on top of its atoms, which are then partly
forgotten. Hard first, the composite comes before what it is made of, and is not learned; the same examples were read.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from seedbed.data import orders as order
from seedbed.data.certificate import certify
from seedbed.data.permutations import Documents

pytestmark = pytest.mark.slow
BITS, ATOMS, ATOM_BITS, STEPS, BATCH = 32, 3, 3, 3_000, 1_000
COMPOSITE = ATOMS


def examples(task, generator):
    """Inputs (which atoms are asked for, then the bits) and answers, of the task of each example."""
    groups = np.random.default_rng(0).permutation(BITS)[: ATOMS * ATOM_BITS].reshape(ATOMS, ATOM_BITS)
    asked = np.vstack([np.eye(ATOMS, dtype=np.uint8), np.ones((1, ATOMS), np.uint8)])
    members = np.zeros((ATOMS, BITS), np.uint8)
    for atom, group in enumerate(groups):
        members[atom, group] = 1
    bits = generator.integers(0, 2, (len(task), BITS), dtype=np.uint8)
    answers = (bits * (asked @ members)[task]).sum(axis=1) % 2
    return np.concatenate([asked[task], bits], axis=1), answers.astype(np.float32)


@pytest.fixture(scope="module")
def data():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    task = np.repeat(np.arange(ATOMS + 1), STEPS * BATCH // (ATOMS + 1))
    yield task, *examples(task, np.random.default_rng(1))
    torch.set_num_threads(before)


def learned(data, chosen):
    """Accuracy on new strings by task, and the certificate of what was read, after one pass in an order."""
    task, inputs, answers = data
    ids = np.arange(len(task), dtype=np.uint64)
    hard = {"words": (task == COMPOSITE).astype(float)}  # the measure's name stands for any
    documents = Documents(np.zeros(len(task), np.int64), ("parity",), np.zeros(len(task), np.uint64), hard)
    read = chosen.permutation(documents, seed=3)
    torch.manual_seed(0)
    hidden = [part for _ in range(2) for part in (nn.LazyLinear(128), nn.ReLU())]
    model = nn.Sequential(*hidden, nn.LazyLinear(1))
    asked, right = examples(np.repeat(np.arange(ATOMS + 1), 2_000), np.random.default_rng(2))
    model(torch.from_numpy(asked).float())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for rows in read.reshape(STEPS, BATCH):
        given = model(torch.from_numpy(inputs[rows]).float())[:, 0]
        optimizer.zero_grad()
        binary_cross_entropy_with_logits(given, torch.from_numpy(answers[rows])).backward()
        optimizer.step()
    with torch.no_grad():
        correct = (model(torch.from_numpy(asked).float())[:, 0] > 0).numpy() == (right > 0)
    by_task = correct.reshape(ATOMS + 1, -1).mean(axis=1)
    return by_task[:ATOMS], by_task[COMPOSITE], certify(chosen.name, ids, read, None).multiset_sha256


def test_the_same_examples_teach_other_things_in_another_order(data):
    atoms, composite, mixed = learned(data, order.shuffled())
    assert min(*atoms, composite) >= 0.95, (atoms, composite)
    atoms, composite, easy_first = learned(data, order.easy_first("words"))
    assert composite >= 0.7, composite
    assert min(atoms) <= 0.95, atoms
    atoms, composite, hard_first = learned(data, order.hard_first("words"))
    assert composite <= 0.55, composite
    assert min(atoms) >= 0.95, atoms
    assert mixed == easy_first == hard_first
