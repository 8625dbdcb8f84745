import numpy as np

from seedbed.pipelines.results import Curve, RunResult, StudyResults
from seedbed.pipelines.tables_orders import certificates_table, difficulty_table


def run(order, seed, digest="aa", bits=2.0):
    certificate = {"multiset_sha256": digest, "cut": "", "documents": 1200, "units": "", "units_sha256": ""}
    found = RunResult(
        name=f"{order}.seed-{seed}",
        arm=order,
        factors={"mixture": "text", "tokenizer": "byte", "order": order, "model": "nano"},
        seed=seed,
        init_seed=2 * seed,
        order_seed=2 * seed + 1,
        fingerprint=f"{order}{seed}",
        folder=None,
        status="FINISHED",
        outcome={"certificate": certificate},
    )
    steps = np.array([0, 10])
    curves = {
        "bits-per-byte-by-words/1-of-5": Curve(steps, np.array([8.0, bits])),
        "bits-per-byte-by-words/1-of-5/area": Curve(steps[1:], np.array([bits + 1])),
    }
    object.__setattr__(found, "curves", curves)
    return found


def results(*runs):
    return StudyResults("tiny", "", runs, [], [])


def test_held_out_text_by_difficulty_last_and_over_training():
    table = difficulty_table(results(run("shuffled", 0), run("shuffled", 1, bits=3.0)))
    assert table.rows == (
        ("words", "last", "shuffled", "2.500", *"–––––"),
        ("words", "over training", "shuffled", "3.500", *"–––––"),
    )


def test_each_seed_is_held_against_the_first_order():
    runs = [run("shuffled", 0), run("shuffled", 1, "bb"), run("easy", 0), run("easy", 1, "bb"), run("hard", 0, "cc")]
    table = certificates_table(results(*runs))
    assert [row[:2] + row[3:4] for row in table.rows] == [
        ("shuffled", "aa", "1,200"),
        ("easy", "aa", "1,200"),
        ("hard", "cc", "1,200"),
    ]
    assert [row[-1] for row in table.rows[:2]] == ["same", "same"]
    assert "different documents" in table.rows[2][-1]
    assert certificates_table(results(run("shuffled", 0))).rows == ()
