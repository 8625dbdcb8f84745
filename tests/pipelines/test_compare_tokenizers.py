import json
import math

import pytest

from seedbed.errors import RecipeError, SourceError, UnknownNameError
from seedbed.pipelines.compare_tokenizers import compare
from seedbed.workbench import Workbench
from tests.pipelines.studies import write_pipeline


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
