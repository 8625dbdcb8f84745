import numpy as np

from seedbed.pipelines.results import Curve, RunResult, StudyResults
from seedbed.pipelines.tables_dashes import dash_costs_table


def run(tokenizer, seed, **costs):
    found = RunResult(
        name=f"{tokenizer}.seed-{seed}",
        arm=tokenizer,
        factors={"mixture": "text", "tokenizer": tokenizer, "order": "shuffled", "model": "nano"},
        seed=seed,
        init_seed=2 * seed,
        order_seed=2 * seed + 1,
        fingerprint=f"{tokenizer}{seed}",
        folder=None,
        status="FINISHED",
    )
    curves = {
        f"dash-sites/tokens/{way}": Curve(np.array([0, 5]), np.array([cost, cost])) for way, cost in costs.items()
    }
    object.__setattr__(found, "curves", curves | {"train/loss": Curve(np.array([5]), np.array([1.0]))})
    return found


def test_one_row_for_every_tokenizer_and_none_without_the_probe():
    runs = [
        run("cut", 0, em=2.25, en=2.0, comma=1.0),
        run("cut", 1, em=2.25, en=2.0, comma=1.0),
        run("apart", 0, em=1.25),
    ]
    table = dash_costs_table(StudyResults("dashes", "", runs, [], []))
    assert table.rows == (("cut", "2.25", "2.00", "1.00"), ("apart", "1.25", "–", "–"))
    assert [column.name for column in table.columns] == ["tokenizer", "word—word", "word – word", "word, word"]
    assert dash_costs_table(StudyResults("others", "", [run("cut", 0)], [], [])).rows == ()
