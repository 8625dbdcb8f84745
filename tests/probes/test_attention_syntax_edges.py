"""Gold dependencies as arrays: known answers on a treebank, and rules on small parses."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.readers.conllu import ConlluReader
from seedbed.probes.attention_syntax_edges import (
    ParsedText,
    best_offset,
    chance,
    cross_fitted,
    dealt,
    edges_of,
    groups_of,
    one_direction_ceiling,
)


def parsed(heads, relations) -> ParsedText:
    spans = np.stack([np.arange(len(heads)) * 2, np.arange(len(heads)) * 2 + 1], axis=1)
    return ParsedText(" ".join("x" * len(heads)), tuple(heads), tuple(relations), spans)


def everything(edges):
    return np.zeros(len(edges), np.int64)


@pytest.fixture(scope="module")
def treebank(shared_data: Path) -> list[ParsedText]:
    file = shared_data / "ud/en_ewt/en_ewt-ud-dev.conllu.gz"
    return [
        parsed(labels["heads"], labels["relations"])
        for _, labels in ConlluReader([str(file)], sentences=True).records(file)
    ]


def test_the_published_baselines_on_a_treebank(treebank: list[ParsedText]) -> None:
    """PROTOCOLS 4.3 and row 20: 20,085 words, 34.1 % of heads to the left, .076, .349, .432, .924."""
    every = edges_of(treebank)
    assert len(every) == 20_085
    assert every.to_left.mean() == pytest.approx(0.341, abs=5e-4)
    assert chance(every) == pytest.approx(0.076, abs=5e-4)
    edges = edges_of(treebank, min_words=100)
    assert best_offset(edges, everything(edges)) == pytest.approx(0.349, abs=5e-4)
    assert best_offset(edges, groups_of(edges.relation)) == pytest.approx(0.432, abs=5e-4)
    assert one_direction_ceiling(edges) == pytest.approx(0.924, abs=5e-4)


def test_roots_punctuation_and_rare_relations_are_not_scored() -> None:
    texts = [
        parsed([1, -1, 1, 1], ["det", "root", "obj:x", "punct"]),
        parsed([1, -1, 1], ["det", "root", "obj"]),
    ]
    assert edges_of(texts).relation.tolist() == ["det", "obj", "det", "obj"]
    assert edges_of(texts, subtypes=True).relation.tolist() == ["det", "obj:x", "det", "obj"]
    assert edges_of(texts, subtypes=True, min_words=2).relation.tolist() == ["det", "det"]
    assert edges_of(texts).length.tolist() == [4, 4, 3, 3]
    assert len(edges_of([])) == 0


def test_offsets_and_directions_of_a_small_parse() -> None:
    # det: +1, +1; obj: -1 and +2, so that one direction reaches one of the two.
    edges = edges_of([parsed([1, -1, 1], ["det", "root", "obj"]), parsed([1, 2, -1], ["det", "x", "root"])])
    assert best_offset(edges, everything(edges)) == pytest.approx(3 / 4)
    assert best_offset(edges, groups_of(edges.relation)) == 1.0
    mixed = edges_of([parsed([-1, 0, 4, 4, 0], ["root", "obj", "obj", "det", "obj"])])
    assert one_direction_ceiling(mixed) == pytest.approx(3 / 4)
    assert chance(mixed) == pytest.approx(1 / 4)
    assert chance(mixed, side_known=True) == pytest.approx(np.mean([1 / 1, 1 / 2, 1 / 1, 1 / 4]))


@given(st.integers(0, 2**31), st.integers(2, 12))
def test_dealt_heads_keep_their_side_and_stay_in_the_text(seed: int, words: int) -> None:
    rng = np.random.default_rng(seed)
    heads = [int(rng.choice([place for place in range(words) if place != word])) for word in range(words)]
    edges = edges_of([parsed(heads, ["x"] * words)])
    other = dealt(edges, seed)
    assert (other.to_left == edges.to_left).all()
    assert ((other.head >= 0) & (other.head < words) & (other.head != other.word)).all()


def test_dealt_heads_are_uniform() -> None:
    edges = edges_of([parsed([3, 3, 3, -1, 0], ["x", "x", "x", "root", "x"])] * 4000)
    drawn = dealt(edges, 1).head[edges.word == 4]
    assert np.bincount(drawn, minlength=4) / len(drawn) == pytest.approx([0.25] * 4, abs=0.03)


def test_the_best_rule_is_chosen_on_the_other_half() -> None:
    # Rule 1 is right on the first half alone, rule 0 on the second: each is chosen where it is of no use.
    values = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    half = np.array([False, False, True, True])
    scores, chosen = cross_fitted(values, np.zeros(4, np.int64), half)
    assert scores.tolist() == [0, 0, 0, 0]
    assert chosen.tolist() == [0, 0, 1, 1]


def test_a_group_without_items_in_the_other_half_takes_the_best_rule_over_all() -> None:
    values = np.array([[0.0, 1.0], [0.0, 1.0], [0.2, 0.1]])
    scores, chosen = cross_fitted(values, np.array([0, 0, 1]), np.array([False, True, True]))
    assert chosen.tolist() == [1, 1, 1]
    assert scores.tolist() == [1.0, 1.0, 0.1]


def test_choosing_among_many_worthless_rules_gains_nothing() -> None:
    """The maximum over heads grows with their number; chosen on one half and scored on the other it does not."""
    values = (np.random.default_rng(0).random((2000, 400)) < 0.1).astype(float)
    half = np.arange(2000) % 2 == 0
    assert values.mean(axis=0).max() > 0.11
    assert cross_fitted(values, np.zeros(2000, np.int64), half)[0].mean() == pytest.approx(0.1, abs=0.02)
