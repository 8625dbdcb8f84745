import json

import numpy as np
import pytest

from seedbed.dynamics.checks import MeasurementError
from seedbed.dynamics.interaction import interaction
from seedbed.dynamics.permutation import two_samples

STRATA = ["bpe"] * 6 + ["byte"] * 6
BASE = np.array([0.40, 0.38, 0.45, 0.41, 0.39, 0.44] * 2)
WOBBLE = np.array([0.00, 0.01, -0.01, 0.02, -0.02, 0.005] * 2)


def test_an_effect_under_one_tokenizer_only():
    effect = np.array([0.4] * 6 + [0.0] * 6)
    found = interaction(BASE, BASE + effect + WOBBLE, STRATA, metric="share", unit="points")
    assert found.kind == "difference"
    assert found.p_value == found.smallest_p == pytest.approx(2 / 924)
    assert [one.stratum for one in found.effects] == ["bpe", "byte"]
    assert found.effects[0].difference == pytest.approx(0.4, abs=0.01)
    assert found.effects[1].interval[0] < 0 < found.effects[1].interval[1]
    assert found.sentence.startswith("share: the effect differs between strata: +0.401 points (bpe)")


def test_the_same_effect_everywhere():
    found = interaction(BASE, BASE + 0.4 + WOBBLE, STRATA)
    assert (found.kind, found.p_value) == ("no verdict", 1)
    # Nothing differs, so no number of seeds would find it.
    assert found.seeds_needed is None


def test_two_strata_are_a_two_sample_test_of_the_differences():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=12), rng.normal(size=12)
    assert interaction(a, b, STRATA).p_value == pytest.approx(two_samples((b - a)[:6], (b - a)[6:]).p_value)


def test_three_seeds_per_stratum_are_too_few():
    keep = [0, 1, 2, 6, 7, 8]
    found = interaction(
        BASE[keep], (BASE + np.array([0.4] * 6 + [0.0] * 6) + WOBBLE)[keep], [STRATA[index] for index in keep]
    )
    assert (found.kind, found.smallest_p, found.seeds_needed) == ("no verdict", pytest.approx(0.1), 4)
    assert "4 seeds per arm and stratum would settle it" in found.sentence


def test_three_strata_can_change_names():
    a, b = np.zeros(9), np.array([0.0, 0.1, 0.2, 1.0, 1.1, 1.2, 5.0, 5.1, 5.2])
    found = interaction(a, b, ["x"] * 3 + ["y"] * 3 + ["z"] * 3)
    # 9! / 3!^3 arrangements, six of them the same partition.
    assert found.smallest_p == pytest.approx(6 / 1680)
    assert found.p_value == pytest.approx(found.smallest_p)


def test_single_pairs_give_no_verdict():
    found = interaction([0.1, 0.2], [0.3, 0.9], ["x", "y"])
    assert (found.kind, found.p_value, found.effects[0].interval) == ("no verdict", 1, None)
    json.dumps(found.to_dict(), allow_nan=False)


def test_one_stratum_is_refused():
    with pytest.raises(MeasurementError, match="at least two labels"):
        interaction([1.0, 2.0], [1.0, 2.0], ["x", "x"])


def test_an_alike_effect_is_seldom_called_different():
    rng = np.random.default_rng(1)
    kinds = [interaction(rng.normal(size=8), rng.normal(size=8), ["x"] * 4 + ["y"] * 4).kind for _ in range(250)]
    assert kinds.count("difference") / 250 < 0.08
