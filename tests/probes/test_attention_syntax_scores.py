"""What attention says about edges: gold, uniform, fixed-offset and random attention between words."""

import numpy as np
import pytest
import torch

from seedbed.probes.attention_syntax_edges import Edges, chance, dealt, groups_of, one_direction_ceiling
from seedbed.probes.attention_syntax_scores import Readings, each_head, one_direction, readings, sided

WORDS = 8
TEXTS = 200


@pytest.fixture(scope="module")
def edges() -> Edges:
    """Random heads in texts of eight words, the left ones of relation "a" in 3 of 4 cases, the right ones of "b"."""
    rng = np.random.default_rng(0)
    sentence, word = (each.ravel() for each in np.mgrid[:TEXTS, :WORDS])
    head = (word + rng.integers(1, WORDS, len(word))) % WORDS
    usual = rng.random(len(word)) < 0.75
    relation = np.where((head < word) == usual, "a", "b")
    return Edges(sentence, word, head, np.full(len(word), WORDS), relation)


def half_of(edges: Edges):
    return edges.sentence % 2 == 1


def read(attention, edges: Edges, *, causal: bool, tie: float = 1e-6) -> Readings:
    """attention: [texts, heads, words, words]."""
    known = torch.ones(attention.shape[0], WORDS, dtype=torch.bool)
    where = [torch.from_numpy(each) for each in (edges.sentence, edges.word, edges.head)]
    found = readings(torch.as_tensor(attention).float(), *where, known, causal=causal, tie=tie)
    return Readings(*(each.numpy() for each in found))


def gold(edges: Edges, *, causal: bool):
    """A head from every word to its head; in a causal model one for heads to the left and one back from the others."""
    maps = np.zeros((TEXTS, 2, WORDS, WORDS))
    left = edges.to_left
    if causal:
        maps[edges.sentence[left], 0, edges.word[left], edges.head[left]] = 1
        maps[edges.sentence[~left], 1, edges.head[~left], edges.word[~left]] = 1
    else:
        maps[edges.sentence, 0, edges.word, edges.head] = 1
    return maps


def test_gold_attention_recovers_everything_from_both_sides(edges: Edges) -> None:
    for causal in (True, False):
        found = sided(read(gold(edges, causal=causal), edges, causal=causal), edges, half_of(edges), causal=causal)
        assert found.credit.mean() == 1.0
        assert found.weight.mean() == 1.0


def test_one_direction_of_gold_attention_reaches_the_ceiling(edges: Edges) -> None:
    found = one_direction(read(gold(edges, causal=True), edges, causal=True), edges, half_of(edges))
    ceiling = one_direction_ceiling(edges)
    assert 0.7 < ceiling < 0.8
    assert found.credit.mean() == pytest.approx(ceiling)
    both_sides = one_direction(read(gold(edges, causal=False), edges, causal=False), edges, half_of(edges))
    assert both_sides.credit.mean() == 1.0


def test_which_head_and_reading_were_chosen(edges: Edges) -> None:
    found = sided(read(gold(edges, causal=True), edges, causal=True), edges, half_of(edges), causal=True)
    assert (found.head == np.where(edges.to_left, 0, 1)).all()
    assert (found.by_row == edges.to_left).all()


def test_shuffled_heads_fall_to_the_random_level(edges: Edges) -> None:
    other = dealt(edges, 0)
    found = sided(read(gold(edges, causal=True), other, causal=True), other, half_of(edges), causal=True)
    assert found.credit.mean() == pytest.approx(chance(edges, side_known=True), abs=0.03)


def test_uniform_attention_shares_the_point_among_all_guesses(edges: Edges) -> None:
    uniform = np.full((TEXTS, 1, WORDS, WORDS), 1 / WORDS)
    found = read(uniform, edges, causal=False)
    assert found.row_credit.mean() == pytest.approx(chance(edges))
    assert found.row_weight == pytest.approx(1 / WORDS)
    causal = read(np.tril(np.ones((TEXTS, 1, WORDS, WORDS))), edges, causal=True)
    sides = sided(causal, edges, half_of(edges), causal=True)
    assert sides.credit.mean() == pytest.approx(chance(edges, side_known=True))


def test_attention_to_the_word_before_is_an_offset_rule(edges: Edges) -> None:
    before = np.zeros((TEXTS, 1, WORDS, WORDS))
    before[:, 0, np.arange(1, WORDS), np.arange(WORDS - 1)] = 1
    found = read(before, edges, causal=True)
    offset = edges.head - edges.word
    inside = edges.word > 0  # the first word has nothing before it, and all guesses tie at nothing
    assert (found.row_credit[inside, 0] == (offset == -1)[inside]).all()
    assert (found.column_credit[edges.word < WORDS - 1, 0] == (offset == 1)[edges.word < WORDS - 1]).all()
    credit, weight = each_head(found, edges, causal=True)
    assert credit[0] == pytest.approx(np.mean(abs(offset) == 1), abs=1e-12)
    assert weight[0] == pytest.approx(np.mean(abs(offset) == 1), abs=1e-12)


def test_ties_within_the_tolerance_share_and_others_do_not() -> None:
    edge = Edges(*(np.array([each]) for each in (0, 4, 1, 8)), np.array(["a"]))
    maps = np.zeros((1, 1, WORDS, WORDS))
    maps[0, 0, 4, [1, 2]] = 0.4, 0.4 + 1e-3
    assert read(maps, edge, causal=True, tie=1e-2).row_credit[0, 0] == 0.5
    assert read(maps, edge, causal=True, tie=1e-4).row_credit[0, 0] == 0.0
    assert read(maps, edge, causal=True, tie=1e-4).row_weight[0, 0] == pytest.approx(0.4)


def test_words_without_a_token_are_no_guesses() -> None:
    maps = torch.zeros(1, 1, WORDS, WORDS)
    known = torch.tensor([[True, True, False, False, True, True, True, True]])
    where = [torch.tensor([each]) for each in (0, 4, 1)]
    assert readings(maps, *where, known, causal=True, tie=0.0)[0].item() == 0.5
    assert readings(maps, *where, known, causal=False, tie=0.0)[0].item() == pytest.approx(1 / 5)


def test_one_head_for_all_words_is_worse_than_one_for_each_side(edges: Edges) -> None:
    found = read(gold(edges, causal=True), edges, causal=True)
    single = sided(found, edges, half_of(edges), causal=True, groups=np.zeros(len(edges), np.int64))
    # On the side that the head does not serve it looks nowhere, and all words of that side tie.
    served = edges.to_left if single.head[0] == 0 else ~edges.to_left
    assert (single.credit[served & (single.head == single.head[0])] == 1).all()
    assert single.credit.mean() == pytest.approx(0.5 + 0.5 * chance(edges, side_known=True), abs=0.03)
    assert groups_of(edges.relation, edges.to_left).max() == 3
