import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from seedbed.errors import SeedbedError
from seedbed.probes.base import Material
from seedbed.probes.unscored import LeftOut, lacks, sort_out, training_words
from seedbed.workbench import Workbench


class Unknowing:
    """A tokenizer of single words that has a token for unknown ones, as those of Hugging Face do."""

    vocab_size, eos_id = 4, 0
    special_ids = frozenset({0, 3})
    starts_with_space = np.ones(4, np.bool_)

    def encode_batch(self, texts):
        return [[{"a": 1, "b": 2}.get(word, 3) for word in text.split()] for text in texts]

    def decode(self, ids):
        return " ".join("<ab?"[token] for token in ids)


def test_words_without_tokens_are_found_for_tokenizers_that_refuse_and_for_those_that_have_a_token_for_them(encoders):
    assert lacks("the quokka and the wombat sleep .", encoders["word"]) == ["quokka", "and", "wombat"]
    assert lacks("the quokka", encoders["byte"]) == []
    assert lacks("a c b c", Unknowing()) == ["c"]


def test_items_are_left_out_with_their_reason_and_the_others_stay_in_order():
    items = [("a b",), ("a c", "b"), ("b " * 9, "a"), ("b", "a a a")]
    kept, left_out = sort_out("p", items, Unknowing(), context=5)
    assert kept == [0, 3]
    assert [(each.reason, each.detail) for each in left_out.items] == [
        ("words that the tokenizer lacks", "c"),
        ("a length above the context of 5 tokens", "10 tokens"),
    ]
    assert left_out.scalars() == {"p/unscored": 2.0}
    assert left_out.note().startswith(
        "2 of 4 items are not scored: 1 for words that the tokenizer lacks (such as 'a c': c)"
    )
    table = left_out.table(pa.table({"x": [1]}), "said")
    assert table.schema.metadata[b"conventions"] == b"said"
    assert [each["item"] for each in json.loads(table.schema.metadata[b"unscored"])] == ["a c", "b " * 9]


def test_the_context_counts_what_is_fed_beside_the_text():
    assert sort_out("p", [("a a a",), ("a",)], Unknowing(), 4)[0] == [0, 1]
    assert sort_out("p", [("a a a",), ("a",)], Unknowing(), 4, margin_tokens=2)[0] == [1]


def test_nothing_is_said_where_nothing_is_left_out():
    kept, left_out = sort_out("p", [("a",)], Unknowing(), 4)
    assert (kept, left_out.note(), left_out.scalars()) == ([0], "", {})
    assert left_out.table(pa.table({"x": [1]}), "said").schema.metadata == {b"conventions": b"said"}
    assert sort_out("p", [], Unknowing(), 4)[1] == LeftOut("p", (), 0)


def test_a_probe_of_which_nothing_is_left_is_refused():
    with pytest.raises(SeedbedError, match=r"p: none of its 2 items can be scored: 2 for words that the tok"):
        sort_out("p", [("c",), ("d",)], Unknowing(), 4)


def test_words_that_training_had(tmp_path):
    documents = [np.array([1, 2, 0]), np.array([1, 0])]
    asked = SimpleNamespace(tokens=0)

    def training(tokens):
        asked.tokens = tokens
        return documents

    material = Material(Unknowing(), 8, Workbench(tmp_path), training_documents=training)
    assert training_words(material, 7) == {"a", "b"}
    assert asked.tokens == 7
    with pytest.raises(SeedbedError, match="needs a study"):
        training_words(Material(Unknowing(), 8, Workbench(tmp_path)), 7)
