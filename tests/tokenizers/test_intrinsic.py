import gzip
import math
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tokenization_scorer
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.errors import SourceError
from seedbed.tokenizers.encoder import Encoder
from seedbed.tokenizers.intrinsic import (
    bits_per_byte,
    bytes_per_token,
    continued_word_share,
    fertility,
    measure,
    parity,
    renyi_efficiency,
    renyi_entropy,
    vocabulary_use,
)

COUNTS = st.lists(st.integers(0, 10**6), min_size=2, max_size=50).map(np.array).filter(lambda counts: counts.sum() > 0)
ORDERS = st.floats(0, 20)

# UTF-8 bytes of FLORES-200 dev over those of English, whole files with newlines.
BYTE_PARITY = {
    "mya_Mymr": 3.522,
    "tam_Taml": 3.166,
    "kat_Geor": 2.959,
    "tha_Thai": 2.753,
    "hin_Deva": 2.560,
    "ell_Grek": 2.174,
    "rus_Cyrl": 2.006,
    "fra_Latn": 1.232,
    "deu_Latn": 1.187,
    "fin_Latn": 1.110,
    "zho_Hans": 0.936,
    "zho_Hant": 0.891,
}


@pytest.mark.parametrize(
    ("text", "types", "values"),
    [
        (
            "pick @@ed pick @@l @@ed pick @@les",
            4,
            {1: 0.9211854965885544, 2.5: 0.8265064834225245, 3: 0.8031528501359657},
        ),
        (
            "pick @@e @@d pick @@l @@e @@d pick @@l @@e @@s",
            5,
            {1: 0.9609557933859342, 2.5: 0.9204840242168808, 3: 0.9105681923824472},
        ),
    ],
)
def test_renyi_efficiency_of_the_paper(text: str, types: int, values: dict[float, float]):
    counts = np.array(list(Counter(text.split()).values()))
    assert len(counts) == types
    for alpha, value in values.items():
        assert renyi_efficiency(counts, alpha) == pytest.approx(value, abs=1e-9)
        # The nominal size is another normalisation, and gives another value.
        assert renyi_efficiency(counts, alpha, vocab_size=types + 1) == pytest.approx(
            value * math.log(types) / math.log(types + 1), abs=1e-9
        )
    assert renyi_efficiency(counts) == renyi_efficiency(counts, 2.5)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0, 10.0])
def test_renyi_measures_are_those_of_the_published_package_on_real_text(
    alpha: float, source: list[str], bpe: Encoder, byte: Encoder
):
    # The package reads its text twice where the power is 1, and the second time it is empty.
    kind = "shannon" if alpha == 1 else "renyi"
    for encoder in (bpe, byte):
        ids, _ = encoder.encode_flat(source)
        counts = np.bincount(ids, minlength=encoder.vocab_size)
        text = " ".join(map(str, ids))
        efficiency = tokenization_scorer.score(text, metric=f"{kind}_efficiency", power=alpha)
        assert renyi_efficiency(counts, alpha) == pytest.approx(efficiency, abs=1e-9)
        entropy = tokenization_scorer.score(text, metric=f"{kind}_entropy", power=alpha)
        assert renyi_entropy(counts, alpha) / math.log(2) == pytest.approx(entropy, abs=1e-9)
        nominal = encoder.vocab_size - 1  # the end of document is no token of text
        theirs = tokenization_scorer.score(text, metric=f"{kind}_efficiency", power=alpha, vocab=nominal)
        assert renyi_efficiency(counts, alpha, vocab_size=nominal) == pytest.approx(theirs, abs=1e-9)
        if alpha == 2.5:
            assert measure(encoder, source).renyi_efficiency == pytest.approx(theirs, abs=1e-9)


@settings(deadline=None)
@given(counts=COUNTS, alpha=ORDERS)
def test_renyi_efficiency_lies_between_0_and_1_and_ignores_order_and_zeros(counts: np.ndarray, alpha: float):
    value = renyi_efficiency(counts, alpha)
    assert -1e-9 <= value <= 1 + 1e-9
    assert renyi_efficiency(np.append(counts[::-1], [0, 0]), alpha) == pytest.approx(value, abs=1e-9)


@settings(deadline=None)
@given(counts=COUNTS, first=ORDERS, second=ORDERS)
def test_renyi_entropy_falls_with_its_order(counts: np.ndarray, first: float, second: float):
    low, high = sorted((first, second))
    # Near order 1 the quotient loses digits in proportion to 1 / |1 - alpha|.
    slack = 1e-9 + sum(1e-14 / abs(1 - alpha) for alpha in (low, high) if alpha != 1)
    assert renyi_entropy(counts, high) <= renyi_entropy(counts, low) + slack


@pytest.mark.parametrize("alpha", [0, 0.5, 1, 2.5, 10])
def test_uniform_and_constant(alpha: float):
    assert renyi_entropy(np.full(8, 3), alpha) == pytest.approx(math.log(8))
    assert renyi_efficiency(np.full(8, 3), alpha) == pytest.approx(1)
    assert renyi_entropy(np.array([5, 0, 0]), alpha) == pytest.approx(0)
    assert renyi_efficiency(np.array([5, 0, 0]), alpha, vocab_size=3) == pytest.approx(0)
    assert renyi_efficiency(np.array([5, 0, 0]), alpha) == 1


def test_simple_ratios():
    assert fertility(30, 20) == 1.5
    assert bytes_per_token(100, 40) == 2.5
    assert parity(30, 20) == 1.5
    assert continued_word_share(np.array([1, 2, 3, 1])) == 0.5
    assert vocabulary_use(np.array([0, 1, 5, 0])) == 0.5


def test_bits_per_byte():
    assert bits_per_byte(10 * math.log(256), 10) == pytest.approx(8, abs=1e-9)
    tokens, total_bytes, vocab_size = 12, 40, 1000
    expected = tokens / total_bytes * math.log2(vocab_size)
    assert bits_per_byte(tokens * math.log(vocab_size), total_bytes) == pytest.approx(expected, abs=1e-9)
    assert bits_per_byte(4 * math.log(2), len("héllo".encode())) == pytest.approx(4 / 6, abs=1e-9)


def test_measures_of_a_byte_tokenizer_are_known(byte: Encoder):
    measures = measure(byte, ["ab ab", "", "c"])
    assert (measures.documents, measures.words, measures.tokens, measures.total_bytes) == (3, 3, 6, 6)
    assert measures.bytes_per_token == 1
    assert measures.fertility == 2
    assert measures.vocabulary_use == 4 / 256
    assert measures.renyi_efficiency == renyi_efficiency(np.array([2, 2, 1, 1]), vocab_size=256)


def test_measures_of_bpe_and_words(bpe: Encoder, word: Encoder, source: list[str], sentences: list[str]):
    measures = measure(bpe, source)
    assert measures.tokens == sum(map(len, bpe.encode_batch(source)))
    assert measures.total_bytes == sum(len(text.encode()) for text in source)
    assert measures.fertility == measures.tokens / len(" ".join(source).split())
    assert measure(word, sentences).fertility == 1
    assert measure(word, sentences).vocabulary_use == 1


def test_no_word_to_measure(byte: Encoder):
    with pytest.raises(SourceError, match="no word"):
        measure(byte, ["", " "])


def test_byte_parity_on_flores(byte: Encoder, shared_data: Path):
    def tokens(language: str) -> int:
        path = shared_data / "flores200" / "dev" / f"{language}.dev.gz"
        return len(byte.encode(gzip.decompress(path.read_bytes()).decode()))

    english = tokens("eng_Latn")
    measured = {language: round(parity(tokens(language), english), 3) for language in BYTE_PARITY}
    assert measured == BYTE_PARITY


def test_what_a_model_sees_of_words_and_letters(byte: Encoder, word: Encoder):
    by_byte = measure(byte, ["ab abc a", "x"])
    assert by_byte.continued_word_share == 0.5  # ab, abc
    assert by_byte.single_token_share == 0  # the space is a token of its own
    assert (by_byte.letters_alone, by_byte.letters_per_token) == (1, 1)
    by_word = measure(word, ["the newt does sleep .", "the yaks"])
    assert (by_word.continued_word_share, by_word.single_token_share, by_word.letters_alone) == (0, 1, 0)
    assert by_word.letters_per_token == (3 + 4 + 4 + 5 + 3 + 4) / 6
    assert by_word.characters_per_token == 29 / 7


def test_compressors_stand_beside(byte: Encoder, source: list[str]):
    measures = measure(byte, source)
    joined = "".join(source).encode()
    assert measures.gzip_ratio == pytest.approx(len(joined) / len(zlib.compress(joined, 6)), rel=0.01)
    assert 2 < measures.zstd_ratio < 10
    assert measure(byte, ["ab" * 50_000]).gzip_ratio > 100


def test_characters_are_not_bytes(byte: Encoder):
    measures = measure(byte, ["日本 日"])
    assert measures.bytes_per_token == 1
    assert measures.characters_per_token == 4 / 10
    assert math.isnan(measures.letters_alone)
