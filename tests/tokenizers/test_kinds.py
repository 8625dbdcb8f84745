"""Every kind and every way to cut, trained on real text: nothing is lost, nothing is what it should not be."""

import inspect
import json
import random
import textwrap
from pathlib import Path

import pytest

from seedbed.errors import RecipeError
from seedbed.tokenizers.encoder import LONG_TEXT, Encoder, load_encoder
from seedbed.tokenizers.recipes import END_OF_DOCUMENT, Tokenizer, nested
from seedbed.tokenizers.train import train_tokenizer

DASHED = ["the walk—which was long—ended", "a walk – long – ended in 1234567 steps", "10 + 205 = 215 — so"] * 20
ODD = f"caf\u00e9 日本 1234567\n\n  — don't{END_OF_DOCUMENT} – ‒ …x\t<|\n"
RECIPES = [
    Tokenizer("bpe", vocab_size=600),
    Tokenizer("bpe", vocab_size=600, pieces="none"),
    Tokenizer("bpe", vocab_size=600, digits="single"),
    Tokenizer("bpe", vocab_size=1_500, digits="left to right"),
    Tokenizer("bpe", vocab_size=1_500, digits="right to left", dashes="isolated"),
    Tokenizer("bpe", vocab_size=600, dashes="with neighbours"),
    Tokenizer("bpe", vocab_size=600, dashes="never merged"),
    Tokenizer("unigram", vocab_size=500),
    Tokenizer("unigram", vocab_size=500, pieces="whitespace", digits="single"),
    Tokenizer("wordpiece", vocab_size=700),
    Tokenizer("wordpiece", vocab_size=700, pieces="whitespace"),
    Tokenizer("character"),
]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [*inspect.getsource(textwrap).split("\n\n"), *DASHED]


def made(recipe: Tokenizer, texts: list[str], folder: Path) -> Encoder:
    folder.mkdir(exist_ok=True)
    train_tokenizer(recipe, texts, folder)
    return load_encoder(folder)


def split(encoder: Encoder, text: str) -> list[bytes]:
    return [encoder.token_bytes[token] for token in encoder.encode(text)]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_every_text_is_given_back(recipe: Tokenizer, texts: list[str], tmp_path: Path):
    encoder = made(recipe, texts, tmp_path)
    assert encoder.kind == recipe.kind
    assert encoder.vocab_size == (recipe.vocab_size or encoder.vocab_size)
    for text in [ODD, *texts]:
        pieces = split(encoder, text)
        assert b"".join(pieces) == text.encode()
        assert encoder.eos_id not in encoder.encode(text)
    long = " ".join(texts) * (2 * LONG_TEXT // sum(map(len, texts)) + 1)
    assert encoder.decode(encoder.encode(long)) == long
    assert len(long) > LONG_TEXT


def test_digits_are_what_the_recipe_says(texts: list[str], tmp_path: Path):
    digits = {}
    for name, size in (("single", 600), ("left to right", 1_500), ("right to left", 1_500)):
        encoder = made(Tokenizer("bpe", vocab_size=size, digits=name), texts, tmp_path / name.replace(" ", "-"))
        digits[name] = split(encoder, "x 1234567")[-7 if name == "single" else -3 :]
    assert digits["single"] == [b"1", b"2", b"3", b"4", b"5", b"6", b"7"]
    assert digits["left to right"] == [b"123", b"456", b"7"]
    assert digits["right to left"] == [b"1", b"234", b"567"]


def test_dashes_are_what_the_recipe_says(texts: list[str], tmp_path: Path):
    dash = "—".encode()
    trained = made(Tokenizer("bpe", vocab_size=600), texts, tmp_path / "trained")
    never = made(Tokenizer("bpe", vocab_size=600, dashes="never merged"), texts, tmp_path / "never")
    apart = made(Tokenizer("bpe", vocab_size=600, dashes="isolated"), texts, tmp_path / "apart")
    joined = made(Tokenizer("bpe", vocab_size=600, dashes="with neighbours"), texts, tmp_path / "joined")
    assert dash in trained.token_bytes
    assert not any(dash in piece or "–".encode() in piece for piece in never.token_bytes)
    assert len(split(never, "—")) in (2, 3)
    assert [piece for piece in apart.token_bytes if dash in piece] == [dash]
    assert "walk—which".encode() in b"|".join(joined.token_bytes)
    assert trained.vocab_size == never.vocab_size == apart.vocab_size == joined.vocab_size == 600


@pytest.mark.parametrize("fields", [{}, {"digits": "right to left"}, {"dashes": "never merged"}])
def test_a_family_cut_from_one_training_is_that_of_separate_trainings(
    fields: dict[str, str], texts: list[str], tmp_path: Path
):
    sizes = (1_400, 1_450, 1_500) if "digits" in fields else (300, 400, 600)
    for cut in nested("bpe", *sizes, **fields):
        alone = Tokenizer("bpe", vocab_size=cut.vocab_size, **fields)
        (tmp_path / "cut").mkdir(exist_ok=True)
        (tmp_path / "alone").mkdir(exist_ok=True)
        assert (
            train_tokenizer(cut, texts, tmp_path / "cut").sha256
            == train_tokenizer(alone, texts, tmp_path / "alone").sha256
        )


@pytest.mark.parametrize("recipe", [recipe for recipe in RECIPES if recipe.deterministic], ids=lambda r: r.name)
def test_two_trainings_give_one_file(recipe: Tokenizer, texts: list[str], tmp_path: Path):
    for name, order in (("first", texts), ("second", random.Random(1).sample(texts, len(texts)))):
        made(recipe, order, tmp_path / name)
    first, second = (tmp_path / name / "tokenizer.json" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("kind", ["bpe", "unigram", "wordpiece"])
def test_a_vocabulary_larger_than_the_text_supports(kind: str, tmp_path: Path):
    with pytest.raises(RecipeError, match="larger than its text supports"):
        train_tokenizer(Tokenizer(kind, vocab_size=900), ["abc abc "] * 4, tmp_path)


def test_a_character_that_the_text_lacks_is_written_in_bytes(tmp_path: Path):
    encoder = made(Tokenizer("character"), ["日本 日"], tmp_path)
    assert [piece.decode() for piece in encoder.token_bytes[257:]] == ["日", "本"]
    assert split(encoder, "日é") == ["日".encode(), b"\xc3", b"\xa9"]


def test_normalisation_is_in_the_file_and_loses_text(tmp_path: Path):
    encoder = made(Tokenizer("bpe", vocab_size=258, normalisation="lowercase", lossless=False), ["aba aba"], tmp_path)
    assert json.loads((tmp_path / "tokenizer.json").read_text())["normalizer"] == {"type": "Lowercase"}
    assert encoder.decode(encoder.encode("ABA")) == "aba"
