from dataclasses import replace

import pytest

from seedbed import Seeds
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
