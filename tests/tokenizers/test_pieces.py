import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.errors import RecipeError
from seedbed.tokenizers.pieces import alternation, morpheme_patterns, pre_tokenizer, read_morphemes
from seedbed.tokenizers.recipes import Tokenizer

TEXT = st.text(alphabet=st.sampled_from("ab 12\n\t'—–é日.<|>"), max_size=40)


def cut(text: str, **fields: object) -> list[str]:
    """Pieces of a text, by the places in it that they cover."""
    recipe = Tokenizer("bpe", vocab_size=2_000, **fields)  # type: ignore[arg-type]  # what a test writes
    pieces = pre_tokenizer(recipe).pre_tokenize_str(text)
    return [text[start:end] for _, (start, end) in pieces]


def test_digits_in_groups_as_published():
    assert cut("1234567", digits="left to right") == ["123", "456", "7"]
    assert cut("1234567", digits="right to left") == ["1", "234", "567"]
    assert cut("12+345", digits="right to left") == ["12", "+", "345"]
    assert cut("12345", digits="left to right", digit_group=2) == ["12", "34", "5"]
    assert cut("12345+678", digits="right to left", digit_group=2) == ["1", "23", "45", "+", "6", "78"]
    assert cut("x 1234", digits="single") == ["x", " ", "1", "2", "3", "4"]


def test_dashes():
    assert cut("a—b – c", dashes="isolated") == ["a", "—", "b", " ", "–", " c"]
    assert cut("a—b – c d", dashes="with neighbours") == ["a—b – c", " d"]
    assert cut("a—b – c") == ["a", "—", "b", " –", " c"]


def test_across_words_but_not_across_lines():
    assert cut("of the\n\nyak sleeps", pieces="none") == ["of the\n\n", "yak sleeps"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"pieces": "whitespace"},
        {"pieces": "none"},
        {"digits": "right to left", "dashes": "isolated"},
        {"dashes": "with neighbours", "digits": "single"},
    ],
)
@given(text=TEXT)
def test_no_character_is_lost(fields: dict[str, object], text: str):
    assert "".join(cut(text, **fields)) == text


def test_the_name_of_the_end_of_document_is_no_piece_of_wordpiece():
    recipe = Tokenizer("wordpiece", vocab_size=600, pieces="whitespace")
    pieces = [piece for piece, _ in pre_tokenizer(recipe).pre_tokenize_str("a <|endofdocument|>")]
    assert "<|endofdocument|>" not in "".join(pieces[:-1])
    assert pieces[-1] == "|endofdocument|>"


def test_morphemes_are_pieces_of_listed_words_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "tokenizers" / "morphemes").mkdir(parents=True)
    (tmp_path / "tokenizers" / "morphemes" / "small.txt").write_text(
        "# a list\nun|happi|ness\nwalk|ing\nwalk|er|s\nsing\n"
    )
    monkeypatch.chdir(tmp_path)
    assert cut("unhappiness, walking walkers sing", morphemes="small") == [
        "un",
        "happi",
        "ness",
        ",",
        " walk",
        "ing",
        " walk",
        "er",
        "s",
        " sing",
    ]
    assert cut("rewalking walkings Walking", morphemes="small") == ["rewalking", " walkings", " Walking"]


def test_a_line_that_is_no_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "tokenizers" / "morphemes").mkdir(parents=True)
    (tmp_path / "tokenizers" / "morphemes" / "bad.txt").write_text("walk|ing\nwalk||er\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match=r"bad\.txt, line 2: 'walk\|\|er' is not one word"):
        read_morphemes("bad")


def test_words_without_a_boundary_need_no_pattern():
    assert morpheme_patterns([["sing"]]) == []


@given(st.sets(st.text(alphabet="abc", min_size=1, max_size=5), min_size=1, max_size=8), st.text("abc", max_size=6))
def test_an_alternation_matches_its_words_alone(words: set[str], text: str):
    assert bool(re.fullmatch(alternation(sorted(words)), text)) == (text in words)
