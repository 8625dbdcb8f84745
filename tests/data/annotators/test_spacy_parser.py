"""spaCy's part, with a model made here: a rule that parses every sentence as verb-final, saved to a folder."""

from __future__ import annotations

import sys

import pytest
import spacy
from datatrove.data import Document
from spacy.language import Language
from spacy.tokens import Doc

from seedbed.data.annotators.recipes import Annotate, Parsed
from seedbed.data.annotators.spacy_parser import SpacyParser
from seedbed.data.recipes import Component, Files
from seedbed.errors import SourceError


@Language.component("seedbed_test_parser")
def parse_by_rule(doc: Doc) -> Doc:
    """Every word depends on the last one before "." as its object, the first as subject; white space on its left."""
    last = max((token.i for token in doc if not token.is_punct and not token.is_space), default=0)
    heads = [token.i - 1 if token.is_space and token.i else last for token in doc]
    labels = ["dobj"] * len(doc)
    labels[0], labels[last] = "nsubjpass", "ROOT"
    return Doc(
        doc.vocab,
        words=[token.text for token in doc],
        spaces=[bool(token.whitespace_) for token in doc],
        heads=heads,
        deps=labels,
        pos=["VERB" if token.i == last else "NOUN" for token in doc],
        lemmas=[token.lower_ for token in doc],
        morphs=["Number=Sing"] * len(doc),
    )


@pytest.fixture
def model(workbench):
    nlp = spacy.blank("en")
    nlp.add_pipe("seedbed_test_parser")
    nlp.to_disk(workbench.root / "model")
    return "model"


def test_words_heads_and_places(workbench, model):
    (parser,) = Parsed(model).steps(workbench)
    (found,) = parser.run([Document("Dogs  cats\nsee .", "0")])
    assert found.metadata == {
        "heads": [2, 2, -1, 2],
        "relations": ["nsubj:pass", "obj", "root", "obj"],
        "word_starts": [0, 6, 11, 15],
        "word_ends": [4, 10, 14, 16],
        "upos": ["NOUN", "NOUN", "VERB", "NOUN"],
        "lemmas": ["dogs", "cats", "see", "."],
        "features": ["Number=Sing"] * 4,
    }


def test_in_a_component_with_annotators(build, jsonl, model):
    source = Files(jsonl("a.jsonl", ["Dogs never see anything .", "Dogs sleep ."]))
    component = Component("parsed", [source, Parsed(model), Annotate("npi", "depth")], language="en")
    one, _ = build(component)
    two, _ = build(component, tasks=2)
    assert one.id.tolist() == two.id.tolist()
    assert one.table().equals(two.table())
    rows = one.labels(range(2))
    assert sorted(row["embedding_depth"] for row in rows) == [0, 0]
    assert all(heads is not None for heads in one.syntax().column("heads").to_pylist())


def test_the_content_of_a_model_enters_the_identity_and_its_place_does_not(workbench, model):
    identity = Parsed(model).identity(workbench)
    assert identity["spacy_version"] == spacy.__version__
    (workbench.root / "model").rename(workbench.root / "moved")
    assert Parsed("moved").identity(workbench) == identity
    meta = workbench.root / "moved" / "meta.json"
    meta.write_text(meta.read_text().replace("0.0.0", "0.0.1"))
    assert Parsed("moved").identity(workbench) != identity


def test_a_model_that_is_not_there(workbench):
    for ask in (Parsed("en_core_web_xx").steps, Parsed("en_core_web_xx").identity):
        with pytest.raises(SourceError, match=r"'en_core_web_xx' is not installed; python -m spacy download"):
            ask(workbench)


def test_spacy_that_is_not_there(workbench, monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(SourceError, match=r'needs spaCy, which is not installed; pip install "seedbed\[spacy\]"'):
        Parsed().steps(workbench)


def test_a_model_without_a_parser(workbench):
    spacy.blank("en").to_disk(workbench.root / "blank")
    (parser,) = Parsed("blank").steps(workbench)
    with pytest.raises(SourceError, match="parses nothing; take one with a parser"):
        list(parser.run([Document("a b", "0")]))


def test_a_text_that_is_too_long(workbench, model):
    (parser,) = Parsed(model).steps(workbench)
    with pytest.raises(SourceError, match=r"has 1,000,001 characters .* cut it with document_bytes="):
        list(parser.run([Document("a" * 1_000_001, "0")]))


def test_a_damaged_model(workbench, model):
    (workbench.root / model / "config.cfg").unlink()
    with pytest.raises(SourceError, match=r"the spaCy model cannot be loaded .* install it again"):
        list(SpacyParser(str(workbench.root / model)).run([Document("a", "0")]))
