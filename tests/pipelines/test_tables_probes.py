"""Exact answers by stratum: a row each, a column per arm, means over finished seeds at the last step."""

import numpy as np

from seedbed.pipelines.results import Curve, RunResult, StudyResults
from seedbed.pipelines.tables_probes import exact_answers_table


def run(tmp_path, arm, seed, scores):
    made = RunResult(
        name=f"{arm}.seed-{seed}",
        arm=arm,
        factors={},
        seed=seed,
        init_seed=seed,
        order_seed=seed,
        fingerprint="f",
        folder=tmp_path,
        status="FINISHED",
    )
    steps = np.array([0, 10])
    made.__dict__["curves"] = {name: Curve(steps, np.array([0.0, last])) for name, last in scores.items()}
    return made


def test_strata_stand_under_each_other_and_arms_beside(tmp_path):
    runs = [
        run(tmp_path, "right", seed, {"addition/all/exact": 0.8 + 0.1 * seed, "addition/carries-2/exact": 0.5})
        for seed in (0, 1)
    ]
    runs.append(run(tmp_path, "left", 0, {"addition/all/exact": 0.1, "addition/all/margin": -3.0}))
    table = exact_answers_table(StudyResults("s", "", runs, [], []))
    assert [column.name for column in table.columns] == ["probe", "stratum", "right", "left"]
    assert table.rows == (("addition", "all", "0.850", "0.100"), ("addition", "carries-2", "0.500", "–"))
    assert not table.page_only


def test_many_strata_are_for_the_page_and_none_give_no_rows(tmp_path):
    many = run(tmp_path, "one", 0, {f"letters/length-{k}/exact": 1.0 for k in range(40)})
    assert exact_answers_table(StudyResults("s", "", [many], [], [])).page_only
    none = run(tmp_path, "one", 0, {"bits-per-byte/total": 1.0})
    assert exact_answers_table(StudyResults("s", "", [none], [], [])).rows == ()
