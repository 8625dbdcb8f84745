from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.data.orders import Order, bucketed_random, easy_first, hard_first, paced, shuffled
from seedbed.errors import SourceError
from seedbed.training.batches import Part, TrainingData
from seedbed.training.recipes import Model, Training

from .conftest import EOS, InOrder, token_store

in_order = InOrder()


def recipe(*, context=4, batch_size=2, causal=True, **fields):
    model = Model(1, 8, 2, context=context, causal=causal)
    return Training(model, steps=5_040, batch_size=batch_size, learning_rate=0.1, **fields)


def epoch_of(data, batch_size):
    """All batches of the first epoch, of data whose rows divide by the batch size."""
    assert data.rows_per_epoch % batch_size == 0
    return [data.batch(step) for step in range(data.rows_per_epoch // batch_size)]


def test_a_document_is_a_row_that_begins_after_the_end_of_another(make_part):
    data = TrainingData([make_part([[1, 2, 3], [4]])], in_order, recipe(), 0)
    batch = data.batch(0)
    assert batch.inputs.tolist() == [[EOS, 1, 2, 3], [EOS, 4, EOS, EOS]]
    assert batch.targets.tolist() == [[1, 2, 3, EOS], [4, EOS, EOS, EOS]]
    assert batch.weights.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert (batch.tokens, batch.total_bytes, batch.documents) == (6, 12, 2)
    assert (batch.cell_tokens.tolist(), batch.cell_bytes.tolist()) == ([6], [12])
    assert (batch.at.tolist(), batch.cell.tolist()) == ([0, 1, 2, 3, 4, 5], [0] * 6)
    assert batch.keep is None
    assert {batch.inputs.dtype, batch.targets.dtype, batch.cell.dtype} == {torch.int64}
    assert batch.weights.dtype == torch.float32


def test_a_long_document_goes_on_in_the_next_row(make_part):
    data = TrainingData([make_part([[1, 2, 3, 4, 5, 6], [7]])], in_order, recipe(batch_size=3), 0)
    batch = data.batch(0)
    assert batch.inputs.tolist() == [[EOS, 1, 2, 3], [4, 5, 6, EOS], [EOS, 7, EOS, EOS]]
    assert batch.targets.tolist() == [[1, 2, 3, 4], [5, 6, EOS, EOS], [7, EOS, EOS, EOS]]
    assert batch.weights.sum(1).tolist() == [4, 3, 2]
    assert batch.documents == 2


def test_packed_rows_are_cut_from_one_stream(make_part):
    data = TrainingData([make_part([[1, 2, 3, 4, 5, 6], [7]])], in_order, recipe(batch_size=3, layout="packed"), 0)
    batch = data.batch(0)
    assert batch.targets.tolist() == [[1, 2, 3, 4], [5, 6, EOS, 7], [EOS, EOS, EOS, EOS]]
    assert batch.inputs.tolist() == [[EOS, 1, 2, 3], [4, 5, 6, EOS], [7, EOS, EOS, EOS]]
    assert batch.weights.sum(1).tolist() == [4, 4, 1]
    assert data.batch(1).at is not None
    assert TrainingData([make_part([[1, 2, 3]])], in_order, recipe(batch_size=2), 0).batch(0).at is None


def test_tokens_of_several_sources_share_a_row_and_keep_their_source(make_part):
    parts = [make_part([[1], [2]], rows=[0], source="one"), make_part([[3, 4]], source="two")]
    batch = TrainingData(parts, in_order, recipe(batch_size=2, layout="packed"), 0).batch(0)
    assert batch.targets.tolist() == [[1, EOS, 3, 4], [EOS, EOS, EOS, EOS]]
    assert batch.cell.tolist() == [0, 0, 1, 1, 1]
    assert batch.cell_tokens.tolist() == [2, 3]


documents_strategy = st.lists(st.lists(st.integers(1, 49), max_size=9), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(documents_strategy, min_size=1, max_size=3),
    st.integers(1, 6),
    st.sampled_from(["documents", "packed"]),
    st.integers(0, 9),
)
def test_an_epoch_holds_every_token_once_after_its_true_predecessor(stores, context, layout, seed):
    parts = [
        Part(token_store(documents), np.arange(len(documents)), f"s{number % 2}", np.arange(len(documents)) * 7)
        for number, documents in enumerate(stores)
    ]
    data = TrainingData(parts, shuffled(), recipe(context=context, batch_size=1, layout=layout), seed)
    expected = Counter()
    for documents in stores:
        for document in documents:
            expected.update(zip([EOS, *document], [*document, EOS], strict=True))
    seen = Counter()
    tokens, total_bytes, finished, by_source = 0, 0, 0, np.zeros(len(data.sources), dtype=int)
    for batch in epoch_of(data, 1):
        assert batch.inputs.shape[1] <= context
        real = batch.weights > 0
        seen.update(zip(batch.inputs[real].tolist(), batch.targets[real].tolist(), strict=True))
        assert batch.cell_tokens.sum() == batch.tokens == real.sum()
        assert batch.cell_bytes.sum() == batch.total_bytes
        assert np.bincount(batch.cell, minlength=len(data.sources)).tolist() == batch.cell_tokens.tolist()
        assert torch.equal(real.flatten().nonzero()[:, 0], torch.arange(real.numel()) if batch.at is None else batch.at)
        tokens, total_bytes, finished = (
            tokens + batch.tokens,
            total_bytes + batch.total_bytes,
            finished + batch.documents,
        )
        by_source += batch.cell_bytes
    assert seen == expected
    assert (tokens, total_bytes, finished) == (data.tokens, data.total_bytes, data.documents)
    for number, name in enumerate(data.sources):
        assert by_source[number] == sum(int(part.document_bytes.sum()) for part in parts if part.source == name)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 7), st.integers(1, 5), st.sampled_from(["documents", "packed"]), st.permutations(range(9)))
def test_a_step_gives_the_same_batch_whatever_was_asked_before(batch_size, context, layout, steps):
    documents = [[i + 1] * (i % 5) for i in range(7)]
    part = Part(token_store(documents), np.arange(7), "one", np.full(7, 5))
    fields = recipe(batch_size=batch_size, context=context, layout=layout)
    walked, jumped = (TrainingData([part], shuffled(), fields, 3) for _ in range(2))
    forward = [walked.batch(step) for step in range(9)]
    for step in steps:
        assert torch.equal(jumped.batch(step).targets, forward[step].targets)
        assert jumped.batch(step).total_bytes == forward[step].total_bytes


def test_rows_run_on_into_the_next_epoch_under_another_permutation(make_part):
    documents = [[i + 1] for i in range(10)]
    data = TrainingData([make_part(documents)], shuffled(), recipe(batch_size=4), 0)
    rows = [row[0] for step in range(5) for row in data.batch(step).targets.tolist()]
    first, second = rows[:10], rows[10:]
    assert sorted(first) == sorted(second) == list(range(1, 11))
    assert first != second


def test_a_batch_may_hold_several_epochs(make_part):
    data = TrainingData([make_part([[1], [2]])], in_order, recipe(batch_size=5), 0)
    assert data.batch(1).targets[:, 0].tolist() == [2, 1, 2, 1, 2]


def test_only_selected_rows_are_read_and_repeats_count(make_part):
    part = make_part([[1], [2], [3]], rows=[2, 0, 2], bytes_per_document=[10, 20, 40])
    data = TrainingData([part], in_order, recipe(batch_size=3), 0)
    assert data.batch(0).targets[:, 0].tolist() == [3, 1, 3]
    assert data.total_bytes == 90


def test_orders_are_asked_once_an_epoch_with_the_seed_and_the_update(make_part):
    asked = []

    class Asks(Order):
        name = "asks"

        def arrange(self, what):
            asked.append((len(what.documents), what.seed, what.epoch, what.step))
            return np.arange(len(what.documents))

    data = TrainingData([make_part([[1], [2]])], Asks(), recipe(batch_size=1), 9)
    for step in range(6):
        data.batch(step)
    assert asked == [(2, 9, epoch, 2 * epoch) for epoch in range(3)]


def test_the_data_seed_decides_the_order(make_part):
    part = make_part([[i + 1] for i in range(20)])
    first, same, other = (TrainingData([part], shuffled(), recipe(batch_size=20), seed).batch(0) for seed in (1, 1, 2))
    assert torch.equal(first.targets, same.targets)
    assert not torch.equal(first.targets, other.targets)


def test_answers_alone_have_weight(make_part):
    spans = np.array([[1, 3], [0, 0], [2, 6]])
    part = make_part([[1, 2, 3], [4], [5, 6, 7, 8, 9]], answer_spans=spans, bytes_per_document=[8, 2, 6])
    data = TrainingData([part], in_order, recipe(batch_size=4, loss_on="answer"), 0)
    batch = data.batch(0)
    assert batch.weights.tolist() == [[0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 1, 1], [1, 1, 0, 0]]
    # Two of four tokens of 8 bytes, four of six tokens of 6 bytes.
    assert (batch.cell_tokens.tolist(), batch.cell_bytes.tolist()) == ([6], [8])
    assert batch.at.tolist() == [1, 2, 10, 11, 12, 13]
    assert batch.cell.tolist() == [0] * 6
    assert (batch.tokens, batch.total_bytes) == (12, 16)


def test_hidden_tokens_are_drawn_per_step_and_padding_is_marked(make_part):
    documents = [[i % 40 + 1] * (i % 7 + 1) for i in range(200)]
    fields = recipe(context=8, batch_size=200, causal=False, objective="masked", mask_share=0.3)
    data, again = (TrainingData([make_part(documents)], in_order, fields, 5) for _ in range(2))
    first, second = data.batch(0), data.batch(1)
    assert torch.equal(first.inputs, first.targets)
    assert first.keep.sum() == first.tokens
    assert not (first.weights.bool() & ~first.keep).any()
    assert first.weights.sum() / first.tokens == pytest.approx(0.3, abs=0.05)
    assert first.cell_tokens.sum() == first.weights.sum()
    assert torch.equal(first.weights, again.batch(0).weights)
    assert not torch.equal(first.weights, second.weights)


class Faulty(Order):
    name = "faulty"

    def arrange(self, asked):
        return np.zeros(len(asked.documents), dtype=int)


def test_data_that_cannot_be_learnt_from_are_refused(make_part):
    with pytest.raises(SourceError, match="hold no document"):
        TrainingData([make_part([[1]], rows=[])], in_order, recipe(), 0)
    with pytest.raises(SourceError, match="'one' marks no answers"):
        TrainingData([make_part([[1]])], in_order, recipe(loss_on="answer"), 0)
    with pytest.raises(SourceError, match="every document once"):
        TrainingData([make_part([[1], [2]])], Faulty(), recipe(), 0).batch(0)
    with pytest.raises(SourceError, match="needs mtld, which no part has"):
        TrainingData([make_part([[1]])], easy_first("mtld"), recipe(), 0)


def test_wide_ids_are_read_as_they_are():
    store = token_store([[65_535, 70_000]], 80_000, np.uint32)
    data = TrainingData([Part(store, np.array([0]), "one", np.array([9]))], in_order, recipe(batch_size=1), 0)
    assert data.batch(0).targets.tolist() == [[65_535, 70_000, EOS]]


CURRICULA = [shuffled(), easy_first("words"), hard_first("words"), bucketed_random("words", 3), paced("words")]


def curriculum_data(order, steps, layout, context=4, batch_size=3, seed=2):
    generator = np.random.default_rng(0)
    documents = [generator.integers(1, 50, generator.integers(0, 11)).tolist() for _ in range(17)]
    difficulty = {"words": np.array([len(document) for document in documents], dtype=float)}
    priority = generator.integers(0, 2**62, 17).astype(np.uint64)
    part = Part(token_store(documents), np.arange(17), "one", np.full(17, 12), None, priority, difficulty)
    training = replace(recipe(context=context, batch_size=batch_size, layout=layout), steps=steps)
    return TrainingData([part], order, training, seed)


@pytest.mark.parametrize("layout", ["documents", "packed"])
@pytest.mark.parametrize("steps", [1, 4, 9, 20])
def test_every_order_reads_the_same_tokens_however_many_updates_there_are(layout, steps):
    seen = []
    for order in CURRICULA:
        data = curriculum_data(order, steps, layout)
        tokens = Counter()
        batches = [data.batch(step) for step in range(steps)]
        for batch in batches:
            real = batch.weights > 0
            tokens.update(zip(batch.inputs[real].tolist(), batch.targets[real].tolist(), strict=True))
        documents, cut = data.read(steps)
        assert sum(tokens.values()) == sum(batch.tokens for batch in batches)
        assert sum(batch.documents for batch in batches) == len(documents) - (cut is not None)
        seen.append((tokens, Counter(documents.tolist()), cut, sum(batch.total_bytes for batch in batches)))
    assert all(each == seen[0] for each in seen)
    other = curriculum_data(shuffled(), steps, layout, seed=3)
    if steps == 1:  # part of an epoch: which documents it holds is the seed's affair
        assert Counter(other.read(steps)[0].tolist()) != seen[0][1]


def test_a_part_of_an_epoch_can_be_asked_for_as_the_run_ends_alone():
    data = curriculum_data(shuffled(), 20, "documents")
    with pytest.raises(SourceError, match="end within an epoch; ask for all 20"):
        data.read(19)
    with pytest.raises(IndexError, match="update 20"):
        data.batch(20)


def test_gauges_are_means_over_tokens_beside_what_was_asked_for(make_part):
    difficulty = {"words": np.array([3.0, np.nan, 1.0])}
    part = make_part([[1, 2, 3], [4], [5]], difficulty=difficulty)
    data = TrainingData([part], easy_first("words", unscored="hard"), recipe(batch_size=2), 0)
    assert data.gauges == ("difficulty/words/mean", "difficulty/words/rank", "difficulty/words/rank_asked")
    first, second = data.batch(0), data.batch(1)
    # The documents of 1 and 3: two and four tokens, ranks 1/4 and 3/4; they begin at 0 and 1/3 of the epoch.
    assert first.gauges.tolist() == [[14.0, 3.5, pytest.approx(4 / 3)], [6.0, 6.0, 6.0]]
    assert data.gauge_means(0).tolist() == pytest.approx([14 / 6, 3.5 / 6, 4 / 18])
    # The document without a score, and the first of the next epoch.
    assert second.gauges.tolist() == [[2.0, 0.5, pytest.approx(4 / 3)], [2.0, 2.0, 4.0]]
    assert TrainingData([make_part([[1]])], shuffled(), recipe(), 0).gauges == ()
