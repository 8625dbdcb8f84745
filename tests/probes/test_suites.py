import json

import numpy as np
import pytest

from seedbed.data.grammar.items import MinimalPair
from seedbed.errors import RecipeError, SeedbedError, SourceError
from seedbed.probes.base import Material
from seedbed.probes.baselines import constant_logits
from seedbed.probes.recipes import probe
from seedbed.probes.suites import groups_of, sampled, unigram_credits
from seedbed.probes.suites_recipe import GrammarSuite
from seedbed.workbench import Workbench


def test_agreement_by_number_of_nouns_and_clauses(encoders, workbench, toys):
    recipe = probe("agreement-depth", pairs_per_paradigm=6)
    prepared = recipe.prepare(Material(encoders["byte"], 200, workbench))
    assert list(prepared.pairs) == [
        *(f"agreement_attractors_{nouns}" for nouns in range(4)),
        *(f"agreement_alike_{nouns}" for nouns in range(1, 4)),
        *(f"agreement_depth_{nouns}" for nouns in range(1, 4)),
    ]
    good = [pair.good for some in prepared.pairs.values() for pair in some]
    scalars = prepared.measure(toys.Recites(encoders["byte"], good), 0).scalars
    for group in ("attractors", "alike", "depth"):
        assert scalars[f"agreement-depth/mean.agreement_{group}/accuracy_sum"] == 1.0
    assert scalars["agreement-depth/agreement_depth_3/margin_nats"] > 1
    assert scalars["agreement-depth/mean/accuracy_per_byte"] == 1.0


def test_attractors_and_clauses_are_as_many_as_said(encoders, workbench):
    prepared = probe("agreement-depth", pairs_per_paradigm=6).prepare(Material(encoders["byte"], 200, workbench))
    for paradigm, some in prepared.pairs.items():
        number = int(paradigm[-1])
        for pair in some:
            before, after = pair.good.split(), pair.bad.split()
            (changed,) = [i for i, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
            subject = before[:changed]
            joints = sum(word in ("near", "behind", "beside", "with", "that", "who") for word in subject)
            assert joints == number, pair.good


def test_the_parts_of_a_folder_are_languages(tmp_path, encoders, toys):
    for language, sentence in (("de", "er schläft"), ("fr", "il dort")):
        (tmp_path / "clams" / language).mkdir(parents=True)
        for name in ("simple", "far"):
            rows = f"True\t{sentence}\nFalse\t{sentence}en\n"
            (tmp_path / "clams" / language / f"{name}.tsv").write_text(rows)
    recipe = GrammarSuite("clams", location="clams", add_stop=True)
    prepared = recipe.prepare(Material(encoders["byte"], 40, Workbench(tmp_path)))
    assert list(prepared.pairs) == ["de.far", "de.simple", "fr.far", "fr.simple"]
    assert prepared.pairs["fr.far"] == [MinimalPair("fr.far", "il dort .", "il dorten .")]
    assert "A stop goes after every sentence." in prepared.conventions
    scalars = prepared.measure(toys.Recites(encoders["byte"], ["er schläft .", "il dorten ."]), 0).scalars
    assert scalars["clams/mean.de/accuracy_sum"] == 1.0
    assert scalars["clams/mean.fr/accuracy_sum"] == 0.0
    assert scalars["clams/mean/accuracy_sum"] == 0.5
    few = GrammarSuite("clams", location="clams", paradigms=("fr.*",))
    assert list(few.prepare(Material(encoders["byte"], 40, Workbench(tmp_path))).pairs) == ["fr.far", "fr.simple"]


def test_clams_as_published(shared_data, encoders):
    recipe = GrammarSuite("clams", location="clams/fr", paradigms=("simple_agrmt", "*_coord"), pairs_per_paradigm=5)
    prepared = recipe.prepare(Material(encoders["byte"], 400, Workbench(shared_data)))
    assert set(prepared.pairs) == {"simple_agrmt", "vp_coord", "long_vp_coord"}
    scalars = prepared.measure(constant_logits(257), 0).scalars
    assert {scalars[f"clams/{name}/accuracy_per_token"] for name in prepared.pairs} == {0.5}


def test_a_sample_does_not_depend_on_the_files_order_and_a_smaller_one_begins_a_larger_one():
    pairs = [MinimalPair("p", f"good {n}", f"bad {n}") for n in range(30)]
    some = sampled({"p": pairs}, 9)["p"]
    assert sampled({"p": pairs[::-1]}, 9)["p"] == some
    assert sampled({"p": pairs}, 5)["p"] == some[:5]
    assert some != pairs[:9]
    assert sampled({"p": pairs}, None)["p"] == pairs


def test_groups_are_folders_or_numbered_paradigms_of_which_there_are_several():
    assert groups_of(["de.a", "de.b", "fr.a", "depth_1", "depth_2", "only_1", "plain", "not_one"]) == {
        "de": ["de.a", "de.b"],
        "depth": ["depth_1", "depth_2"],
    }


def test_unigrams_are_tied_exactly_where_both_sides_have_the_same_tokens(encoders):
    pairs = [MinimalPair("p", "abc", "cab"), MinimalPair("p", "aa", "ab"), MinimalPair("p", "ab", "abb")]
    logprobs = {token: -1.0 - token * 0.1 for token in range(257)}
    assert unigram_credits(pairs, encoders["byte"], logprobs).tolist() == [0.5, 1.0, 1.0]


def test_baselines_hold_unigrams_of_the_mixture_in_a_study(encoders, tmp_path):
    (tmp_path / "p.tsv").write_text("a b\tb a a\n")
    encoder = encoders["byte"]
    plain = Material(encoder, 40, Workbench(tmp_path))
    recipe = GrammarSuite("mine", location="p.tsv")
    assert recipe.prepare(plain).baselines() == {"mine/p/shorter-wins": 1.0}
    inside = Material(
        encoder, 40, Workbench(tmp_path), training_documents=lambda tokens: [np.array([*encoder.encode("ab"), 0])]
    )
    assert recipe.prepare(inside).baselines() == {"mine/p/shorter-wins": 1.0, "mine/p/unigram": 1.0}


def test_words_that_training_never_had_are_left_out_if_asked(encoders, tmp_path):
    (tmp_path / "p.tsv").write_text("a b\tb a a\na c\tc a a\n")
    encoder = encoders["byte"]
    material = Material(
        encoder, 40, Workbench(tmp_path), training_documents=lambda tokens: [np.array(encoder.encode("b a"))]
    )
    recipe = GrammarSuite("mine", location="p.tsv", known_words="training")
    assert recipe.needs_study
    measured = recipe.prepare(material).measure(constant_logits(257), 0)
    assert measured.scalars["mine/unscored"] == 1
    (left_out,) = json.loads(measured.items.schema.metadata[b"unscored"])
    assert left_out == {"item": "a c", "reason": "words that training never had", "detail": "c"}
    with pytest.raises(SeedbedError, match="needs a study"):
        recipe.prepare(Material(encoder, 40, Workbench(tmp_path)))


def test_a_missing_location_is_an_error_unless_it_is_optional(encoders, tmp_path):
    bench = Workbench(tmp_path)
    with pytest.raises(SourceError, match="none is not there"):
        GrammarSuite("s", location="none").prepare(Material(encoders["byte"], 9, bench))
    recipe = GrammarSuite("s", location="none", optional=True)
    assert recipe.identity(bench)["location"] is None
    left_out = recipe.prepare(Material(encoders["byte"], 9, bench))
    assert "There are no pairs: none is not there." in left_out.conventions
    assert left_out.measure(constant_logits(257), 0).scalars == {}


def test_files_of_folders_stand_in_the_identity_by_content_and_grammars_by_their_digest(tmp_path):
    bench = Workbench(tmp_path)
    for language in ("de", "fr"):
        (tmp_path / "all" / language).mkdir(parents=True)
        (tmp_path / "all" / language / "one.tsv").write_text("a\tb\n")
    first = GrammarSuite("s", location="all").identity(bench)
    assert set(first["location"]) == {"de/one.tsv", "fr/one.tsv"}
    (tmp_path / "all" / "fr" / "one.tsv").write_text("a\tc\n")
    assert GrammarSuite("s", location="all").identity(bench) != first
    name, digest = GrammarSuite("s", location="grammar:english_pairs").identity(bench)["location"]
    assert name == "grammar:english_pairs"
    assert len(digest) == 64


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"location": "grammar:english_pairs", "pairs_per_paradigm": None}, "say pairs_per_paradigm=100"),
        ({"location": "pairs.tsv", "vocabulary": ("a",)}, "vocabulary= is about what a grammar draws"),
    ],
)
def test_faults_are_one_line_with_the_mend(fields, message):
    with pytest.raises(RecipeError, match=message):
        GrammarSuite("s", **fields)
