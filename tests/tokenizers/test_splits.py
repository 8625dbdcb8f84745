from pathlib import Path

import pytest

from seedbed.tokenizers.encoder import Encoder, load_encoder
from seedbed.tokenizers.recipes import Tokenizer
from seedbed.tokenizers.splits import dash_costs, number_splits, shown, split
from seedbed.tokenizers.train import train_tokenizer

STYLES = {"american": "{}—{}", "british": "{} – {}", "spaced": "{} — {}"}
WORDS = ("walk", "which", "time", "and", "house", "not", "day", "but", "man", "the", "sea", "so")


def test_a_split_names_what_is_no_character():
    assert shown("é".encode()) == "é"
    assert shown("é".encode()[:1]) == "\\xc3"


def test_numbers_of_bytes_are_digits(byte: Encoder, word: Encoder):
    found = {each.text.strip(): each.tokens for each in number_splits(byte)}
    assert found["1984"] == (" ", "1", "9", "8", "4")
    assert number_splits(word) == []
    assert split(word, "the newt") is not None


def test_what_a_dash_costs_in_bytes_is_known(byte: Encoder, word: Encoder):
    assert dash_costs(byte) == {
        "unspaced em dash": 2.0,
        "spaced em dash": 4.0,
        "spaced en dash": 4.0,
        "two hyphens": 1.0,
        "comma": 1.0,
    }
    assert dash_costs(word) == {}


@pytest.mark.parametrize(
    ("trained_on", "cheapest"),
    [("american", "unspaced em dash"), ("british", "spaced en dash"), ("spaced", "spaced em dash")],
)
def test_the_dash_of_the_training_text_is_the_cheapest(trained_on: str, cheapest: str, tmp_path: Path):
    texts = [f" {STYLES[trained_on].format(left, right)} {right} {left}" for left in WORDS for right in WORDS] * 3
    train_tokenizer(Tokenizer("bpe", vocab_size=290), texts, tmp_path)
    costs = dash_costs(load_encoder(tmp_path))
    dashes = {name: cost for name, cost in costs.items() if "dash" in name}
    assert min(dashes, key=lambda name: dashes[name]) == cheapest
    assert costs[cheapest] <= 2
