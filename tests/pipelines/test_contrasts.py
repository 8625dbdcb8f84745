from dataclasses import replace

import pytest

from seedbed import Question, Seeds, tokenizer
from seedbed.pipelines.conclude import conclude
from seedbed.pipelines.contrasts import all_questions, comparable, comparisons, pairs_by_stratum
from tests.pipelines.matched_runs import BITS, matched_results, noise
from tests.pipelines.studies import tiny_study

ALL = ("bytes", "tokens", "updates", "flops")


@pytest.fixture
def study(tmp_path):
    return tiny_study(tmp_path).study


def flat(arm, seed):
    return 1.0


def test_a_tokenizer_is_compared_with_the_same_text_and_with_the_same_recipe(study):
    crossed = replace(
        study,
        tokenizers=(tokenizer("bpe", vocab_size=400), tokenizer("bpe", vocab_size=300), tokenizer("byte")),
        tokenizers_from="each mixture",
    )
    found = set(comparisons(crossed, matched_results(crossed, flat), "tokenizer"))
    assert found == {
        ("bpe-400@right", "bpe-400@center"),
        ("bpe-300@right", "bpe-300@center"),
        ("bpe-400@right", "bpe-300@right"),
        ("bpe-400@center", "bpe-300@center"),
        ("bpe-400@right", "byte"),
    }
    assert list(comparisons(study, matched_results(study, flat), "tokenizer")) == [("bpe-400", "byte")]
    assert list(comparisons(study, matched_results(study, flat), "mixture")) == [("right", "center")]


def test_measures_that_one_set_of_runs_serves_are_one_comparison(study):
    wide = replace(study, matched=ALL)
    groups = comparable(wide, matched_results(wide, flat), {"tokenizer"})
    assert [group.labels for group in groups] == [("bytes", "updates"), ("tokens",), ("flops",)]
    arms = [{run.arm for run in group.runs if run.factors["mixture"] == "right"} for group in groups]
    assert arms[1] == {"right.bpe-400", "right.byte.matched-tokens"}
    # Other factors are asked about once, on the arms matched in what comes first.
    assert [group.labels for group in comparable(wide, matched_results(wide, flat), {"mixture"})] == [("bytes",)]
    assert [group.labels for group in comparable(study, matched_results(study, flat), {"tokenizer"})] == [()]


def test_pairs_agree_in_all_else(study):
    runs = matched_results(study, flat).runs
    found = pairs_by_stratum(study, runs, "tokenizer", "bpe-400", "byte", BITS)
    assert list(found) == ["right", "center"]
    for stratum, pairs in found.items():
        for a, b in pairs:
            assert (a.seed, a.factors["mixture"]) == (b.seed, b.factors["mixture"]) == (a.seed, stratum)
    assert pairs_by_stratum(study, runs, "tokenizer", "bpe-400", "byte", "no/such/metric") == {}


def test_a_crossed_design_asks_whether_mixture_and_text_interact(study):
    crossed = replace(study, tokenizers_from="each mixture", tokenizers=(tokenizer("bpe", vocab_size=400),))
    asked = [question for question in all_questions(crossed) if question.by == "tokenizer"]
    assert BITS in {question.metric for question in asked}
    own = Question("Mine?", BITS, "mixture", by="tokenizer")
    mine = all_questions(replace(crossed, questions=(own,)))
    assert [q for q in mine if (q.by, q.metric) == ("tokenizer", BITS)] == [own]
    assert not any(question.by for question in all_questions(study))


def test_of_crossed_seeds_those_that_share_none_are_compared(study):
    crossed = replace(study, seeds=Seeds(4, crossed=True))
    results = matched_results(crossed, noise)
    pairs = pairs_by_stratum(
        crossed, comparable(crossed, results, {"mixture"})[0].runs, "mixture", "right", "center", BITS
    )
    used = [run for found in pairs.values() for pair in found for run in pair]
    assert {run.seed for run in used} == {0, 1, 2, 3}
    assert len(used) == 2 * 2 * 4
    answer = next(a for a in conclude(crossed, results).answers if (a.factor, a.metric) == ("mixture", BITS))
    assert answer.verdict.pairs == 8
