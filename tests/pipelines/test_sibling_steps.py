from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.pipelines.sibling_steps import (
    WHOLE_STEPS_WITHIN,
    PerUpdate,
    matched_training,
    per_update,
    run_flops,
)
from seedbed.training.recipes import Model, Training, flops_per_token

MODEL = Model(1, 16, 2, context=10)


def recipe(**changes):
    return Training(MODEL, **{"steps": 100, "batch_size": 8, "learning_rate": 0.01, "warmup_steps": 20, **changes})


def selection(lengths, sizes, rows, vocab_size=300):
    """A selection of one component, of documents of so many tokens and bytes."""
    chosen = SimpleNamespace(component_name="c", rows=np.array(rows))
    store = SimpleNamespace(offsets=np.concatenate([[0], np.cumsum(lengths)]), vocab_size=vocab_size)
    return [chosen], {"c": SimpleNamespace(bytes=np.array(sizes))}, {"c": store}


def test_a_batch_of_documents_reads_their_means():
    # Rows 0, 1 and 1 again, of 4, 6 and 6 tokens; the third document is not taken.
    read = per_update(recipe(), *selection([4, 6, 9], [40, 70, 500], [0, 1, 1]))
    assert read.tokens == pytest.approx(8 * 16 / 3)
    assert read.bytes == pytest.approx(8 * 180 / 3)
    assert read.flops == pytest.approx(8 * 16 / 3 * flops_per_token(MODEL, 300, 5))  # 16 / 3 is 5 whole tokens
    assert read.of("updates") == 1


def test_a_document_longer_than_the_context_is_several_rows():
    read = per_update(recipe(), *selection([25, 5], [100, 20], [0, 1]))
    assert read.tokens == pytest.approx(8 * 30 / 4)  # rows of 10, 10, 5 and 5 tokens


def test_a_packed_batch_is_a_number_of_tokens():
    read = per_update(recipe(layout="packed"), *selection([25, 15], [100, 60], [0, 1]))
    assert read.tokens == 80
    assert read.bytes == 320
    assert read.flops == pytest.approx(80 * flops_per_token(MODEL, 300, 10))


def test_flops_are_those_of_the_length_that_is_attended_over():
    assert run_flops(recipe(), 300, 70, 10) == 70 * flops_per_token(MODEL, 300, 7)
    assert run_flops(recipe(layout="packed"), 300, 70, 10) == 70 * flops_per_token(MODEL, 300, 10)


def test_steps_are_the_references_times_the_ratio_and_warm_up_goes_along():
    small, large = PerUpdate(100, 20, 1e6), PerUpdate(100, 50, 4e6)
    tokens = matched_training(recipe(), "tokens", small, large)
    assert (tokens.steps, tokens.warmup_steps, tokens.batch_size) == (40, 8, 8)
    assert matched_training(recipe(), "flops", small, large).steps == 25
    assert matched_training(recipe(), "bytes", small, large) == recipe()
    assert matched_training(recipe(), "tokens", large, small).steps == 250


def test_few_steps_take_another_batch_where_whole_ones_miss():
    # 10 steps of 16 are matched by 4.4 of them: 4 or 5 miss by 9 % and more, 5 of 14 by half a percent.
    few = matched_training(
        recipe(steps=10, batch_size=16, warmup_steps=0), "tokens", PerUpdate(1, 44, 1), PerUpdate(1, 100, 1)
    )
    assert (few.steps, few.batch_size) == (5, 14)


@given(
    steps=st.integers(1, 3_000),
    batch_size=st.integers(1, 128),
    ratio=st.floats(0.1, 10),
)
def test_what_is_seen_is_as_near_as_whole_numbers_allow(steps, batch_size, ratio):
    given_recipe = recipe(steps=steps, batch_size=batch_size, warmup_steps=0)
    found = matched_training(given_recipe, "tokens", PerUpdate(1, ratio, 1), PerUpdate(1, 1, 1))
    asked, got = steps * batch_size * ratio, found.steps * found.batch_size
    whole = max(1, round(steps * ratio)) * batch_size
    assert abs(got - asked) <= max(abs(whole - asked), WHOLE_STEPS_WITHIN * asked) + 1e-9
    assert abs(found.batch_size - batch_size) <= batch_size / 4
    if abs(whole - asked) <= WHOLE_STEPS_WITHIN * asked:
        assert found.batch_size == batch_size
