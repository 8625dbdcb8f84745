from dataclasses import replace

import pytest

from seedbed import Mixture, Question, Seeds, order, tokenizer
from seedbed.errors import RecipeError
from seedbed.pipelines.conclude import conclude
from seedbed.pipelines.interactions import interaction_answers
from tests.pipelines.matched_runs import BITS, matched_results, noise
from tests.pipelines.studies import tiny_study

ASKED = Question("Do they interact?", BITS, "mixture", by="tokenizer")


@pytest.fixture
def crossed(tmp_path):
    """Two mixtures, and a tokenizer trained on each of them, six seeds."""
    study = tiny_study(tmp_path).study
    tokenizers = (tokenizer("bpe", vocab_size=400),)
    return replace(study, tokenizers=tokenizers, tokenizers_from="each mixture", seeds=Seeds(6), questions=(ASKED,))


def own(arm):
    """Whether a tokenizer has learnt from the text that its model reads."""
    return arm.mixture.name == arm.tokenizer_text


def answers(study, value, question=ASKED, **changes):
    return list(interaction_answers(study, matched_results(study, value, **changes), question))


def test_a_planted_interaction_is_found_with_its_size_and_sign(crossed):
    # 3 to read, .5 less for the second mixture, .2 less under the second tokenizer, .1 less with one's own: twice .2.
    def value(arm, seed):
        main = 3 - 0.5 * (arm.mixture.name == "center") - 0.2 * (arm.tokenizer_text == "center")
        return main - 0.1 * own(arm) + noise(arm, seed)

    (found,) = answers(crossed, value)
    assert found.factor == "mixture × tokenizer"
    assert (found.level_a, found.level_b) == ("center − right with bpe-400@right", "center − right with bpe-400@center")
    assert found.verdict.kind == "difference"
    assert found.verdict.difference == pytest.approx(-0.2, abs=0.02)
    assert found.verdict.mean_a == pytest.approx(-0.4, abs=0.02)
    assert found.verdict.pairs == 6
    assert found.label == "bytes seen"
    assert "is found with 80% power" in found.verdict.sentence
    assert (
        "center − right with bpe-400@center is lower than center − right with bpe-400@right" in found.verdict.sentence
    )


def test_main_effects_alone_are_no_interaction(crossed):
    def value(arm, seed):
        return 3 - 0.5 * (arm.mixture.name == "center") - 0.2 * (arm.tokenizer_text == "center") + noise(arm, seed)

    (found,) = answers(crossed, value)
    assert found.verdict.kind == "no verdict"
    assert abs(found.verdict.difference) < 0.02
    (alike,) = answers(crossed, value, replace(ASKED, equivalence=0.05))
    assert alike.verdict.kind == "no difference"


def test_what_a_seed_adds_to_all_four_arms_cancels(crossed):
    (found,) = answers(crossed, lambda arm, seed: 10.0 * seed - 0.3 * own(arm) + noise(arm, seed, 0.001))
    assert found.verdict.kind == "difference"
    assert found.verdict.difference == pytest.approx(-0.6, abs=0.01)


def test_three_mixtures_have_a_square_for_every_level_against_its_reference(crossed):
    third = Mixture("third", total_bytes=60_000, shares=crossed.mixtures[0].shares)
    wide = replace(crossed, mixtures=(*crossed.mixtures, third))
    found = answers(wide, noise)
    assert len(found) == 4
    assert ("third − right with bpe-400@right", "third − right with bpe-400@third") in {
        (each.level_a, each.level_b) for each in found
    }


def test_four_levels_of_one_factor_can_be_a_square(crossed):
    orders = order.two_by_two("words")
    names = [each.name for each in orders]
    square = ((names[1], names[3]), (names[0], names[2]))
    question = Question("Among and within?", BITS, "order", square=square)
    study = replace(crossed, orders=orders, tokenizers_from="all", questions=(question,))
    certificate = {
        "certificate": {"multiset_sha256": "a", "units_sha256": "b", "cut": "", "units": "lines", "documents": 3}
    }

    def value(arm, seed):
        return 0.3 * (arm.order.name == names[2]) + noise(arm, seed)

    (found,) = answers(study, value, question, seen=lambda arm: certificate)
    assert found.factor == "order, two by two"
    assert (found.level_a, found.level_b) == (f"{names[3]} − {names[1]}", f"{names[2]} − {names[0]}")
    assert found.verdict.difference == pytest.approx(0.3, abs=0.02)
    assert found.strata == ("right", "center")
    # Orders that do not read the same documents are not compared.
    other = {
        "certificate": {"multiset_sha256": "other", "units_sha256": "b", "cut": "", "units": "lines", "documents": 3}
    }
    (refused,) = answers(study, value, question, seen=lambda arm: other if arm.order.name == names[0] else certificate)
    assert "are not compared" in refused


def test_cells_that_saw_other_amounts_are_refused(crossed):
    (refused,) = answers(crossed, noise, seen=lambda arm: {"total_bytes": 1_000 if own(arm) else 1_100})
    assert refused.startswith(
        "center − right with bpe-400@right and center − right with bpe-400@center are not compared"
    )
    assert "bytes seen, which differ by 9.1%" in refused
    concluded = conclude(crossed, matched_results(crossed, noise, lambda arm: {"total_bytes": 2_000 - 999 * own(arm)}))
    assert any("−" in line for line in concluded.refusals)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"factor": "mixture", "by": "order"}, "the study has one order; add another or leave by= out"),
        ({"factor": "mixture", "by": "mixture"}, "is the factor itself"),
        ({"factor": "mixture", "by": "grammar"}, "a factor is one of"),
        ({"factor": "order", "square": (("a", "b"), ("c", "a"))}, "needs four different levels of the order"),
        (
            {"factor": "tokenizer", "by": "order", "square": (("a", "b"), ("c", "d"))},
            "by= is about two factors and square= about one",
        ),
        ({"factor": "mixture", "square": (("right", "center"), ("rihgt", "more"))}, "no mixture is called 'rihgt'"),
    ],
)
def test_questions_about_what_a_study_has_not_are_refused(tmp_path, question, message):
    study = tiny_study(tmp_path).study
    with pytest.raises(RecipeError, match=message):
        replace(study, questions=(Question("?", BITS, **question),))
