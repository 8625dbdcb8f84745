import json
import math

import pytest

from seedbed.errors import RecipeError, SourceError, UnknownNameError
from seedbed.pipelines.compare_tokenizers import compare, recipe_of
from seedbed.workbench import Workbench
from tests.pipelines.studies import write_pipeline
from tests.tokenizers import files


@pytest.fixture
def workbench(tmp_path):
    (tmp_path / "text.txt").write_text(" ".join(["the newts that don't sleep do giggle ."] * 200))
    return Workbench(tmp_path)


def test_tokenizers_are_trained_on_the_text_and_measured_on_it(workbench):
    byte, word = compare(("byte", "word"), "text.txt", workbench)
    assert byte.vocab_size == 257
    assert byte.measures.bytes_per_token == pytest.approx(1.0)
    assert byte.sample[:4] == ["t", "h", "e", " "]
    assert word.measures.fertility == pytest.approx(1.0)
    assert (byte.groups, byte.parity, math.isnan(byte.boundaries[0])) == ({}, {}, True)


def test_languages_and_sources_apart_and_parallel_items(workbench):
    lines = [
        {"text": text, "lang": lang, "item": item}
        for item, pair in (("1", ("the cat", "die Katze")), ("2", ("a dog", "ein Hund")))
        for lang, text in zip(("en", "de"), pair, strict=True)
    ]
    (workbench.root / "pairs.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (byte,) = compare(("byte",), "pairs.jsonl", workbench)
    assert set(byte.groups) == {"de, text", "en, text"}
    assert byte.groups["en, text"].total_bytes == 12
    assert byte.parity == {"de": 17 / 12, "en": 1.0}
    lines[0]["item"] = lines[2]["item"] = "9"
    (workbench.root / "pairs.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(SourceError, match="share no item"):
        compare(("byte",), "pairs.jsonl", workbench)


def test_a_component_of_a_pipeline_file(workbench):
    file = write_pipeline(workbench.root)
    (byte,) = compare(("byte",), f"{file}#questions", workbench)
    assert byte.measures.words > 1_000
    with pytest.raises(UnknownNameError, match="did you mean 'questions'"):
        compare(("byte",), f"{file}#question", workbench)


def test_borders_against_a_list_of_morphemes(workbench):
    folder = workbench.root / "tokenizers" / "morphemes"
    folder.mkdir(parents=True)
    (folder / "few.txt").write_text("newt|s\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workbench.root)
        (byte,) = compare(("byte",), "text.txt", workbench, morphemes="few")
    assert byte.boundaries == (1 / 4, 1.0)


def test_an_unknown_tokenizer_is_answered_with_the_nearest(workbench):
    with pytest.raises(UnknownNameError, match="'bytes'; did you mean 'byte'"):
        compare(("bytes",), "text.txt", workbench)


def test_a_vocabulary_that_the_text_cannot_fill(workbench):
    with pytest.raises(RecipeError, match="larger than its text supports"):
        compare(("bpe-1k",), "text.txt", workbench)


def test_existing_tokenizers_by_file_folder_and_hub_id(workbench, monkeypatch):
    monkeypatch.chdir(workbench.root)
    files.saved(files.gpt2(), workbench.root / "gpt2")
    files.saved(files.llama2(), workbench.root / "llama")
    by_folder, by_file, llama = compare(("gpt2", "gpt2/tokenizer.json", "llama"), "text.txt", workbench)
    assert by_folder == by_file
    assert (by_folder.name, by_folder.trained_here, llama.name) == ("gpt2", False, "llama")
    assert by_folder.measures.words == llama.measures.words
    assert "".join(llama.sample).strip().startswith("the newts that don't")
    assert recipe_of("hub:org/name@" + "a" * 40, workbench).name == "name"
    with pytest.raises(RecipeError, match="needs a commit"):
        recipe_of("hub:org/name", workbench)


def test_the_first_span_that_a_tokenizer_loses_is_shown(workbench):
    files.saved(files.lower(), workbench.root / "lower")
    (workbench.root / "text.txt").write_text("the newts of THE sea")
    with pytest.raises(SourceError, match=r"tokenizer 'lower': document 0 .* at byte 13 b'THE␣sea' became b'the␣sea'"):
        compare(("lower",), "text.txt", workbench)


def test_one_that_changes_text_on_purpose_is_measured_on_what_it_makes_of_it(workbench, monkeypatch):
    (workbench.root / "tokenizers").mkdir()
    (workbench.root / "tokenizers" / "low.toml").write_text(
        'kind = "bpe"\nvocab_size = 260\nnormalisation = "lowercase"\nlossless = false\n'
    )
    (workbench.root / "text.txt").write_text("The THE the newts " * 30)
    monkeypatch.chdir(workbench.root)
    low, byte = compare(("low", "byte"), "text.txt", workbench)
    assert low.name == "low (on text as it changes it)"
    assert low.measures.single_token_share == 0.5
    assert low.measures.total_bytes == byte.measures.total_bytes
    assert "".join(low.sample).startswith("the the the newts")
