from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest

from seedbed.data.designs import mixtures, repeated
from seedbed.data.matched import Matched
from seedbed.data.recipes import Component, Grammar, Mixture, PythonStdlib
from seedbed.pipelines.matching import amount, common_measure, match
from seedbed.pipelines.results import MixtureRow, StudyResults

TEXT, CODE = Component("text", Grammar("english")), Component("code", PythonStdlib())
BASE = {TEXT: 1.0}
TOTAL = 1_000_000
DESIGN = {"added": CODE, "shares": (0, 0.2), "total_bytes": TOTAL}
(ALONE, COMPETITIVE), (_, ADDITIVE) = (
    mixtures(BASE, design=design, **DESIGN) for design in ("competitive", "additive")
)
REPEATED = repeated(BASE, share=0.2, total_bytes=TOTAL)


def run(mixture: Mixture, total_bytes: int, steps: int = 100):
    return SimpleNamespace(factors={"mixture": mixture.name}, outcome={"total_bytes": total_bytes, "steps": steps})


def row(mixture: Mixture, component: str, achieved: int) -> MixtureRow:
    return MixtureRow(mixture.name, component, 0.5, 0.5, achieved, achieved, 1, 1.0, 80.0, 12.0)


def results(*rows: MixtureRow) -> StudyResults:
    return StudyResults("s", "", [], list(rows), [])


def told(one: Mixture, other: Mixture, seen: tuple[int, int], found: StudyResults | None = None):
    study = SimpleNamespace(mixtures=[one, other])
    return match(study, found or results(), [(run(one, seen[0]), run(other, seen[1]))])


def test_competitive_arms_are_matched_in_all_bytes_seen():
    assert told(ALONE, COMPETITIVE, (TOTAL, TOTAL)).words == "bytes seen equal"
    assert told(ALONE, COMPETITIVE, (TOTAL, 1_012_000)).words == "bytes seen equal within 1.19%"
    assert "differ by 20.0%" in told(ALONE, COMPETITIVE, (TOTAL, 1_250_000)).refusal


def test_additive_arms_are_matched_in_the_bytes_of_the_language():
    found = told(ALONE, ADDITIVE, (TOTAL, 1_250_000))
    assert found.words == "bytes of text seen equal, as declared; all bytes seen differ by 20.0%"
    assert found.note == "compared at equal bytes of text seen, not at equal bytes"


def test_an_additive_arm_trained_for_the_steps_of_the_base_is_refused():
    refusal = told(ALONE, ADDITIVE, (TOTAL, TOTAL)).refusal
    assert refusal.startswith("they are declared to be matched in bytes of text seen, which differ by 20.0%; mend")


def test_what_was_achieved_counts_and_not_what_was_asked():
    rows = results(row(ADDITIVE, "text", 1_010_000), row(ADDITIVE, "code", 240_000), row(ALONE, "text", TOTAL))
    assert amount(rows, ADDITIVE.matched, run(ADDITIVE, 1_250_000), ADDITIVE) == 1_010_000
    # Two epochs see twice as much, and hold as much.
    assert amount(rows, ADDITIVE.matched, run(ADDITIVE, 2_500_000), ADDITIVE) == 2_020_000
    held = dataclasses.replace(ADDITIVE.matched, counted="held")
    assert amount(rows, held, run(ADDITIVE, 2_500_000), ADDITIVE) == 1_010_000
    assert told(ALONE, ADDITIVE, (TOTAL, 1_250_000), rows).words.startswith("bytes of text seen equal within 0.99%")


def test_repeated_text_is_compared_by_what_is_held_with_its_base_and_the_additive_arm():
    for other, seen in ((ALONE, TOTAL), (ADDITIVE, 1_250_000)):
        found = told(other, REPEATED, (seen, 1_250_000))
        assert found.refusal is None
        assert found.words.startswith("bytes of text held equal, as declared; ")


def test_arms_of_one_mixture_are_matched_in_all_bytes_whatever_it_declares():
    assert told(ADDITIVE, ADDITIVE, (1_250_000, 1_250_000)).words == "bytes seen equal"


def test_steps_can_be_what_arms_have_in_common():
    other = Mixture("other", total_bytes=TOTAL, shares={CODE: 1.0}, matched=Matched("updates", counted="steps"))
    found = told(ALONE, other, (TOTAL, 1_500_000))
    assert found.words == "steps equal, as declared; all bytes seen differ by 33.3%"
    study = SimpleNamespace(mixtures=[ALONE, other])
    refusal = match(study, results(), [(run(ALONE, TOTAL), run(other, TOTAL, steps=90))]).refusal
    assert "matched in steps, which differ by 10.0%" in refusal


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        (None, None, None),
        (None, Matched("x", weights={"a": 1}), Matched("x", weights={"a": 1})),
        (Matched("x", weights={"a": 1}), Matched("x", weights={"b": 0.5}), Matched("x", weights={"a": 1, "b": 0.5})),
        (Matched("x", weights={"a": 1}), Matched("x", weights={"a": 2}), "matched in x seen, the other in x seen"),
        (Matched("x"), Matched("x", counted="held"), Matched("x", counted="held")),
        (Matched("x"), Matched("y", counted="held"), "one is matched in x seen, the other in y held"),
    ],
)
def test_the_measure_two_arms_share(one, other, common):
    if isinstance(common, str):
        assert common in common_measure(one, other)
    else:
        assert common_measure(one, other) == common_measure(other, one) == common


def test_the_largest_gap_of_all_pairs_is_told():
    study = SimpleNamespace(mixtures=[ALONE, COMPETITIVE])
    pairs = [(run(ALONE, TOTAL), run(COMPETITIVE, TOTAL + extra)) for extra in (0, 9_000, 500)]
    assert match(study, results(), pairs).words == "bytes seen equal within 0.89%"
    pairs.append((run(ALONE, TOTAL), run(COMPETITIVE, 2 * TOTAL)))
    assert "differ by 50.0%" in match(study, results(), pairs).refusal


PARTS = {"embedding": 6_400, "attention": 1_024, "mlp": 2_304, "norm": 48, "total": 9_776}
BUDGET = {"total_bytes": TOTAL, "tokens": 300_000, "steps": 100, "flops": 1e9, "parameters": PARTS}


def sibling(tokenizer: str, model: str = "nano", **outcome):
    factors = {"mixture": ALONE.name, "tokenizer": tokenizer, "order": "shuffled", "model": model}
    return SimpleNamespace(factors=factors, outcome={**BUDGET, **outcome})


def matched(one, other, labels=()):
    return match(SimpleNamespace(mixtures=[ALONE], is_crossed=False), results(), [(one, other)], labels)


def test_siblings_are_matched_in_what_they_promise_and_all_else_is_told():
    found = matched(sibling("bpe"), sibling("byte", tokens=302_000, total_bytes=TOTAL // 4, steps=26), ("tokens",))
    assert found.words == "tokens seen equal within 0.66%; they differ in bytes seen by 75.0%, updates by 74.0%"
    assert found.note == "compared at equal tokens seen, not at equal bytes"
    both = matched(sibling("bpe"), sibling("byte", tokens=900_000), ("bytes", "updates"))
    assert both.words == "bytes seen equal and updates equal; they differ in tokens seen by 66.7%"
    assert both.note == "compared at equal bytes seen and updates"


def test_siblings_that_miss_what_they_promise_are_refused_with_the_mend():
    computed = {"matched": {"in": "flops"}}
    refusal = matched(sibling("bpe"), sibling("byte", flops=1.1e9, **computed), ("flops",)).refusal
    assert (
        refusal == "they are to be equal in FLOPs, which differ by 9.1%; steps are whole numbers, so take more of them"
    )
    refusal = matched(sibling("bpe"), sibling("byte", total_bytes=TOTAL // 2), ("bytes", "updates")).refusal
    assert refusal.startswith("they are to be equal in bytes seen, which differ by 50.0%; documents longer than the")
    assert "raise context, or take layout='packed'" in refusal


def test_arms_of_one_tokenizer_are_matched_in_bytes_whatever_siblings_are():
    assert matched(sibling("byte"), sibling("byte", tokens=1), ("tokens",)).words == "bytes seen equal"


def test_one_model_must_be_equal_outside_the_embedding_and_two_say_what_they_differ_by():
    larger = {**PARTS, "embedding": 90_000, "total": 93_376}
    assert matched(sibling("bpe"), sibling("byte", parameters=larger)).refusal is None
    deeper = {**PARTS, "mlp": 4_608, "total": 12_080}
    refusal = matched(sibling("bpe"), sibling("byte", parameters=deeper)).refusal
    assert refusal.startswith("they have 3,376 and 5,680 parameters outside the embedding; give both one model recipe")
    found = matched(sibling("byte"), sibling("byte", model="deep", parameters=deeper))
    assert found.refusal is None
    assert found.note == "the models have 3,376 and 5,680 parameters outside the embedding"
