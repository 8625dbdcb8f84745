import math
from collections import Counter

import numpy as np
import pytest
import torch

from seedbed.data.grammar.hashing import sentence_is_held_out
from seedbed.data.grammar.items import MinimalPair
from seedbed.errors import RecipeError, SeedbedError, SourceError
from seedbed.probes.base import Material
from seedbed.probes.baselines import SameEverywhere, constant_logits, shorter_wins, unigram
from seedbed.probes.minimal_pairs import PreparedMinimalPairs
from seedbed.probes.npi import ranks
from seedbed.probes.npi_items import COMPETITORS
from seedbed.probes.npi_recipe import PolarityItems
from seedbed.probes.pair_files import read_suite
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.workbench import Workbench

SMALL = PolarityItems(pairs_per_paradigm=10)
FEW_WORDS = """the some my no few many king kings queen queens teacher teachers plate plates book books could can has
have had is are was were sleep sleeps slept sleeping buy buys bought buying admire admires admired admiring ever any at
all once yet already anymore nowadays often really only even not that who . ? near behind Peter Mary"""
SCOPE = ("npi_only_scope", "npi_negation_scope", "npi_quantifier_scope")


@pytest.fixture(scope="module")
def prepared(encoders, workbench):
    return SMALL.prepare(Material(encoders["byte"], 200, workbench))


def test_every_paradigm_has_its_items_in_turn_and_no_good_sentence_was_trained_on(prepared):
    paradigms = {each.pair.paradigm for each in prepared.pairs}
    assert len(paradigms) == 9
    for paradigm in paradigms:
        items = [each.item for each in prepared.pairs if each.pair.paradigm == paradigm]
        weak = paradigm in ("npi_only_present", "npi_only_scope")
        assert set(items) == {"any", "at all", "ever"} | (set() if weak else {"anymore", "yet"})
        assert max(map(items.count, set(items))) <= 4, "in turn"
        contrast = {each.contrast for each in prepared.pairs if each.pair.paradigm == paradigm}
        expected = "scope" if paradigm in SCOPE else "item" if paradigm.startswith("npi_present") else "licensor"
        assert contrast == {expected}
    assert all(sentence_is_held_out(each.pair.good.split(), 0.05) for each in prepared.pairs)


def test_a_model_that_knows_the_good_sentences_is_right_on_sentences_and_on_items(prepared, encoders, toys):
    model = toys.Recites(encoders["byte"], [each.pair.good for each in prepared.pairs])
    measured = prepared.measure(model, 0)
    for part in ("mean", "contrast.scope", "contrast.licensor", "contrast.item", "item.ever", "item.at-all"):
        assert measured.scalars[f"npi/{part}/accuracy_sum"] == 1.0
        assert measured.scalars[f"npi/{part}/accuracy_item"] == 1.0
        assert measured.scalars[f"npi/{part}/margin_item_nats"] > 10
    assert measured.scalars["npi/contrast.scope/rank_licensed"] == 1.0
    assert measured.scalars["npi/contrast.scope/rank_unlicensed"] > 1.5
    assert "npi/contrast.item/rank_licensed" not in measured.scalars, "one context has no second rank"
    assert measured.items["rank_licensed"].null_count == 2 * 10


def test_constant_logits_prefer_no_context(prepared):
    scalars = prepared.measure(constant_logits(257), 0).scalars
    for paradigm in {each.pair.paradigm for each in prepared.pairs}:
        assert scalars[f"npi/{paradigm}/accuracy_per_token"] == 0.5
        assert scalars[f"npi/{paradigm}/ties_per_token"] == 1.0
    for contrast in ("scope", "licensor"):
        assert scalars[f"npi/contrast.{contrast}/accuracy_item"] == 0.5
        assert scalars[f"npi/contrast.{contrast}/accuracy_control"] == 0.5
        assert scalars[f"npi/contrast.{contrast}/licensing_nats"] == pytest.approx(0.0, abs=1e-5)


def test_a_model_of_contexts_alone_has_a_margin_but_licenses_nothing(encoders, workbench):
    """It finds every word likelier after a longer text: the control shows that the item is not what it knows."""

    class LikesLength(torch.nn.Module):
        def forward(self, tokens):
            logits = torch.zeros(*tokens.shape, 257)
            logits[..., 1:] += 0.1 * torch.arange(tokens.shape[1])[None, :, None]
            return logits

    recipe = PolarityItems(pairs_per_paradigm=5, paradigms=("npi_only_present", "npi_quantifier"))
    measured = recipe.prepare(Material(encoders["byte"], 200, workbench)).measure(LikesLength(), 0)
    margin = measured.items["margin_item_nats"].to_numpy()
    control = measured.items["margin_control_nats"].to_numpy()
    assert np.abs(margin).max() > 0.0
    assert np.array_equal(np.sign(np.round(margin, 6)), np.sign(np.round(control, 6)))


def test_baselines_of_the_grammars_pairs(prepared):
    found = prepared.baselines()
    assert found["npi/contrast.licensor/licensor-before"] == 1.0
    assert found["npi/contrast.scope/licensor-before"] == 0.5
    assert found["npi/contrast.scope/shorter-wins"] == 0.5
    assert found["npi/npi_negation_present/shorter-wins"] == 1.0, "PROTOCOLS 1.5: 'not' is shorter than any adverb"
    assert "npi/mean/unigram" not in found, "outside a study there is no training text"


def test_unigrams_of_the_mixture_are_tied_on_all_scope_pairs(encoders, workbench):
    encoder = encoders["byte"]
    text = "only not no few the king queen ever any yet . " * 3
    material = Material(
        encoder, 200, workbench, training_documents=lambda tokens: [np.array([*encoder.encode(text), encoder.eos_id])]
    )
    found = PolarityItems(pairs_per_paradigm=10, paradigms=(*SCOPE, "npi_only_present")).prepare(material).baselines()
    assert {found[f"npi/{paradigm}/unigram"] for paradigm in SCOPE} == {0.5}
    assert found["npi/npi_only_present/unigram"] != 0.5


@pytest.mark.parametrize("paradigm", ["only_npi_scope", "sentential_negation_npi_scope"])
def test_a_unigram_model_has_a_thousand_ties_on_blimps_scope_sets(paradigm, shared_data, encoders):
    """Row 15 of the known answers, after lower-casing: without the tolerance, rounding decides some of them."""
    encoder = encoders["byte"]
    (pairs,) = read_suite(shared_data / "blimp" / f"{paradigm}.jsonl.gz").values()
    lower = [MinimalPair(paradigm, pair.good.lower(), pair.bad.lower()) for pair in pairs]
    model = unigram(encoder, [pair.good for pair in lower])
    measured = PreparedMinimalPairs("s", {paradigm: lower}, encoder, context=200).measure(model, 0)
    assert measured.items["credit_sum"].to_pylist() == [0.5] * 1000
    assert measured.scalars[f"minimal-pairs/s/{paradigm}/ties"] == 1.0
    counts = Counter(word for pair in lower for word in pair.good.split())
    single = {word: np.log(np.float32(count / counts.total())) for word, count in counts.items()}
    sums = [[np.add.accumulate([single[w] for w in side.split()])[-1] for side in (p.good, p.bad)] for p in lower]
    assert 0 < np.mean([good == bad for good, bad in sums]) < 1, "in float32, rounding decides some pairs"


def test_shorter_wins_on_sentential_negation_of_blimp(shared_data, encoders):
    """Row 16 of the known answers."""
    name = "sentential_negation_npi_licensor_present"
    (pairs,) = read_suite(shared_data / "blimp" / f"{name}.jsonl.gz").values()
    assert shorter_wins(pairs).tolist() == [1.0] * 1000
    recipe = PolarityItems(location=f"blimp/{name}.jsonl.gz", pairs_per_paradigm=50)
    prepared = recipe.prepare(Material(encoders["byte"], 200, Workbench(shared_data)))
    assert prepared.baselines()[f"npi/{name}/shorter-wins"] == 1.0
    assert len(prepared.pairs) == 50


def test_clams_items_are_found(shared_data, encoders):
    for name, share in (("npi_across_anim", 0.5), ("simple_npi_anim", 1.0)):
        recipe = PolarityItems(location=f"clams/en/{name}.tsv.gz", pairs_per_paradigm=20)
        found = recipe.prepare(Material(encoders["byte"], 200, Workbench(shared_data))).baselines()
        assert found[f"npi/{name}/licensor-before"] == share


def test_a_small_vocabulary_is_kept_to(workbench, tmp_path):
    """A model of a hundred words can be asked: all sentences are made of them, and its tokenizer reads them all."""
    words = FEW_WORDS.split()
    train_tokenizer(tokenizer("word"), iter([" ".join(words)]), tmp_path)
    encoder = load_encoder(tmp_path)
    recipe = PolarityItems(pairs_per_paradigm=4, vocabulary=tuple(words), paradigms=("npi_only_scope", "npi_question"))
    prepared = recipe.prepare(Material(encoder, 32, workbench))
    assert len(prepared.pairs) == 8
    said = {word for each in prepared.pairs for side in (each.pair.good, each.pair.bad) for word in side.split()}
    assert said <= set(words)
    assert "unscored" not in prepared.measure(constant_logits(encoder.vocab_size), 0).items.schema.metadata
    few = PolarityItems(pairs_per_paradigm=4, vocabulary=("the", "king", "sleep"))
    with pytest.raises(SourceError, match="no word is in the vocabulary of 3 words; add one"):
        few.prepare(Material(encoder, 32, workbench))


def test_pairs_with_words_that_the_tokenizer_lacks_are_left_out_and_said(workbench, tmp_path, encoders):
    recipe = PolarityItems(pairs_per_paradigm=10, paradigms=("npi_present", "npi_question"))
    whole = recipe.prepare(Material(encoders["byte"], 200, workbench))
    sentences = [side for each in whole.pairs[::2] for side in (each.pair.good, each.pair.bad)]
    words = [word for some in COMPETITORS.values() for word in some]
    train_tokenizer(tokenizer("word"), iter([*sentences, *words]), tmp_path)
    prepared = recipe.prepare(Material(load_encoder(tmp_path), 64, workbench))
    assert len(whole.pairs) / 2 <= len(prepared.pairs) < len(whole.pairs)
    assert f"{20 - len(prepared.pairs)} of 20 items are not scored" in prepared.conventions
    encoder = load_encoder(tmp_path)
    measured = prepared.measure(constant_logits(encoder.vocab_size), 0)
    assert measured.scalars["npi/unscored"] == 20 - len(prepared.pairs)
    assert measured.items.num_rows == len(prepared.pairs)


def test_a_pair_without_an_item_is_refused(tmp_path, encoders):
    (tmp_path / "my_npi.tsv").write_text("few yaks lifted a finger\tmany yaks lifted a finger\n")
    recipe = PolarityItems(location="my_npi.tsv")
    with pytest.raises(SeedbedError, match="has none of ever, any, at all, yet, anymore; name its item"):
        recipe.prepare(Material(encoders["byte"], 99, Workbench(tmp_path)))
    named = PolarityItems(location="my_npi.tsv", polarity_items=("a finger",))
    prepared = named.prepare(Material(encoders["byte"], 99, Workbench(tmp_path)))
    assert prepared.pairs[0].item == "a finger"
    scalars = prepared.measure(constant_logits(257), 0).scalars
    assert "npi/item.a-finger/accuracy_item" in scalars
    assert "npi/mean/rank_licensed" not in scalars, "no competitor is known"


def test_ranks_count_ties_half():
    item = np.log([0.2, 0.2, 0.5])
    others = np.log([[0.5, 0.3], [0.2, 0.1], [0.1, 0.1]])
    assert ranks(item, others, 1e-9).tolist() == [3.0, 1.5, 1.0]
    assert math.isnan(ranks(np.array([np.nan]), others[:1], 0)[0])


def test_a_broken_model_scores_nan_and_not_wrong(prepared):
    broken = SameEverywhere(torch.full((257,), float("nan")))
    scalars = prepared.measure(broken, 0).scalars
    assert math.isnan(scalars["npi/mean/accuracy_sum"])
    assert math.isnan(scalars["npi/mean/accuracy_item"])


def test_identity_holds_the_grammars_or_the_files_content(tmp_path):
    bench = Workbench(tmp_path)
    (tmp_path / "a.tsv").write_text("no x ever\ta x ever\n")
    first = PolarityItems(location="a.tsv").identity(bench)
    (tmp_path / "a.tsv").write_text("no x ever\tb x ever\n")
    assert PolarityItems(location="a.tsv").identity(bench) != first
    assert PolarityItems().identity(bench)["grammar"][0] == "english_pairs"
    with pytest.raises(RecipeError, match="vocabulary= is about what a grammar draws"):
        PolarityItems(location="a.tsv", vocabulary=("x",))
