import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.onset import Onset
from seedbed.dynamics.survival import bootstrap_median, median_onset

LAST = 5000


def made(step, spacing=100):
    return Onset(step, None if step == 0 else step - spacing, 3, 3, 0.9)


NEVER = Onset(None, LAST, 0, 3, 0.9)


def test_runs_that_never_make_it_count_as_late():
    found = median_onset([made(500), made(900), NEVER, NEVER, NEVER])
    assert (found.step, found.runs, found.reached) == (None, 5, 2)
    found = median_onset([made(500), made(900), made(1500), NEVER, NEVER])
    assert (found.step, found.reached) == (1500, 3)
    assert median_onset([made(500), made(900), NEVER, NEVER]).step == 900


def test_none_reached_and_no_runs():
    found = median_onset([NEVER, NEVER])
    assert (found.step, found.lower_step, found.upper_step, found.reached) == (None, None, None, 0)
    with pytest.raises(MeasurementError):
        median_onset([])


def test_kaplan_meier_by_hand():
    # A run censored at 600 leaves the risk set: S = 4/5, then 4/5 * 2/3, then 4/5 * 2/3 * 1/2 = .27.
    lost = Onset(None, 600, 0, 3, 0.9)
    assert median_onset([made(500), lost, made(700), made(800), made(900)]).step == 800
    # Counted as never, it would not have changed the median: late is late.
    assert median_onset([made(500), NEVER, made(700), made(800), made(900)]).step == 800
    # Left out, it would be 700: too early.
    assert median_onset([made(500), made(700), made(800), made(900)]).step == 700


def test_below_six_runs_no_interval_exists():
    five = median_onset([made(step) for step in (100, 200, 300, 400, 500)])
    assert (five.step, five.lower_step, five.upper_step) == (300, None, None)
    six = median_onset([made(step) for step in (100, 200, 300, 400, 500, 600)])
    assert six.step == 300
    # The lower end reaches back over the spacing of its run: 100 was seen at 100 and not at 0.
    assert (six.lower_step, six.upper_step) == (0, 600)
    assert median_onset([made(step) for step in (100, 200, 300, 400, 500)], confidence=0.9).upper_step is not None


def test_already_there_leaves_the_interval_open_below():
    assert median_onset([made(0)] * 8).lower_step is None


@given(st.lists(st.one_of(st.none(), st.integers(1, 40)), min_size=1, max_size=15), st.randoms())
def test_median_agrees_with_the_order_statistic_when_all_runs_are_equally_long(steps, random):
    onsets = [NEVER if step is None else made(100 * step) for step in steps]
    found = median_onset(onsets)
    ranked = sorted(LAST + 1 if step is None else 100 * step for step in steps)
    expected = ranked[(len(ranked) + 1) // 2 - 1]
    assert found.step == (None if expected > LAST else expected)
    random.shuffle(onsets)
    assert median_onset(onsets) == found
    if found.step is not None:
        assert found.lower_step is None or found.lower_step < found.step
        assert found.upper_step is None or found.upper_step >= found.step


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "last"), [(6, 1e9), (10, 1e9), (10, 1.2), (20, 0.9)])
def test_interval_covers_the_true_median(seeds, last):
    rng = np.random.default_rng(seeds)
    covered, replicates = 0, 400
    for _ in range(replicates):
        times = rng.exponential(size=seeds)
        # Evaluated so often that spacing plays no part.
        found = median_onset(
            [
                Onset(round(1e6 * time), round(1e6 * time) - 1, 3, 3, 0) if time < last else Onset(None, 10**9, 0, 3, 0)
                for time in times
            ]
        )
        low = -np.inf if found.lower_step is None else found.lower_step
        high = np.inf if found.upper_step is None else found.upper_step
        covered += low <= 1e6 * np.log(2) <= high
    assert covered / replicates >= 0.91


def test_bootstrap_of_the_median_counts_runs_that_never_made_it():
    onsets = [made(step) for step in (500, 600, 700, 800, 900, 1000, 1100)]
    found = bootstrap_median(onsets)
    assert found.reached == 1
    assert found.lower_step < 800 <= found.upper_step
    # Of values between 500 and 1100 no draw's median lies outside, and the lower end reaches back over the spacing.
    assert (found.lower_step >= 400, found.upper_step <= 1100) == (True, True)
    some = bootstrap_median([*onsets[:4], NEVER, NEVER, NEVER])
    assert (some.upper_step, some.reached < 1) == (None, True)
    none = bootstrap_median([NEVER, NEVER])
    assert (none.lower_step, none.upper_step, none.reached) == (None, None, 0)
    one = bootstrap_median([made(500)])
    assert (one.lower_step, one.upper_step) == (400, 500)
    with pytest.raises(MeasurementError):
        bootstrap_median([])


@pytest.mark.slow
def test_bootstrap_interval_covers_the_median_nearly_as_often_as_it_says():
    rng = np.random.default_rng(3)
    covered = 0
    for index in range(400):
        times = np.round(1e6 * rng.exponential(size=15)).astype(int)
        onsets = [Onset(int(time), int(time) - 1, 3, 3, 0) if time < 1.5e6 else NEVER for time in times]
        found = bootstrap_median(onsets, draws=400, seed=index)
        low = -np.inf if found.lower_step is None else found.lower_step
        high = np.inf if found.upper_step is None else found.upper_step
        covered += low <= 1e6 * np.log(2) <= high
    assert 0.88 <= covered / 400 <= 0.99
