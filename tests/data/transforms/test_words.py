from __future__ import annotations

import json

import pytest
from datatrove.data import Document
from datatrove.pipeline.writers import JsonlWriter
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.readers.base import SKIPPED
from seedbed.data.recipes import Component, Grammar
from seedbed.data.transforms.edits import word_spans
from seedbed.data.transforms.recipes import WordOrder
from seedbed.data.transforms.words import WordOrderer
from seedbed.errors import RecipeError


@st.composite
def parsed_documents(draw):
    words = draw(st.lists(st.text(alphabet="abé.", min_size=1, max_size=3), min_size=1, max_size=8))
    gaps = draw(st.lists(st.sampled_from(["", " ", "\n", "  "]), min_size=len(words), max_size=len(words)))
    marked = draw(st.booleans())
    text, starts = "", []
    for word, gap in zip(words, gaps, strict=True):
        starts.append(len(text))
        text += word + (gap if marked else gap or " ")
    heads = draw(st.lists(st.integers(-1, len(words) - 1), min_size=len(words), max_size=len(words)))
    metadata = {"heads": heads, "relations": [f"r{i}" for i in range(len(words))]}
    if marked:
        ends = [start + len(word) for start, word in zip(starts, words, strict=True)]
        metadata |= {"word_starts": starts, "word_ends": ends}
    return Document(text=text, id="0", metadata=metadata), words


def arcs(document: Document) -> list[tuple[str, str, str]]:
    """(word, relation, head's word or -): what the parse says, whatever the order."""
    words = [document.text[slice(*span)] for span in word_spans(document.text, document.metadata)]
    return sorted(
        (word, relation, words[head] if head >= 0 else "-")
        for word, head, relation in zip(words, document.metadata["heads"], document.metadata["relations"], strict=True)
    )


@given(parsed_documents(), st.sampled_from(["reversed", "shuffled"]), st.sampled_from(["document", "line"]))
def test_the_parse_stays_the_parse_and_all_comes_back(made, style, within):
    document, words = made
    block = WordOrderer(style, within=within, keep=True)
    changed = block.transformed(document)
    assert arcs(changed) == arcs(document)
    assert sorted(word for word, *_ in arcs(changed)) == sorted(words)
    back = block.undo(changed)
    assert back.text == document.text
    assert (back.metadata["heads"], back.metadata["relations"]) == (
        document.metadata["heads"],
        document.metadata["relations"],
    )
    assert word_spans(back.text, back.metadata) == word_spans(document.text, document.metadata)


def test_reversal_keeps_the_white_space_and_turns_every_arc():
    document = Document(
        text="the newt  does sleep .\n", id="0", metadata={"heads": [1, 3, 3, -1, 3], "relations": list("abcde")}
    )
    changed = WordOrderer("reversed").transformed(document)
    assert changed.text == ". sleep  does newt the\n"
    assert changed.metadata["heads"] == [1, -1, 1, 1, 3]
    assert changed.metadata["relations"] == list("edcba")
    assert "word_starts" not in changed.metadata
    lengths = [abs(head - word) for word, head in enumerate(document.metadata["heads"]) if head >= 0]
    new = [abs(head - word) for word, head in enumerate(changed.metadata["heads"]) if head >= 0]
    assert sorted(lengths) == sorted(new)


def test_lines_keep_their_words():
    block = WordOrderer("reversed", within="line")
    assert block.transformed(Document(text="a b c\nd e", id="0")).text == "c b a\ne d"


def test_an_answer_follows_its_words_or_is_taken_away():
    document = Document(text="q ? the answer", id="0", metadata={"answer_start": 4, "answer_end": 14})
    block = WordOrderer("reversed")
    changed = block.transformed(document)
    assert "answer_start" not in changed.metadata  # two words, now the other way round
    assert block.stats.stats["answers_lost"].total == 1
    assert block.undo(changed) == document
    single = Document(text="q ? ant", id="0", metadata={"answer_start": 4, "answer_end": 7})
    changed = block.transformed(single)
    assert (changed.text, changed.metadata["answer_start"], changed.metadata["answer_end"]) == ("ant ? q", 0, 3)


def test_shuffles_are_of_the_text_and_the_seed_and_every_order_comes_up():
    texts = [f"a b {number}" for number in range(300)]
    orders = set()
    for text in texts:
        changed = WordOrderer("shuffled", seed=7).transformed(Document(text=text, id="0")).text
        assert changed == WordOrderer("shuffled", seed=7).transformed(Document(text=text, id="1")).text
        orders.add(tuple(text.split().index(word) for word in changed.split()))
    assert len(orders) == 6
    other = [WordOrderer("shuffled", seed=8).transformed(Document(text=text, id="0")).text for text in texts]
    assert other != [WordOrderer("shuffled", seed=7).transformed(Document(text=text, id="0")).text for text in texts]
    block = WordOrderer("shuffled")
    with pytest.raises(RecipeError, match="keep=True"):
        block.undo(block.transformed(Document(text="a b c", id="0")))


def test_words_that_overlap_are_left_out_counted_and_written_with_the_reason(tmp_path):
    block = WordOrderer("reversed", exclusion_writer=JsonlWriter(str(tmp_path), compression=None))
    overlapping = Document(text="im Haus", id="0", metadata={"word_starts": [0, 0, 3], "word_ends": [2, 2, 7]})
    assert [each.text for each in block.run([overlapping, Document(text="a b", id="1")])] == ["b a"]
    assert block.stats.stats[SKIPPED + "overlapping words"].total == 1
    (path,) = tmp_path.iterdir()
    assert json.loads(path.read_text())["metadata"]["filter_reason"] == "overlapping words"


def test_a_grammars_parse_stays_in_the_catalogue(build):
    grammar = Grammar("english", documents=60)
    (plain, _), (turned, _) = (
        build(Component("c", source, heldout_share=0)) for source in ([grammar], [grammar, WordOrder("reversed")])
    )

    def parses(stored):
        syntax = stored.syntax().to_pylist()
        for text, parse in zip(stored.iter_texts(), syntax, strict=True):
            yield Document(text=text, id="", metadata={"heads": parse["heads"], "relations": parse["relations"]})

    assert sorted(map(arcs, parses(plain))) == sorted(map(arcs, parses(turned)))
    assert sorted(d.text for d in parses(plain)) == sorted(" ".join(reversed(d.text.split())) for d in parses(turned))
