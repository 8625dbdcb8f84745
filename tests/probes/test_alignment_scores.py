"""The values of PROTOCOLS 4.10 and row 21, on constructed vectors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.alignment import precision_at_1
from seedbed.probes.alignment_scores import (
    centred,
    cosines,
    csls,
    debiased_cka,
    linear_cka,
    margins,
    retrieved,
)


def random(rows: int, columns: int = 64, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, columns))


def rotation(columns: int, seed: int = 5) -> np.ndarray:
    return np.linalg.qr(random(columns, columns, seed))[0]


@pytest.mark.parametrize(
    ("rows", "expected", "tolerance"), [(64, 0.49, 0.02), (200, 0.255, 0.01), (1000, 0.061, 0.003)]
)
def test_cka_of_unrelated_matrices_is_biased_and_the_debiased_one_is_not(rows, expected, tolerance) -> None:
    seeds = range(5)
    plain = [linear_cka(random(rows, seed=2 * seed), random(rows, seed=2 * seed + 1)) for seed in seeds]
    debiased = [debiased_cka(random(rows, seed=2 * seed), random(rows, seed=2 * seed + 1)) for seed in seeds]
    assert np.mean(plain) == pytest.approx(expected, abs=tolerance)
    assert np.mean(debiased) == pytest.approx(0, abs=0.02)


def test_cka_of_many_unrelated_rows() -> None:
    assert linear_cka(random(10_000), random(10_000, seed=1)) == pytest.approx(0.0065, abs=0.0005)


def test_rotation_scale_and_shift_keep_cka_and_ruin_retrieval() -> None:
    x = random(300)
    y = 3 * x @ rotation(64) + 7
    assert linear_cka(x, y) == pytest.approx(1)
    assert debiased_cka(x, y) == pytest.approx(1)
    assert retrieved(cosines(centred(x), centred(y))).mean() < 0.02
    # The debiased one is 1 for a matrix with itself, whatever is shuffled alike.
    order = np.random.default_rng(0).permutation(300)
    assert debiased_cka(x[order], y[order]) == pytest.approx(1)
    assert abs(debiased_cka(x, y[order])) < 0.05


def test_an_offset_spares_one_way_and_ruins_the_other_and_centring_mends_it() -> None:
    x = random(1000)
    y = x + 0.3 * random(1000, seed=1)
    direction = random(1, seed=2)
    y = y + direction / np.linalg.norm(direction) * 10 * np.linalg.norm(x, axis=1).mean()
    assert retrieved(cosines(x, y)).mean() > 0.99
    assert retrieved(cosines(y, x)).mean() < 0.05
    assert retrieved(cosines(centred(x), centred(y))).mean() == 1.0
    assert retrieved(cosines(centred(y), centred(x))).mean() == 1.0


def test_shuffled_pairs_are_at_chance() -> None:
    x = random(500)
    order = np.random.default_rng(3).permutation(500)
    assert retrieved(cosines(x, x)).mean() == 1.0
    assert retrieved(cosines(x, x[order])).mean() == pytest.approx(1 / 500, abs=0.01)
    assert linear_cka(x, x[order]) < 0.2


def test_csls_takes_hubs_away() -> None:
    """A target that is near to everything is the nearest of many; less what it is near on average, it is not."""
    similarity = 0.5 + 0.1 * np.eye(40)
    similarity[:, 0] = 0.65
    assert retrieved(similarity).mean() == pytest.approx(1 / 40)
    assert retrieved(csls(similarity)).mean() > 0.95


@given(st.integers(1, 12), st.integers(0, 1000), st.booleans())
def test_retrieval_is_the_mean_that_the_data_package_defines(size: int, seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    similarity = rng.integers(0, 3, (size, size)).astype(float) if ties else rng.random((size, size))
    assert retrieved(similarity).mean() == pytest.approx(precision_at_1(similarity))
    if size > 1:
        assert ((margins(similarity) > 0) == (retrieved(similarity) == 1)).all()


def test_what_does_not_vary_has_no_alignment() -> None:
    assert linear_cka(np.ones((9, 4)), random(9, 4)) == 0.0
    assert debiased_cka(np.ones((9, 4)), random(9, 4)) == 0.0
    assert np.isnan(debiased_cka(random(3, 4), random(3, 4)))
    assert (cosines(np.zeros((2, 3)), random(2, 3)) == 0).all()
