from __future__ import annotations

import gzip
import math

import pytest

from seedbed.data.difficulty.recipes import Difficulty
from seedbed.data.difficulty.texts import (
    Rarity,
    Readability,
    compression,
    flesch,
    mtld,
    size_bytes,
    text_measure,
    tokens_of,
    words,
)
from seedbed.errors import UnknownNameError


def test_length_in_words_and_bytes():
    assert words("the  newt\nsleeps .") == 4
    assert size_bytes("né") == 3


def test_mtld_of_one_repeated_word_is_two():
    assert mtld(["a"] * 10) == 2.0
    assert mtld(["a"] * 10_000) == 2.0


def test_mtld_of_distinct_words_is_their_number():
    assert mtld([str(i) for i in range(37)]) == 37.0
    assert mtld(["a"]) == 1.0


def test_mtld_counts_what_is_left_as_part_of_a_run():
    # Forward: a b a b falls to .5 after the fourth word (a b a is .67 already, below .72, after the third): one run,
    # then one word with ratio 1, which counts 0. Backward the same.
    assert mtld(list("abab")) == 4.0
    # a b c a: 3/4 = .75 stays; the rest counts (1 - .75) / .28 of a run.
    assert mtld(list("abca")) == pytest.approx(4 / (0.25 / 0.28))


def test_a_ratio_of_exactly_the_threshold_goes_on():
    tokens = [str(i) for i in range(18)] + ["0"] * 7  # 18 / 25 = .72
    rest = (1 - 0.72) / (1 - 0.72)
    forward = 25 / rest
    # Backward: 0 0 is .5, so runs of two; 3 runs of the first six zeros, then 0 with 17 others and 0 again.
    backward = 25 / (3 + (1 - 18 / 19) / (1 - 0.72))
    assert mtld(tokens) == pytest.approx((forward + backward) / 2)


def test_flesch_of_one_word_of_one_syllable_is_121_22():
    assert flesch(1, 1, 1) == pytest.approx(121.22)
    assert Readability("en")("cat") == pytest.approx(-121.22)


def test_readability_counts_sentences_words_and_syllables():
    measure = Readability("en")
    assert [measure.syllables(word) for word in ("cat", "table", "readability")] == [1, 2, 4]
    # Two sentences, five words, six syllables; the number is no word.
    assert measure("The cat sat. A table! 42") == pytest.approx(-flesch(2, 5, 6))
    assert measure("A cat . A dog .") < measure("A readability cat notwithstanding a dog")
    with pytest.raises(UnknownNameError, match="hyphenation dictionary"):
        Readability("zz")


def test_compression_sees_windows_of_one_size():
    assert len(gzip.compress(b"", 6, mtime=0)) == 20
    data = "abcdefgh" * 32
    one = len(gzip.compress(data.encode(), 6, mtime=0)) / 256
    assert compression(data, 256) == one
    assert compression(data * 5, 256) == one
    # A last window ends with the text: the same 256 bytes turned by four give the same size.
    assert compression(data + "abcdefgh", 256) == pytest.approx(one, abs=2 / 256)
    assert math.isnan(compression(data[:-1], 256))


def test_rarity_is_the_negative_log_probability():
    import wordfreq

    the, newt = (-math.log(wordfreq.word_frequency(word, "en")) for word in ("the", "newt"))
    assert Rarity("en", mean=False)("The newt .") == pytest.approx(the + newt)
    assert Rarity("en", mean=True)("The newt .") == pytest.approx((the + newt) / 2)
    assert Rarity("en", mean=True)("zzqqxx") == pytest.approx(-math.log(1e-9))
    with pytest.raises(UnknownNameError, match="word list of wordfreq"):
        Rarity("xx", mean=True)


@pytest.mark.parametrize("measure", ["rarity", "rarity_sum", "compression", "mtld", "readability"])
def test_a_text_with_nothing_to_measure_has_no_score(measure):
    assert math.isnan(text_measure(Difficulty(measure))(" ... "))


def test_measures_that_need_more_than_a_text_are_none():
    assert text_measure(Difficulty("surprisal")) is None
    assert text_measure(Difficulty("embedding_depth")) is None


def test_words_are_found_without_punctuation():
    assert tokens_of("It's well-known: 42, ÉTÉ!") == ["it's", "well-known", "42", "été"]
