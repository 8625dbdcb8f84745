import math

import numpy as np
import pytest
import torch

from seedbed.data.grammar.tense_items import TENSE_SETS, tense_items
from seedbed.errors import RecipeError, SeedbedError
from seedbed.probes.base import Material
from seedbed.probes.baselines import SameEverywhere, constant_logits
from seedbed.probes.tense import candidates, verb_measures, verbs
from seedbed.probes.tense_recipe import TENSE_SETS as OURS
from seedbed.probes.tense_recipe import TenseReinflection
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.workbench import Workbench

SMALL = TenseReinflection(items_per_set=8)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    items = [item for name in TENSE_SETS for item in tense_items(name, 200, 3)]
    forms = [form for kind in verbs(Workbench()) for verb in kind for form in (verb.sg, verb.pl, verb.past)]
    out = tmp_path_factory.mktemp("word")
    train_tokenizer(tokenizer("word"), iter([f"{i.past} PRESENT {i.present}" for i in items] + [" ".join(forms)]), out)
    return load_encoder(out)


@pytest.fixture(scope="module", params=["word", "byte"])
def prepared(request, encoder, encoders):
    chosen = encoder if request.param == "word" else encoders["byte"]
    return SMALL.prepare(Material(chosen, 300, Workbench())), chosen


def says(items, encoder, toys, form):
    """A model that goes on with this form of the main verb."""
    texts = []
    for item in items:
        words = item.present.split()
        texts.append(" ".join([item.past, "PRESENT", *words[: item.verb], form(item), "."]))
    return toys.Recites(encoder, texts)


def test_sets_are_those_of_the_grammar():
    assert OURS == TENSE_SETS


def test_a_model_that_follows_the_subject_is_right_on_every_set(prepared, toys):
    probe, encoder = prepared
    model = says(probe.items, encoder, toys, lambda item: item.present.split()[item.verb])
    scalars = probe.measure(model, 0).scalars
    for name in TENSE_SETS:
        assert scalars[f"tense-main-verb/{name}/agree-subject"] == 1.0
        assert scalars[f"tense-main-verb/{name}/agree-recent"] == float(name == "in-distribution")
        assert scalars[f"tense-main-verb/{name}/margin"] > 5
        assert scalars[f"tense-main-verb/{name}/margin-number"] > 5
        assert scalars[f"tense-main-verb/{name}/probability"] > 0.99


def test_a_model_that_follows_the_last_noun_is_right_in_distribution_alone(prepared, toys):
    probe, encoder = prepared
    scalars = probe.measure(says(probe.items, encoder, toys, lambda item: item.last), 0).scalars
    for name in TENSE_SETS:
        assert scalars[f"tense-main-verb/{name}/agree-recent"] == 1.0
        assert scalars[f"tense-main-verb/{name}/agree-subject"] == float(name == "in-distribution")
        assert scalars[f"tense-main-verb/{name}/other-number"] == float(name != "in-distribution")
        assert (scalars[f"tense-main-verb/{name}/margin"] > 0) == (name == "in-distribution")


def test_a_model_that_copies_the_past_is_seen(prepared, toys):
    probe, encoder = prepared
    scalars = probe.measure(says(probe.items, encoder, toys, lambda item: item.past.split()[item.verb]), 0).scalars
    for name in TENSE_SETS:
        assert scalars[f"tense-main-verb/{name}/past"] == 1.0
        assert scalars[f"tense-main-verb/{name}/agree-subject"] == 0.0


def test_rules_score_as_in_the_protocol(prepared):
    found = prepared[0].baselines()
    for name in TENSE_SETS:
        assert found[f"tense-main-verb/{name}/agree-with-subject"] == 1.0
        assert found[f"tense-main-verb/{name}/agree-with-last-noun"] == float(name == "in-distribution")
        assert 0 <= found[f"tense-main-verb/{name}/always-plural"] <= 1


def test_words_of_one_token_are_tied_under_constant_logits(encoder):
    scalars = SMALL.prepare(Material(encoder, 64, Workbench())).measure(constant_logits(encoder.vocab_size), 0).scalars
    for name in TENSE_SETS:
        assert scalars[f"tense-main-verb/{name}/ties"] == 1.0
        assert scalars[f"tense-main-verb/{name}/agree-subject"] == pytest.approx(1 / 9)
        assert scalars[f"tense-main-verb/{name}/other-verb"] == pytest.approx(6 / 9)
        assert scalars[f"tense-main-verb/{name}/right-number"] == pytest.approx(4 / 9)
        assert scalars[f"tense-main-verb/{name}/margin"] == 0.0


def test_candidates_are_the_verbs_forms_and_others_of_its_kind():
    among = verbs(Workbench())
    for item in tense_items("ood-pp", 20, 5):
        right = item.present.split()[item.verb]
        found = candidates(item, among, 3)
        assert found[:3] == [right, item.wrong, item.past.split()[item.verb]]
        assert len(set(found)) == 9
        for same, other in zip(found[3::2], found[4::2], strict=True):
            assert same.endswith("s") == right.endswith("s")
            assert other.endswith("s") != right.endswith("s")
        assert candidates(item, among, 1) == found[:5]


def test_measures_of_known_log_probabilities():
    log_p = np.log(np.array([[0.5, 0.2, 0.1, 0.15, 0.05], [0.1, 0.4, 0.1, 0.3, 0.1], [0.3, 0.3, 0.1, 0.2, 0.1]]))
    found = verb_measures(log_p, np.array([True, False, False]), 1e-9)
    assert found["agree-subject"].tolist() == [1.0, 0.0, 0.5]
    assert found["agree-recent"].tolist() == [1.0, 1.0, 0.5]
    assert found["right-number"].tolist() == [1.0, 0.0, 0.5]
    assert found["ties"].tolist() == [0.0, 0.0, 1.0]
    assert found["margin"] == pytest.approx([math.log(2.5), math.log(0.25), 0.0])
    assert found["margin-number"] == pytest.approx([math.log(2.5), math.log(0.25), 0.0])
    assert found["mass"] == pytest.approx([1.0, 1.0, 1.0])


def test_a_broken_model_scores_nan(encoder):
    probe = SMALL.prepare(Material(encoder, 64, Workbench()))
    scalars = probe.measure(SameEverywhere(torch.full((encoder.vocab_size,), float("nan"))), 0).scalars
    for what in ("agree-subject", "other-verb", "ties", "margin"):
        assert math.isnan(scalars[f"tense-main-verb/ood-pp/{what}"])


def test_the_table_says_what_was_asked_and_longer_items_are_left_out(encoder):
    whole = SMALL.prepare(Material(encoder, 64, Workbench()))
    longest = max(
        len(f"{i.past} PRESENT {i.present}".split()[: len(i.past.split()) + 1 + i.verb + 1]) for i in whole.items
    )
    probe = SMALL.prepare(Material(encoder, longest - 1, Workbench()))
    assert 0 < len(probe.items) < len(whole.items)
    measured = probe.measure(constant_logits(encoder.vocab_size), 0)
    assert measured.scalars["tense-main-verb/unscored"] == len(whole.items) - len(probe.items)
    assert measured.items.num_rows == len(probe.items)
    assert set(measured.items["set"].to_pylist()) <= set(TENSE_SETS)
    with pytest.raises(SeedbedError, match="none of its 24 items can be scored"):
        SMALL.prepare(Material(encoder, 5, Workbench()))


def test_faults_are_one_line_with_the_mend():
    with pytest.raises(RecipeError, match="named twice in sets"):
        TenseReinflection(sets=("ood-pp", "ood-pp"))
    with pytest.raises(RecipeError, match=r"sets\.0 = 'ood'"):
        TenseReinflection(sets=("ood",))
