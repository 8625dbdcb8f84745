from dataclasses import replace

import pytest

from seedbed import Mixture, Seeds, tokenizer
from seedbed.errors import RecipeError
from tests.pipelines.studies import tiny_study


def test_the_grid_crosses_mixtures_and_tokenizers(tmp_path):
    study = tiny_study(tmp_path).study
    assert [arm.name for arm in study.arms()] == ["right.bpe-400", "right.byte", "center.bpe-400", "center.byte"]
    assert [c.name for c in study.components] == ["questions", "branching", "center"]


def test_initialisation_and_data_order_are_separate_seeds():
    assert Seeds(2).pairs() == [(0, 0, 1), (1, 2, 3)]
    assert Seeds(2, first=5).pairs() == [(5, 10, 11), (6, 12, 13)]
    assert Seeds(2, init=7).pairs() == [(0, 7, 1), (1, 7, 3)]
    assert Seeds(2, order=7).pairs() == [(0, 0, 7), (1, 2, 7)]
    numbers = [number for _, *pair in Seeds(50).pairs() for number in pair]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('Mixture("center"', 'Mixture("right"', "two mixtures are called 'right'"),
        ('tokenizer("byte")', 'tokenizer("bpe", vocab_size=400)', "two tokenizers are called 'bpe-400'"),
        (
            'tokenizer("byte")',
            'tokenizer("bpe", vocab_size=300, normalisation="nfc", lossless=False)',
            "'bpe-nfc-300' changes text before it cuts it",
        ),
        ('Component(\n        "center"', 'Component(\n        "branching"', "two components are called 'branching'"),
        ("seeds=Seeds(2)", "seed=Seeds(2)", "seed: unexpected keyword"),
        ("seeds=Seeds(2)", "questions=[Question('?', 'm', 'mixtur')]", "a factor is one of"),
    ],
)
def test_a_study_that_contradicts_itself_is_refused(tmp_path, old, new, message):
    with pytest.raises(RecipeError, match=message):
        tiny_study(tmp_path, change=(old, new))


def test_a_number_of_seeds_is_enough(tmp_path):
    assert tiny_study(tmp_path, seeds=("seeds=Seeds(2)", "seeds=4")).study.seeds == Seeds(4)


def test_smoke_shrinks_everything_and_keeps_every_part(tmp_path):
    study = tiny_study(tmp_path, steps=("steps=6", "steps=6_000"), bytes=("60_000", "6_000_000")).study
    small = study.smoke()
    assert [arm.name for arm in small.arms()] == [arm.name for arm in study.arms()]
    assert all(m.total_bytes <= 60_000 for m in small.mixtures)
    assert all(m.steps <= 12 for m in small.models)
    assert small.seeds.count == 1
    assert [p.name for p in small.probes] == [p.name for p in study.probes]


def test_a_mixture_that_is_larger_on_purpose_takes_steps_of_its_own(tmp_path):
    study = tiny_study(tmp_path).study
    right, center = study.mixtures
    wider = replace(study, mixtures=(right, replace(center, steps_times=1.5, against=("right",))))
    steps = {arm.mixture.name: (arm.model.steps, arm.model.warmup_steps) for arm in wider.arms()}
    assert steps == {"right": (6, 2), "center": (9, 3)}
    with pytest.raises(RecipeError, match="no mixture is called 'rihgt'; did you mean 'right'"):
        replace(study, mixtures=(right, replace(center, against=("rihgt",))))


ALL = ("bytes", "tokens", "updates", "flops")


def arms(study):
    return {arm.name: (arm.matched, arm.computed) for arm in study.arms()}


def test_siblings_are_made_of_the_other_tokenizers_and_named_after_what_they_are_matched_in(tmp_path):
    study = replace(tiny_study(tmp_path).study, matched=ALL)
    assert {name: found for name, found in arms(study).items() if name.startswith("right")} == {
        "right.bpe-400": (ALL, None),
        "right.byte": (("bytes", "updates"), None),
        "right.byte.matched-tokens": (("tokens",), "tokens"),
        "right.byte.matched-flops": (("flops",), "flops"),
    }
    assert {arm.reference.arm for arm in study.arms()} == {"right.bpe-400", "center.bpe-400"}
    assert next(study.arms()).factors["matched"] == "bytes+tokens+updates+flops"


def test_a_study_that_asks_for_nothing_special_has_no_siblings_and_no_labels(tmp_path):
    study = tiny_study(tmp_path).study
    assert all(found == ((), None) for found in arms(study).values())
    assert all(list(arm.factors) == ["mixture", "tokenizer", "order", "model"] for arm in study.arms())


def test_packed_rows_are_equal_tokens_so_equal_bytes_have_to_be_computed(tmp_path):
    study = tiny_study(tmp_path, layout=("batch_size=8", 'batch_size=8, layout="packed"')).study
    found = arms(study)
    assert found["right.bpe-400"] == (("bytes", "tokens", "updates"), None)
    assert found["right.byte.matched-bytes"] == (("bytes",), "bytes")
    assert len(found) == 4


def test_a_crossed_design_pairs_every_tokenizers_text_with_every_models_mixture(tmp_path):
    study = replace(tiny_study(tmp_path).study, tokenizers_from="each mixture")
    assert list(study.tokenizer_levels) == ["bpe-400@right", "bpe-400@center", "byte"]
    cells = {(arm.mixture.name, arm.tokenizer_text) for arm in study.arms()}
    assert cells == {(mixture, text) for mixture in ("right", "center") for text in ("right", "center", None)}
    # One reference for all cells, so that mixtures are equal in bytes too.
    assert {arm.reference.arm for arm in study.arms()} == {"right.bpe-400@right"}
    assert {arm.computed for arm in study.arms() if arm.mixture.name == "center"} == {"bytes"}
    assert study.text_shares("center") == {"questions": 0.5, "center": 0.5}
    assert study.text_shares(None) is None
    assert study.crossed_tokenizer_bytes == 60_000


def test_smoke_keeps_siblings_and_crossing(tmp_path):
    study = replace(tiny_study(tmp_path).study, tokenizers_from="each mixture", matched=("bytes", "flops"))
    assert [arm.name for arm in study.smoke().arms()] == [arm.name for arm in study.arms()]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"matched": ("bytes", "words")}, "matched"),
        ({"matched": ()}, "matched"),
        ({"matched": ("tokens", "tokens")}, "matched names 'tokens' twice"),
        ({"matched": ("tokens",), "tokenizers": (tokenizer("byte"),)}, "there is one tokenizer; leave it out"),
        ({"tokenizers_from": "every mixture"}, "tokenizers_from"),
        ({"tokenizers_from": "each mixture", "tokenizers": (tokenizer("byte"),)}, "learns from no text"),
        ({"tokenizers_from": "each mixture", "tokenizers": (tokenizer("word"),)}, "another mixture's would be lost"),
    ],
)
def test_what_cannot_be_matched_or_crossed_is_refused(tmp_path, changes, message):
    with pytest.raises(RecipeError, match=message):
        replace(tiny_study(tmp_path).study, **changes)


def test_one_mixture_cannot_be_crossed(tmp_path):
    study = tiny_study(tmp_path).study
    with pytest.raises(RecipeError, match="and there is one mixture; leave it out, or add a mixture"):
        replace(study, mixtures=study.mixtures[:1], tokenizers_from="each mixture")


def test_a_mixtures_own_steps_are_kept_under_every_tokenizer(tmp_path):
    study = tiny_study(tmp_path).study
    right, center = study.mixtures
    longer = Mixture("longer", total_bytes=60_000, shares=right.shares, steps_times=1.5)
    wide = replace(study, mixtures=(right, center, longer), matched=("tokens",))
    steps = {arm.name: arm.model.steps for arm in wide.arms()}
    assert steps["longer.byte.matched-tokens"] == steps["longer.bpe-400"] == 9


def test_one_recipe_under_two_names_is_refused(tmp_path):
    study = tiny_study(tmp_path).study
    with pytest.raises(
        RecipeError, match="tokenizers 'byte' and 'again' are one recipe under two names; leave one out"
    ):
        replace(study, tokenizers=(*study.tokenizers, tokenizer("byte", name="again")))
    (trained,) = study.models
    with pytest.raises(RecipeError, match=f"models '{trained.name}' and 'again' are one recipe"):
        replace(study, models=(trained, replace(trained, name="again")))
