"""Parses from labels, grammars and treebanks."""

from itertools import pairwise
from pathlib import Path

import pytest

from seedbed.data.grammar.recipe import Grammar
from seedbed.errors import SourceError
from seedbed.probes.attention_syntax_texts import distinct, grammar_texts, parsed, treebank_texts
from seedbed.workbench import Workbench


def sentence(word: str) -> str:
    return f"1\tthe\t_\t_\t_\t_\t2\tdet\t_\t_\n2\t{word}\t_\t_\t_\t_\t0\troot\t_\t_\n\n"


def test_words_lie_where_they_are_said_to_lie_or_between_spaces() -> None:
    labels = {"heads": [1, -1], "relations": ["det", "root"]}
    assert parsed("the newt", labels, "x").spans.tolist() == [[0, 3], [4, 8]]
    placed = parsed("thenewt", labels | {"word_starts": [0, 3], "word_ends": [3, 7]}, "x")
    assert placed.spans.tolist() == [[0, 3], [3, 7]]
    assert parsed("the newt", {"heads": None, "relations": None}, "x") is None
    with pytest.raises(SourceError, match="x: 'the newt sleeps' has 2 heads and 3 words"):
        parsed("the newt sleeps", labels, "x")


def test_texts_are_read_once_and_no_more_than_asked() -> None:
    labels = {"heads": [-1], "relations": ["root"]}
    some = [parsed(text, labels, "x") for text in ("a", "b", "a")] + [None, parsed("c", labels, "x")]
    assert [text.text for text in distinct(some, 9)] == ["a", "b", "c"]
    assert [text.text for text in distinct(some, 2)] == ["a", "b"]


def test_texts_of_a_grammar_are_its_first_documents() -> None:
    grammar = Grammar("english", split="held-out")
    few, more = grammar_texts(grammar, 5, Workbench()), grammar_texts(grammar, 9, Workbench())
    assert [text.text for text in more[:5]] == [text.text for text in few]
    assert len(more) == 9
    assert all(len(text.heads) == len(text.text.split()) for text in more)


def test_sentences_of_a_treebank_are_a_sample_that_grows(tmp_path: Path) -> None:
    for number, words in enumerate((("newt", "yak", "raven"), ("quail", "walrus", "newt"))):
        (tmp_path / f"{number}.conllu").write_text("".join(map(sentence, words)))
    every = [text.text for text in treebank_texts(".", 9, Workbench(tmp_path))]
    assert every == ["the newt", "the yak", "the raven", "the quail", "the walrus"]
    samples = [[text.text for text in treebank_texts(".", count, Workbench(tmp_path))] for count in range(1, 6)]
    for count, (few, more) in enumerate(pairwise(samples), start=1):
        assert len(few) == count
        assert set(few) < set(more)
        assert more == [text for text in every if text in more]
