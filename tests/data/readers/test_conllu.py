from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from seedbed.data.readers.conllu import ConlluReader
from seedbed.errors import SourceError

SHARED = Path(__file__).parents[4] / "shared" / "data" / "ud" / "en_ewt" / "en_ewt-ud-dev.conllu.gz"


def row(id_: str, form: str, misc: str = "_") -> str:
    return "\t".join([id_, form, *["_"] * 7, misc]) + "\n"


PAPER = (
    "# newdoc id = a\n# text = One.\n" + row("1", "One", "SpaceAfter=No") + row("2", ".") + "\n"
    "# text = Two.\n" + row("1", "Two", "SpaceAfter=No") + row("2", ".") + "\n"
    "# newpar\n# text = Three.\n" + row("1", "Three") + "\n"
    "# newdoc id = b\n# newpar\n"
    + row("1-2", "don't")
    + row("1", "do")
    + row("2", "n't")
    + row("2.1", "go")
    + row("3", "go", "SpaceAfter=No")
    + row("4", "!")
)


@pytest.fixture
def read(tmp_path):
    def texts(content: str, **how):
        (tmp_path / "a.conllu").write_text(content, encoding="utf-8")
        return [document.text for document in ConlluReader([str(tmp_path / "a.conllu")], **how).run()]

    return texts


def test_sentences_are_joined_by_document(read):
    assert read(PAPER) == ["One. Two.\nThree.", "don't go!"]


def test_or_given_one_by_one(read):
    assert read(PAPER, sentences=True) == ["One.", "Two.", "Three.", "don't go!"]


def test_a_file_without_documents_is_one(read):
    assert read(PAPER.replace("# newdoc id = a\n", "").replace("# newdoc id = b\n", "")) == [
        "One. Two.\nThree.\ndon't go!"
    ]


def test_a_row_with_missing_columns_is_named(read):
    with pytest.raises(SourceError, match=r"a\.conllu, line 4: 3 columns where CoNLL-U has 10"):
        read("# newdoc\n# text = x\n" + row("1", "x") + "2\tx\t_\n\n")


@pytest.mark.skipif(not SHARED.exists(), reason="the shared UD English-EWT dev file is not on this machine")
def test_english_ewt():
    content = gzip.decompress(SHARED.read_bytes()).decode()
    sentences = [document.text for document in ConlluReader([str(SHARED)], sentences=True).run()]
    assert sentences == [
        line.removeprefix("# text = ") for line in content.splitlines() if line.startswith("# text = ")
    ]
    assert len(sentences) == 2_001
    documents = list(ConlluReader([str(SHARED)]).run())
    assert len(documents) == content.count("# newdoc id")
    assert sum(len(d.text.split()) for d in documents) == sum(len(text.split()) for text in sentences)
