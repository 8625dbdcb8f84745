import dataclasses

import numpy as np
import pytest

from seedbed import order
from seedbed.data.matched import Matched
from seedbed.pipelines.conclude import conclude
from seedbed.pipelines.headlines import ABLE_MARGIN_NATS, headline_of, headlines
from seedbed.pipelines.results import Curve, RunResult, StudyResults
from tests.pipelines.studies import tiny_study

STEPS = np.array([0, 1, 2, 4, 6, 8], dtype=np.int64)
HARD = "question-formation/ood-hard/hierarchical"
SOFT = "question-formation/ood-hard/margin"
BITS = "bits-per-byte/total"


def run(mixture, tokenizer, seed, last, total_bytes=1000, onset=3):
    """A run whose share of items is 0 before evaluation `onset` and `last` from there on."""
    values = np.where(np.arange(len(STEPS)) >= onset, last, 0.0)
    found = RunResult(
        name=f"{mixture}.{tokenizer}.seed-{seed}",
        arm=f"{mixture}.{tokenizer}",
        factors={"mixture": mixture, "tokenizer": tokenizer, "order": "shuffled", "model": "nano"},
        seed=seed,
        init_seed=2 * seed,
        order_seed=2 * seed + 1,
        fingerprint=f"{mixture}{tokenizer}{seed}",
        folder=None,
        status="FINISHED",
        outcome={"total_bytes": total_bytes},
    )
    margins = np.where(values >= 0.75, 3.0, -3.0)
    curves = {HARD: Curve(STEPS, values), SOFT: Curve(STEPS, margins), BITS: Curve(STEPS, 2.0 - values)}
    object.__setattr__(found, "curves", curves)
    return found


def results(runs):
    return StudyResults("tiny", "", runs, [], [])


@pytest.fixture
def study(tmp_path):
    return tiny_study(tmp_path).study


def grid(seeds, value, **changes):
    return [
        run(mixture, tokenizer, seed, value(mixture, tokenizer, seed), **changes)
        for mixture in ("right", "center")
        for tokenizer in ("bpe-400", "byte")
        for seed in range(seeds)
    ]


def answer(conclusions, factor, metric):
    return next(a for a in conclusions.answers if (a.factor, a.metric) == (factor, metric))


def test_a_clear_effect_of_one_factor_is_a_difference_and_the_other_is_none(study):
    # Seed by seed the tokenizers lie above and below each other in turn, so that they differ by nothing on the whole.
    runs = grid(4, lambda m, t, s: (0.9 if m == "center" else 0.2) + 0.01 * (-1) ** (s + (t == "byte")))
    found = conclude(study, results(runs))
    mixture = answer(found, "mixture", HARD)
    assert mixture.verdict.kind == "difference"
    assert mixture.verdict.difference == pytest.approx(0.7, abs=0.03)
    assert mixture.verdict.pairs == 8
    assert mixture.strata == ("bpe-400", "byte")
    assert {verdict.kind for verdict in mixture.by_stratum.values()} == {"difference"}  # 4 against 4 can reach .029
    assert mixture.matched == "bytes seen equal"
    assert answer(found, "tokenizer", HARD).verdict.kind == "no verdict"


def test_three_seeds_of_one_arm_give_no_verdict_by_themselves(study):
    whole = grid(3, lambda m, t, s: (0.9 if m == "center" else 0.2) + 0.01 * s)
    runs = [r for r in whole if r.factors["tokenizer"] == "byte"]
    found = answer(conclude(study, results(runs)), "mixture", HARD)
    assert found.verdict.kind == "no verdict"
    assert found.verdict.seeds_needed >= 4


def test_unmatched_budgets_are_not_compared(study):
    runs = grid(4, lambda m, t, s: 0.9 if m == "center" else 0.2)
    runs = [
        dataclasses.replace(r, outcome={"total_bytes": 1000 if r.factors["tokenizer"] == "byte" else 1300})
        for r in runs
    ]
    for made, like in zip(runs, grid(4, lambda m, t, s: 0.5), strict=True):
        object.__setattr__(made, "curves", like.curves)
    found = conclude(study, results(runs))
    assert {a.factor for a in found.answers} == {"mixture"}
    assert len(found.refusals) == 1
    assert "the bytes they saw differ by 23.1%" in found.refusals[0]


def declared(study, **changes):
    """The study with other fields of its second mixture."""
    right, center = study.mixtures
    return dataclasses.replace(study, mixtures=(right, dataclasses.replace(center, **changes)))


def test_unmatched_budgets_are_compared_in_what_the_mixture_declares(study):
    weights = {"questions": 1.0}
    runs = [
        run(mixture, "byte", seed, 0.9, total_bytes=1000 if mixture == "right" else 2000)
        for mixture in ("right", "center")
        for seed in range(4)
    ]
    # Questions are half of both mixtures, so the side that saw twice as much in all saw twice as many of them.
    found = conclude(declared(study, matched=Matched("bytes of questions", weights=weights)), results(runs))
    assert not [a for a in found.answers if a.factor == "mixture"]
    assert "declared to be matched in bytes of questions seen, which differ by 50.0%" in found.refusals[0]
    quarter = {c: (0.25 if c.name == "questions" else 0.75) for c in study.mixtures[1].shares}
    changes = {"matched": Matched("bytes of questions", weights=weights), "shares": quarter}
    found = answer(conclude(declared(study, **changes), results(runs)), "mixture", HARD)
    assert found.matched == "bytes of questions seen equal, as declared; all bytes seen differ by 50.0%"
    assert "compared at equal bytes of questions seen, not at equal bytes." in found.verdict.sentence


def test_a_mixture_is_compared_with_those_it_names(study):
    right, center = study.mixtures
    control = dataclasses.replace(center, name="control", against=("center",))
    wider = dataclasses.replace(study, mixtures=(right, center, control))
    runs = [run(m, "byte", seed, 0.5 + seed / 100) for m in ("right", "center", "control") for seed in range(2)]
    found = conclude(wider, results(runs))
    assert {(a.level_a, a.level_b) for a in found.answers if a.factor == "mixture"} == {
        ("right", "center"),
        ("center", "control"),
    }


def test_failed_runs_are_in_no_verdict(study):
    runs = grid(4, lambda m, t, s: 0.9 if m == "center" else 0.2)
    broken = dataclasses.replace(runs[0], status="FAILED")
    object.__setattr__(broken, "curves", runs[0].curves)
    assert answer(conclude(study, results([broken, *runs[1:]])), "mixture", HARD).verdict.pairs == 7


def test_an_onset_is_told_per_seed_with_its_bounds_and_its_soft_form(study):
    rows = [r for r in conclude(study, results(grid(2, lambda m, t, s: 0.9))).onsets if r.metric == HARD]
    assert len(rows) == 8
    assert {(r.lower_step, r.onset_step, r.soft_onset_step, r.confirmed) for r in rows} == {(2, 4, 4, True)}


def test_an_onset_that_the_margin_does_not_show_is_not_confirmed(study):
    runs = grid(1, lambda m, t, s: 0.9)
    for made in runs:
        made.curves[SOFT] = Curve(STEPS, np.full(len(STEPS), 0.1))
    assert not any(r.confirmed for r in conclude(study, results(runs)).onsets)


def test_a_margin_that_an_untrained_model_has_confirms_no_onset(study):
    runs = grid(1, lambda m, t, s: 0.9)
    for made in runs:
        made.curves[SOFT] = Curve(STEPS, np.full(len(STEPS), 5.0))
    rows = [r for r in conclude(study, results(runs)).onsets if r.metric == HARD]
    assert {(r.onset_step, r.soft_onset_step, r.confirmed) for r in rows} == {(4, 0, False)}


def test_a_study_asks_every_headline_of_every_factor_that_varies(study):
    asked = {(a.factor, a.metric) for a in conclude(study, results(grid(2, lambda m, t, s: 0.5))).answers}
    assert asked == {(factor, metric) for factor in ("mixture", "tokenizer") for metric in (HARD, BITS)}


def test_bits_per_byte_are_better_when_lower(study):
    assert headline_of(study, BITS).higher_is == "worse"
    assert headline_of(study, HARD).higher_is == "better"
    assert headline_of(study, "train/learning_rate").higher_is is None
    assert [h.metric for h in headlines(study)][-1] == BITS


def test_the_soft_threshold_is_the_log_odds_of_the_hard_one():
    assert pytest.approx(1.0986, abs=1e-4) == ABLE_MARGIN_NATS


def test_orders_that_did_not_read_the_same_documents_are_not_compared(study):
    orders = (order.shuffled(), order.easy_first("words"))
    study = dataclasses.replace(study, orders=orders, mixtures=study.mixtures[:1], tokenizers=study.tokenizers[:1])

    def runs(*digests):
        found = []
        for level, digest in zip(("shuffled", "easy-first-words"), digests, strict=True):
            for seed in range(4):
                each = run("right", "bpe-400", seed, 0.2)
                certificate = {"multiset_sha256": digest, "cut": "", "documents": 9, "units": "", "units_sha256": ""}
                changed = dataclasses.replace(
                    each,
                    arm=level,
                    factors={**each.factors, "order": level},
                    outcome={**each.outcome, "certificate": certificate},
                )
                object.__setattr__(changed, "curves", each.curves)
                found.append(changed)
        return results(found)

    assert answer(conclude(study, runs("a", "a")), "order", BITS).verdict.difference == 0.0
    refused = conclude(study, runs("a", "b"))
    assert refused.answers == []
    assert "shuffled and easy-first-words are not compared: they read different documents" in refused.refusals[0]
