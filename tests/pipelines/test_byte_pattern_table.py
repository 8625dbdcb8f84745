import dataclasses
from pathlib import Path

import numpy as np
import pytest

from seedbed.pipelines.byte_pattern_table import byte_pattern_table, tokenizer_pairs
from seedbed.pipelines.results import Curve, RunResult, StudyResults


def run(
    arm: str, tokenizer: str, mixture: str = "a", seed: int = 0, total_bytes: int = 1_000, **values: float
) -> RunResult:
    found = RunResult(
        name=f"{arm}.seed-{seed}",
        arm=arm,
        factors={"mixture": mixture, "tokenizer": tokenizer, "order": "shuffled", "model": "nano"},
        seed=seed,
        init_seed=0,
        order_seed=1,
        fingerprint=f"{arm}{seed}",
        folder=Path("nowhere"),
        status="FINISHED",
        outcome={"total_bytes": total_bytes, "tokens": 500},
    )
    at = np.array([10])
    curves = {name.replace("__", "/").replace("_", "."): Curve(at, np.array([value])) for name, value in values.items()}
    found.__dict__["curves"] = {name.replace("byte.patterns", "byte-patterns"): curve for name, curve in curves.items()}
    return found


def values(digit: float, space: float) -> dict[str, float]:
    return {
        "byte_patterns__total": (digit * 30 + space * 70) / 100,
        "byte_patterns__total_bytes": 100.0,
        "byte_patterns__pattern_digit": digit,
        "byte_patterns__pattern_digit_bytes": 30.0,
        "byte_patterns__pattern_space": space,
        "byte_patterns__pattern_space_bytes": 70.0,
        "byte_patterns__crossing": 0.25,
    }


def study(*runs: RunResult) -> StudyResults:
    return StudyResults("made-up", "", runs, (), ())


def test_gaps_add_up_to_that_of_the_total():
    results = study(
        run("bpe", "bpe", **values(2.0, 1.0)),
        run("bpe", "bpe", seed=1, **values(4.0, 1.0)),
        run("byte", "byte", **values(1.0, 2.0)),
    )
    table = byte_pattern_table(results)
    rows = {row[1]: row[2:] for row in table.rows}
    assert {row[0] for row in table.rows} == {"bpe → byte, at equal bytes seen"}
    assert rows["total"] == ("100.00 %", "1.600", "1.700", "+0.100")
    assert rows["digit"] == ("30.00 %", "3.000", "1.000", "−0.600")
    assert rows["space"] == ("70.00 %", "1.000", "2.000", "+0.700")
    assert rows["crossing"][1:3] == ("25.00 %", "25.00 %")


def test_arms_that_differ_in_more_than_the_tokenizer_are_not_paired():
    results = study(run("a.x", "x"), run("a.y", "y"), run("b.x", "x", "b"), run("b.y", "y", "b"), run("b.z", "z", "b"))
    assert tokenizer_pairs(results) == [("a.x", "a.y"), ("b.x", "b.y"), ("b.x", "b.z")]
    assert tokenizer_pairs(study()) == []


def test_a_sibling_is_compared_at_what_it_is_matched_in():
    byte = run("byte.matched-tokens", "byte", total_bytes=400, **values(1.0, 2.0))
    sibling = dataclasses.replace(byte, matched=("tokens",), reference="bpe")
    sibling.__dict__["curves"] = byte.curves
    table = byte_pattern_table(study(run("bpe", "bpe", **values(2.0, 1.0)), sibling))
    assert table.rows[0][0] == "bpe → byte.matched-tokens, at equal tokens seen"


def test_arms_that_saw_other_amounts_are_not_compared():
    (row,) = byte_pattern_table(
        study(run("bpe", "bpe", **values(2.0, 1.0)), run("byte", "byte", total_bytes=500, **values(1.0, 2.0)))
    ).rows
    assert row[:2] == ("bpe → byte", "not compared: 0.50 times the bytes seen; say matched= in the study")


@pytest.mark.parametrize("runs", [(), (("bpe", "bpe"),)])
def test_without_the_probe_or_a_second_tokenizer_there_is_no_table(runs):
    assert byte_pattern_table(study(*(run(*each, **values(1.0, 1.0)) for each in runs))).rows == ()
    assert byte_pattern_table(study(run("bpe", "bpe"), run("byte", "byte"))).rows == ()
