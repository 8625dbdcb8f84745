import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seedbed.errors import SourceError
from seedbed.probes.base import Material
from seedbed.probes.baselines import SameEverywhere, constant_logits
from seedbed.probes.bits_per_byte import PreparedBitsPerByte
from seedbed.probes.byte_patterns import PreparedBytePatterns, exact_parts, shares, units
from seedbed.probes.byte_patterns_recipe import PATTERNS, BytePatterns
from seedbed.probes.recipes import probe

TEXT = "The walk—which was long—ended, don't 42  naïve\n\tx_1 ÉTÉ"
MIXED = st.text(alphabet="aBé日 \n\t'.,—–-_019t", max_size=40)


def test_units_of_a_text():
    expected = [
        ("capital", 3),
        ("word-start", 5),
        ("dash", 3),
        ("word-inside", 5),
        ("word-start", 4),
        ("word-start", 5),
        ("dash", 3),
        ("word-inside", 5),
        ("punctuation", 1),
        ("word-start", 4),
        ("word-inside", 2),
        ("digit", 3),
        ("space", 1),
        ("non-ascii", 7),
        ("space", 1),
        ("space", 1),
        ("word-start", 1),
        ("punctuation", 1),
        ("digit", 1),
        ("non-ascii", 6),
    ]
    assert units(TEXT) == expected


def test_a_small_word_at_the_beginning_of_a_text_or_line_starts_a_word():
    assert units("the\nend") == [("word-start", 3), ("space", 1), ("word-start", 3)]
    assert units("(the") == [("punctuation", 1), ("word-inside", 3)]


@given(MIXED)
def test_units_are_all_of_the_text(text: str):
    assert sum(size for _, size in units(text)) == len(text.encode())
    assert all(pattern in PATTERNS for pattern, _ in units(text))


@given(MIXED, st.randoms(use_true_random=False))
def test_the_shares_of_a_token_add_up_to_one(text: str, random):
    size = len(text.encode())
    cuts = sorted(random.randint(0, size) for _ in range(random.randint(0, 9)))
    sizes = np.diff([0, *cuts, size]) if size else np.array([], np.int64)
    if not size:
        return
    token, pattern, share = shares(text, sizes)
    assert np.bincount(token, weights=share, minlength=len(sizes)) == pytest.approx(np.ones(len(sizes)))
    assert (share > 0).all()
    by_pattern = np.bincount(pattern, weights=share * sizes[token], minlength=len(PATTERNS))
    expected = np.zeros(len(PATTERNS))
    for name, count in units(text):
        expected[PATTERNS.index(name)] += count
    assert by_pattern == pytest.approx(expected)


def test_a_token_over_two_units_is_split_by_bytes():
    token, pattern, share = shares("of the", np.array([6]))
    assert token.tolist() == [0, 0]
    assert [PATTERNS[place] for place in pattern] == ["word-start", "word-start"]
    assert share == pytest.approx([1 / 3, 2 / 3])


def test_a_token_of_no_bytes_counts_where_it_stands():
    token, pattern, share = shares("a—", np.array([1, 0, 3]))
    assert token.tolist() == [0, 1, 2]
    assert [PATTERNS[place] for place in pattern] == ["word-start", "dash", "dash"]
    assert share.tolist() == [1, 1, 1]


def test_uniform_over_256_bytes_is_8_bits_of_every_pattern(encoders):
    encoder = encoders["byte"]
    logits = torch.zeros(257)
    logits[encoder.eos_id] = float("-inf")
    scalars = PreparedBytePatterns("p", {"a": [TEXT]}, encoder, 30).measure(SameEverywhere(logits), 0).scalars
    for pattern in PATTERNS:
        assert scalars[f"p/pattern.{pattern}"] == pytest.approx(8.0, abs=1e-5)
    assert scalars["p/total"] == pytest.approx(8.0, abs=1e-6)
    assert scalars["p/crossing"] == 0


def test_patterns_add_up_to_the_total_exactly_which_is_that_of_bits_per_byte(encoders, toys):
    encoder = encoders["bpe"]
    texts = {"a": [TEXT, "x", TEXT * 9], "b": ["the end . " * 20]}
    model = toys.Recurrent(encoder.vocab_size).eval()
    measured = PreparedBytePatterns("p", texts, encoder, 40).measure(model, 0)
    whole = PreparedBitsPerByte("b", texts, encoder, context=40).measure(model, 0)
    for what in ("nats", "bytes"):
        parts = [measured.scalars.get(f"p/pattern.{pattern}.{what}", 0.0) for pattern in PATTERNS]
        assert sum(parts) == measured.scalars[f"p/total.{what}"] == sum(reversed(parts))
    assert measured.scalars["p/total"] == pytest.approx(whole.scalars["b/total"], abs=1e-9)
    assert measured.scalars["p/total.bytes"] == whole.scalars["b/total.bytes"]
    rows = measured.items.to_pydict()
    assert sum(sum(rows[f"{pattern}.bytes"]) for pattern in PATTERNS) == measured.scalars["p/total.bytes"]
    assert rows["source"] == ["a", "a", "a", "b"]


def test_a_token_that_is_one_unit_brings_its_whole_nats(encoders):
    encoder = encoders["word"]
    text = "the newt does sleep ."
    scalars = (
        PreparedBytePatterns("p", {"a": [text]}, encoder, 30).measure(constant_logits(encoder.vocab_size), 0).scalars
    )
    each = math.log(encoder.vocab_size)
    assert scalars["p/pattern.word-start.nats"] == pytest.approx(4 * each, abs=1e-5)
    assert scalars["p/pattern.punctuation.nats"] == pytest.approx(each, abs=1e-5)
    assert scalars["p/pattern.punctuation.bytes"] == 2
    assert scalars["p/crossing"] == 0


@given(st.lists(st.lists(st.floats(0, 1e4), min_size=8, max_size=8), min_size=1, max_size=5))
def test_rounded_parts_add_up_to_the_rounded_whole(nats: list[list[float]]):
    exact = exact_parts(np.array(nats))
    assert exact.sum(axis=1).tolist() == (np.rint(np.array(nats).sum(axis=1) * 2**20) / 2**20).tolist()
    assert np.abs(exact - nats).max() <= 8 * 2**-20


def test_the_shelf_gives_the_probe(encoders, workbench):
    recipe = probe("byte-patterns", bytes_per_source=200)
    assert isinstance(recipe, BytePatterns)
    assert (recipe.at, recipe.needs_study, recipe.smoke().bytes_per_source) == ("last", True, 200)
    prepared = recipe.prepare(Material(encoders["byte"], 64, workbench, {"a": [TEXT]}))
    assert prepared.cost_tokens >= len(TEXT.encode())
    with pytest.raises(SourceError, match="no component has held-out text"):
        recipe.prepare(Material(encoders["byte"], 64, workbench, {"a": []}))


def test_a_tokenizer_that_loses_text_is_refused(encoders):
    class Lossy:
        def __getattr__(self, name):
            return getattr(encoders["byte"], name)

        def decode(self, ids):
            return encoders["byte"].decode(ids).lower()

    with pytest.raises(SourceError, match="the tokenizer loses some of a document"):
        PreparedBytePatterns("p", {"a": ["ABC"]}, Lossy(), 30)
