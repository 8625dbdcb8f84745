from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.tokenizers.encoder import Encoder, load_encoder
from seedbed.tokenizers.recipes import Tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.tokenizers.word_cuts import (
    boundary_agreement,
    inner_borders,
    single_token_share,
    token_borders,
    tokens_per_word,
    word_spans,
)


@given(st.lists(st.text(alphabet="aé日 \n\t.", max_size=12), max_size=5))
def test_spans_cut_the_words_out_of_the_bytes(texts: list[str]):
    joined = "".join(texts).encode()
    found = [joined[start:end].decode() for start, end in word_spans(texts).tolist()]
    assert found == [word for text in texts for word in text.split()]


def test_tokens_that_reach_into_words():
    spans = np.array([[0, 2], [3, 6], [6, 8]])
    assert tokens_per_word(spans, np.array([0, 2, 3, 6, 8])).tolist() == [1, 1, 1]
    assert tokens_per_word(spans, np.arange(9)).tolist() == [2, 3, 2]
    assert tokens_per_word(spans, np.array([0, 8])).tolist() == [1, 1, 1]
    assert tokens_per_word(spans, np.array([0, 1, 4, 7, 8])).tolist() == [2, 2, 2]


def test_counts_in_text_are_those_of_a_slow_count(bpe: Encoder, source: list[str]):
    ids, lengths = bpe.encode_flat(source)
    fast = tokens_per_word(word_spans(source), token_borders(bpe, ids, lengths))
    borders = np.cumsum([0] + [len(bpe.token_bytes[token]) for token in ids.tolist()])
    slow = [
        sum(1 for begin, stop in pairwise(borders) if begin < end and stop > start)
        for start, end in word_spans(source).tolist()[:200]
    ]
    assert fast[:200].tolist() == slow


def test_a_word_tokenizer_has_one_token_per_word(word: Encoder, sentences: list[str]):
    ids, lengths = word.encode_flat(sentences)
    borders = token_borders(word, ids, lengths)
    assert borders[-1] == sum(len(text.encode()) for text in sentences)
    assert set(tokens_per_word(word_spans(sentences), borders).tolist()) == {1}
    assert single_token_share(word, ["the", "newt"]) == 1


def test_boundaries_against_morphemes(byte: Encoder, word: Encoder, tmp_path: Path):
    morphemes = {"walking": ["walk", "ing"], "cats": ["cat", "s"], "cat": ["cat"]}
    precision, recall = boundary_agreement(byte, morphemes)
    assert (precision, recall) == (2 / (6 + 3 + 2), 1.0)
    assert np.isnan(boundary_agreement(word, {"newt": ["newt"]})).all()
    texts = ["a walking cat walks ing cats"] * 50
    (tmp_path / "tokenizers").mkdir()
    train_tokenizer(Tokenizer("bpe", vocab_size=265), texts, tmp_path / "tokenizers")
    encoder = load_encoder(tmp_path / "tokenizers")
    assert inner_borders(encoder, "walking") <= set(range(1, 7))
    precision, recall = boundary_agreement(encoder, morphemes)
    assert precision == pytest.approx(
        sum(border in inner_borders(encoder, w) for w, border in (("walking", 4), ("cats", 3)))
        / sum(len(inner_borders(encoder, w)) for w in morphemes)
    )
    assert 0 <= recall <= 1
