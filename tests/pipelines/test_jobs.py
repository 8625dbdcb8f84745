from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.pipelines.jobs import texts_in_shares


@dataclass
class Stored:
    """A component of texts of one letter, the last of them held out."""

    name: str
    sizes: list[int]
    heldout: int = 1

    @property
    def bytes(self):
        return np.array(self.sizes, dtype=np.int64)

    @property
    def heldout_start(self):
        return len(self.sizes) - self.heldout

    def iter_texts(self, start, stop):
        return (self.name * size for size in self.sizes[start:stop])


def bytes_of(components, shares, total_bytes):
    texts = "".join(texts_in_shares(components, shares, total_bytes))
    return {component.name: texts.count(component.name) for component in components}


def test_a_tokenizers_text_has_the_shares_of_its_mixture():
    components = [Stored("a", [10] * 101), Stored("b", [5] * 201)]
    assert bytes_of(components, {"a": 0.8, "b": 0.2}, 500) == {"a": 400, "b": 100}


def test_a_component_that_is_too_short_lowers_all_so_that_shares_hold():
    components = [Stored("a", [10] * 101), Stored("b", [5] * 11)]  # b has 50 bytes beside those held out
    assert bytes_of(components, {"a": 0.8, "b": 0.2}, 500) == {"a": 200, "b": 50}


@given(
    a=st.lists(st.integers(1, 40), min_size=2, max_size=60),
    b=st.lists(st.integers(1, 40), min_size=2, max_size=60),
    share=st.floats(0.05, 0.95),
    total=st.integers(1, 3_000),
)
def test_held_out_texts_are_never_read_and_the_last_text_may_overshoot(a, b, share, total):
    components = [Stored("a", a), Stored("b", b)]
    found = bytes_of(components, {"a": share, "b": 1 - share}, total)
    held = {"a": sum(a[:-1]), "b": sum(b[:-1])}
    size = min(total, held["a"] / share, held["b"] / (1 - share))
    for name, part in (("a", share), ("b", 1 - share)):
        assert found[name] <= held[name]
        assert found[name] == pytest.approx(size * part, abs=41)
