"""One tokenizer of each kind, trained on the source of some modules of the standard library or on tiny sentences."""

import argparse
import inspect
import textwrap
from pathlib import Path

import pytest

from seedbed.tokenizers.encoder import Encoder, load_encoder
from seedbed.tokenizers.recipes import tokenizer
from seedbed.tokenizers.train import train_tokenizer

SENTENCES = ["the newt does sleep .", "my yaks don't smile .", "", "the yaks who smile do sleep ."]


@pytest.fixture(scope="session")
def source() -> list[str]:
    """Real text: two modules, cut at blank lines."""
    return [part for module in (argparse, textwrap) for part in inspect.getsource(module).split("\n\n")]


@pytest.fixture(scope="session")
def bpe(source: list[str], tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    out = tmp_path_factory.mktemp("bpe")
    train_tokenizer(tokenizer("bpe-1k"), source, out)
    return load_encoder(out)


@pytest.fixture(scope="session")
def bpe_words(source: list[str], tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    out = tmp_path_factory.mktemp("bpe-words")
    train_tokenizer(tokenizer("bpe-1k", pieces="whitespace"), [*source, *SENTENCES * 20], out)
    return load_encoder(out)


@pytest.fixture(scope="session")
def byte(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    out = tmp_path_factory.mktemp("byte")
    train_tokenizer(tokenizer("byte"), [], out)
    return load_encoder(out)


@pytest.fixture(scope="session")
def word(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    out = tmp_path_factory.mktemp("word")
    train_tokenizer(tokenizer("word"), SENTENCES, out)
    return load_encoder(out)


@pytest.fixture(scope="session")
def sentences() -> list[str]:
    return SENTENCES


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The data shared between checkouts, which is never part of the project."""
    folder = Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no shared data beside this checkout")
    return folder
