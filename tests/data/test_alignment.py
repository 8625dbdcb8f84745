from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.alignment import ParallelSentence, align, parallel, precision_at_1, retrieval_items, translations
from seedbed.data.build import build_component
from seedbed.data.catalogue import open_component
from seedbed.data.grammar.documents import Request, Sampler
from seedbed.data.grammar.file import load_grammar
from seedbed.data.recipes import Component, Grammar
from seedbed.data.shifted import Shifted, unshift
from seedbed.errors import RecipeError, SourceError, UnknownNameError
from seedbed.workbench import Workbench

ROOT = Path(__file__).parents[2]
NAMES = ("scenes", "german", "russian", "japanese", "mandarin")

# A family of two toy grammars: one meaning, two orders; the second has an article and no plural.
TOY = """
language = "en"
[tasks]
sentence = { start = "Sentence" }
[features]
number = ["sg", "pl"]
[lexicon]
noun = "toy/noun.tsv"
verb = "toy/verb.tsv"
[held_out]
share = 0.3
[rules.Sentence]
one = "subject=Phrase[number=$n]:nsubj verb[number=$n]:head object=Phrase:obj '.'"
[rules.Phrase]
plain = "noun[number]"
"""
OTHER = """
language = "xx"
meaning = "toy"
[tasks]
sentence = { start = "Sentence" }
[features]
number = ["sg", "pl"]
[lexicon]
noun = "other/noun.tsv"
verb = "other/verb.tsv"
article = ["der"]
[rules.Sentence]
one = "object=Phrase:obj subject=Phrase:nsubj 'ga':case>subject verb:head '.'"
[rules.Phrase]
plain = "article:det noun:head"
"""
LEXICONS = {
    "toy/noun": "concept\tsg\tpl\nyak\tyak\tyaks\nnewt\tnewt\tnewts\nfox\tfox\tfoxes\n",
    "toy/verb": "concept\tsg\tpl\nsee\tsees\tsee\nlike\tlikes\tlike\n",
    "other/noun": "concept\tform\nfox\tfuchs\nnewt\tmolch\nyak\tjak\n",
    "other/verb": "concept\tform\nlike\tmag\nsee\tsieht\n",
}


@pytest.fixture
def toys(tmp_path: Path) -> Workbench:
    for name, text in LEXICONS.items():
        path = tmp_path / "data" / "lexicons" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "data" / "grammars").mkdir()
    (tmp_path / "data" / "grammars" / "toy.toml").write_text(TOY)
    (tmp_path / "data" / "grammars" / "other.toml").write_text(OTHER)
    return Workbench(tmp_path)


def test_the_gold_of_a_family_whose_words_are_known(toys: Workbench):
    german = {"yak": "jak", "yaks": "jak", "newt": "molch", "newts": "molch", "fox": "fuchs", "foxes": "fuchs"}
    german |= {"sees": "sieht", "see": "sieht", "likes": "mag", "like": "mag"}
    found = parallel(["toy", "other"], 0, 50, workbench=toys)
    for sentence in found:
        one, other = (sentence.sentences[name].words for name in ("toy", "other"))
        # subject verb object .  and  der object der subject ga verb .
        assert sentence.alignment("toy", "other") == ((0, 3), (1, 5), (2, 1))
        assert [german[one[i]] for i, _ in sentence.alignment("toy", "other")] == [other[3], other[5], other[1]]
    assert [each.item for each in found] == [
        each.labels["item"] for each in Sampler(load_grammar("other", toys), Request()).sentences(0, 50)
    ]
    gold = translations(found, "other", "toy")
    assert set(gold) == {"jak", "molch", "fuchs", "sieht", "mag"}
    assert set(gold["jak"]) == {"yak", "yaks"}
    assert sum(gold["sieht"].values()) + sum(gold["mag"].values()) == len(found)


@pytest.fixture(scope="module")
def scenes() -> list[ParallelSentence]:
    return parallel(NAMES, 0, 120, workbench=Workbench(ROOT))


def test_alignment_is_symmetric_one_to_one_and_identity_within_a_language(scenes: list[ParallelSentence]):
    for sentence in scenes:
        for one in NAMES:
            own = sentence.sentences[one]
            assert sentence.alignment(one, one) == tuple((i, i) for i, c in enumerate(own.concepts) if c)
            for other in NAMES:
                there = sentence.alignment(one, other)
                assert sentence.alignment(other, one) == tuple(sorted((j, i) for i, j in there))
                assert len({i for i, _ in there}) == len({j for _, j in there}) == len(there)
                concepts = sentence.sentences[other].concepts
                assert all(own.concepts[i] == concepts[j] for i, j in there)


def test_all_content_words_are_aligned_in_every_language(scenes: list[ParallelSentence]):
    content = {"noun", "intransitive", "transitive", "loving", "giving", "saying", "temper", "size", "colour", "place"}
    counted = 0
    for sentence in scenes:
        own = sentence.sentences["scenes"]
        places = {i for i, category in enumerate(own.categories) if category in content}
        counted += len(places)
        for other in NAMES[1:]:
            assert places <= {i for i, _ in sentence.alignment("scenes", other)}
    assert counted > 300


def test_documents_are_those_of_the_recipe_and_do_not_depend_on_the_others(scenes: list[ParallelSentence]):
    workbench = Workbench(ROOT)
    alone = parallel(["japanese"], 50, 60, workbench=workbench)
    assert [each.text("japanese") for each in alone] == [each.text("japanese") for each in scenes[50:60]]
    block = Sampler(load_grammar("japanese", workbench), Request()).documents(50, 60)
    assert block.texts == [each.text("japanese") for each in alone]
    assert [label["item"] for label in block.labels] == [each.item for each in alone]
    with pytest.raises(RecipeError, match="in japanese, not in 'german'"):
        alone[0].alignment("japanese", "german")


def test_retrieval_items_are_held_out_and_different_in_every_language():
    workbench = Workbench(ROOT)
    items = retrieval_items(["scenes", "mandarin"], 200, workbench=workbench)
    assert len(items.items) == 200
    for texts in items.texts.values():
        assert len(set(texts)) == 200
    trained = parallel(["scenes"], 0, 4_000, workbench=workbench)
    assert not {each.text("scenes") for each in trained} & set(items.texts["scenes"])


def test_too_few_sentences_and_grammars_of_other_meanings_are_refused(toys: Workbench):
    with pytest.raises(SourceError, match=r"gave only .* different sentences; ask for fewer than 5000"):
        retrieval_items(["toy", "other"], 5_000, workbench=toys)
    with pytest.raises(RecipeError, match="scenes words scenes, english words english"):
        parallel(["scenes", "english"], 0, 1, workbench=Workbench(ROOT))
    with pytest.raises(RecipeError, match="no grammar is named"):
        parallel([], 0, 1, workbench=toys)
    with pytest.raises(UnknownNameError, match="did you mean 'german'"):
        parallel(["scenes", "germane"], 0, 1, workbench=Workbench(ROOT))


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_retrieval_of_translations_of_shuffled_ones_and_of_ties(n: int, seed: int):
    rng = np.random.default_rng(seed)
    vectors = np.linalg.qr(rng.normal(size=(n, n)))[0]
    assert precision_at_1(vectors @ vectors.T) == 1.0
    # Every shift of the columns finds each sentence once in n.
    shifts = [precision_at_1(vectors @ np.roll(vectors, shift, axis=0).T) for shift in range(n)]
    assert np.mean(shifts) == pytest.approx(1 / n)
    assert precision_at_1(np.zeros((n, n))) == pytest.approx(1 / n)
    halves = np.repeat(vectors, 2, axis=0)
    assert precision_at_1(np.round(halves @ halves.T, 9)) == pytest.approx(0.5)


@pytest.mark.parametrize("wrong", [np.zeros((2, 3)), np.zeros((0, 0)), np.full((2, 2), np.nan), np.zeros(4)])
def test_what_is_no_square_of_numbers_is_refused(wrong: np.ndarray):
    with pytest.raises(ValueError, match="square matrix"):
        precision_at_1(wrong)


def test_align_leaves_out_words_without_a_concept(scenes: list[ParallelSentence]):
    for sentence in scenes[:20]:
        one, other = sentence.sentences["scenes"], sentence.sentences["japanese"]
        for i, j in align(one, other):
            assert one.concepts[i]
            assert other.words[j] not in {"は", "が", "を", "に", "の", "と", "か", "。"}


def test_components_of_several_languages_are_joined_by_item(tmp_path: Path):
    workbench = Workbench(ROOT)
    rows = {}
    for name, steps in (("japanese", ()), ("scenes", ()), ("twin", (Shifted(),))):
        grammar = Grammar("scenes" if steps else name, documents=60, seed=3)
        (tmp_path / name).mkdir()
        build_component(Component(name, [grammar, *steps]), tmp_path / name, workbench)
        stored = open_component(tmp_path / name)
        everything = range(stored.documents)
        labels = stored.labels(everything)
        texts = stored.texts(everything)
        rows[name] = {label["item"]: (text, label) for label, text in zip(labels, texts, strict=True)}
    wanted = parallel(["scenes", "japanese"], 0, 60, workbench=workbench, seed=3)
    assert set(rows["scenes"]) == set(rows["japanese"]) == set(rows["twin"]) == {each.item for each in wanted}
    for each in wanted:
        assert rows["scenes"][each.item][0] == each.text("scenes")
        assert rows["japanese"][each.item][0] == each.text("japanese")
        copy, label = rows["twin"][each.item]
        assert unshift(copy) == each.text("scenes")
        assert label["language"] == "en-x-shifted"
        assert label["constructions"] == rows["scenes"][each.item][1]["constructions"]
