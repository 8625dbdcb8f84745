import math

import numpy as np
import pytest
import torch

from seedbed.errors import RecipeError, SeedbedError
from seedbed.probes.base import Material
from seedbed.probes.baselines import SameEverywhere, constant_logits
from seedbed.probes.center_recipe import CenterEmbedding
from seedbed.workbench import Workbench

SMALL = CenterEmbedding(depths=(1, 3), sentences_per_depth=8)


@pytest.fixture
def prepared(encoder, workbench):
    return SMALL.prepare(Material(encoder, 200, workbench))


def saying(prepared, encoder, toys, number_of):
    """A model that goes on with an auxiliary of some number: number_of(item, verb) is whether it is plural."""
    texts = []
    for item in prepared.items:
        for verb, place in reversed(list(enumerate(item.places))):  # what is said last of a beginning counts
            word = "do" if number_of(item, verb) else "does"
            texts.append(" ".join([*item.words[:place], word, item.words[place + 1]]))
    return toys.Recites(encoder, texts)


def test_a_model_that_knows_the_rule_is_right_at_every_verb(prepared, encoder, toys):
    scalars = prepared.measure(saying(prepared, encoder, toys, lambda item, verb: item.plural[verb]), 0).scalars
    for part in ("depth-1", "depth-1.verb-2", "depth-3", "depth-3.verb-4", "depth-3.differs", "depth-3.differs-verb-3"):
        assert scalars[f"center-embedding/{part}/accuracy"] == 1.0, part
        assert scalars[f"center-embedding/{part}/margin"] > 2
        assert scalars[f"center-embedding/{part}/probability"] > 0.9


def test_a_model_that_repeats_the_number_before_is_never_right_where_numbers_differ(prepared, encoder, toys):
    model = saying(prepared, encoder, toys, lambda item, verb: item.plural[max(0, verb - 1)])
    scalars = prepared.measure(model, 0).scalars
    assert scalars["center-embedding/depth-3.verb-1/accuracy"] == 1.0
    assert scalars["center-embedding/depth-3.differs/accuracy"] == 0.0
    assert scalars["center-embedding/depth-3.differs/margin"] < -2
    assert 0 < scalars["center-embedding/depth-3/accuracy"] < 1


def test_rules_on_these_words(prepared):
    found = prepared.baselines()
    assert found["center-embedding/depth-1.verb-1/last-noun"] == 1.0
    assert found["center-embedding/depth-1.verb-2/first-noun"] == 1.0
    assert found["center-embedding/depth-3.differs/verb-before"] == 0.0
    assert found["center-embedding/depth-3.verb-1/cross-serial"] == found["center-embedding/depth-3.verb-1/first-noun"]


def test_constant_logits_of_whole_words_are_tied(encoders, workbench):
    encoder = encoders["word"]
    scalars = SMALL.prepare(Material(encoder, 64, workbench)).measure(constant_logits(encoder.vocab_size), 0).scalars
    assert scalars["center-embedding/depth-3/accuracy"] == 0.5
    assert scalars["center-embedding/depth-3/margin"] == pytest.approx(0.0, abs=1e-6)
    assert scalars["center-embedding/depth-3/mass"] == pytest.approx(4 / encoder.vocab_size)


def test_probabilities_of_a_number_are_summed_over_its_words(encoders, workbench):
    encoder = encoders["word"]
    logits = torch.full((encoder.vocab_size,), -30.0)
    for word, share in (("do", 0.3), ("don't", 0.3), ("does", 0.39), ("doesn't", 0.01)):
        logits[encoder.encode_batch([word])[0][0]] = math.log(share)
    measured = SMALL.prepare(Material(encoder, 64, workbench)).measure(SameEverywhere(logits), 0)
    plural = np.array([gold.startswith("do") and gold[:4] != "does" for gold in measured.items["gold"].to_pylist()])
    assert measured.items["accuracy"].to_numpy().tolist() == plural.astype(float).tolist()
    assert measured.items["probability"].to_numpy()[plural] == pytest.approx(0.6)
    assert measured.items["margin"].to_numpy()[plural] == pytest.approx(math.log(0.6 / 0.4), abs=1e-6)


def test_depths_beyond_the_context_are_left_out_and_said(encoders, workbench):
    encoder = encoders["word"]
    prepared = SMALL.prepare(Material(encoder, 12, workbench))
    assert {item.depth for item in prepared.items} == {1}
    measured = prepared.measure(constant_logits(encoder.vocab_size), 0)
    assert measured.scalars["center-embedding/unscored"] == 8
    assert "8 of 16 items are not scored: 8 for a length above the context of 12 tokens" in prepared.conventions
    assert not any("depth-3" in metric for metric in measured.scalars)
    with pytest.raises(SeedbedError, match="none of its 16 items can be scored"):
        SMALL.prepare(Material(encoder, 4, workbench))


def test_faults_and_identity():
    with pytest.raises(RecipeError, match="depths are different numbers from 1 on"):
        CenterEmbedding(depths=(0, 1))
    name, digest = CenterEmbedding().identity(Workbench())["grammar"]
    assert name == "english"
    assert len(digest) == 64
