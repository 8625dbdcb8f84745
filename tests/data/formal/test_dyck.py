from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.data.formal.dyck import ways
from seedbed.data.formal.recipes import Dyck
from seedbed.workbench import Workbench

OPEN = dict(zip(")]}>", "([{<", strict=True))


def is_nested(words):
    stack = []
    for word in words:
        if word not in OPEN:
            stack.append(word)
        elif not stack or stack.pop() != OPEN[word]:
            return False
    return not stack


def is_cross_serial(words):
    queue = []
    for word in words:
        if word not in OPEN:
            queue.append(word)
        elif not queue or queue.pop(0) != OPEN[word]:
            return False
    return not queue


def depth_of(words):
    return int(np.cumsum([-1 if word in OPEN else 1 for word in words]).max())


@pytest.mark.parametrize("depth", [1, 2, 3, 7])
def test_shapes_are_counted_as_by_hand(depth):
    """Catalan numbers without a bound on depth; with it, all strings of 14 steps are listed."""
    total = sum(ways(d, 14)[14, 0, 0] if d > 0 else 0 for d in range(1, 8))
    assert total == 429  # Catalan number 7
    listed = 0
    for bits in range(2**14):
        heights = np.cumsum([1 if bits >> step & 1 else -1 for step in range(14)])
        listed += heights[-1] == 0 and heights.min() >= 0 and heights.max() == depth
    assert ways(depth, 14)[14, 0, 0] == listed


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 4), st.sets(st.integers(1, 5), min_size=1), st.sets(st.sampled_from([10, 14, 18]), min_size=1))
def test_strings_are_balanced_and_have_the_depth_and_length_they_say(kinds, depths, lengths):
    recipe = Dyck(kinds, depths=tuple(depths), lengths=tuple(lengths), documents=60)
    texts, labels = recipe.generator(Workbench())(np.arange(60))
    for text, known in zip(texts, labels, strict=True):
        words = text.split(" ")
        assert is_nested(words)
        assert known["embedding_depth"] == depth_of(words)
        assert known["construction"] == f"depth {depth_of(words)}, length {len(words)}"
        assert known["embedding_depth"] in depths
        assert len(words) in lengths


def test_all_shapes_of_a_cell_are_equally_likely(write):
    texts, _ = write(Dyck(1, depths=(2,), lengths=(8,), documents=7_000))
    counts = Counter(texts)
    assert len(counts) == 7  # by hand: walks of 8 steps whose highest point is 2
    assert all(abs(count - 1_000) < 5 * 1_000**0.5 for count in counts.values())


def test_the_cross_serial_control_is_matched_to_the_nested_strings(write):
    fields = {"kinds": 3, "documents": 400}
    nested, _ = write(Dyck(**fields))
    crossed, labels = write(Dyck(**fields, order="cross-serial"))
    assert all(is_cross_serial(text.split()) for text in crossed)
    assert not all(is_nested(text.split()) for text in crossed)
    for one, other in zip(nested, crossed, strict=True):
        assert sorted(one) == sorted(other)
        assert re.sub(r"[)\]}>]", "]", one) == re.sub(r"[)\]}>]", "]", other)
    assert {known["constructions"][1] for known in labels} == {"cross-serial"}


def test_shares_of_depths_and_lengths_are_exact(write):
    recipe = Dyck(2, depths={1: 0.7, 3: 0.3}, lengths={8: 3, 10: 1}, documents=1_000)
    _, labels = write(recipe)
    counts = Counter(known["construction"] for known in labels)
    assert counts == {
        "depth 1, length 8": 525,
        "depth 1, length 10": 175,
        "depth 3, length 8": 225,
        "depth 3, length 10": 75,
    }
    planned = recipe.generator(Workbench()).planned["construction"]
    assert {value: count for value, (_, count) in planned.items()} == counts
    assert planned["depth 1, length 8"][0] == pytest.approx(0.525)


def test_what_is_held_out_is_in_no_training_document(write):
    fields = {"held_out_depths": (4,), "held_out_lengths": (20,), "documents": 2_000}
    train, train_labels = write(Dyck(2, **fields))
    test, test_labels = write(Dyck(2, **fields, split="held-out"))
    assert not set(train) & set(test)
    assert {known["embedding_depth"] for known in train_labels} == {1, 2, 3}
    assert max(len(text.split()) for text in train) == 16
    assert all(k["embedding_depth"] == 4 or "length 20" in k["construction"] for k in test_labels)


def test_many_kinds_have_numbered_brackets(write):
    texts, _ = write(Dyck(20, depths=(2,), lengths=(6,), documents=300))
    assert {word.strip("()") for text in texts for word in text.split()} == {str(kind) for kind in range(20)}
    for text in texts:
        stack = []
        for word in text.split():
            assert word[0] == "(" or stack.pop() == word.rstrip(")")
            stack += [word[1:]] if word[0] == "(" else []
        assert not stack


def test_a_document_does_not_depend_on_the_lengths_of_its_neighbours(write):
    _, labels = write(Dyck(4, documents=50))
    generator = Dyck(4, documents=50).generator(Workbench())
    whole = generator(np.arange(50))[0]
    short = [number for number, known in enumerate(labels) if known["construction"].endswith("length 8")]
    assert generator(np.array(short))[0] == [whole[number] for number in short]
