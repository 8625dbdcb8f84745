from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.readers.conllu import ConlluReader, cycle
from seedbed.errors import SourceError

SHARED = Path(__file__).parents[4] / "shared" / "data" / "ud" / "en_ewt" / "en_ewt-ud-dev.conllu.gz"


UD = SHARED.parents[1]


def row(id_: str, form: str, misc: str = "_", head: str = "_", relation: str = "_") -> str:
    return "\t".join([id_, form, form.lower(), "X", "_", "A=b", head, relation, "_", misc]) + "\n"


def sentence(*heads: int, id_: str = "s") -> str:
    """A sentence of words a b c... with these heads, counted from 1."""
    forms = "abcdefghij"[: len(heads)]
    rows = [
        row(str(i + 1), form, head=str(head), relation="dep")
        for i, (form, head) in enumerate(zip(forms, heads, strict=True))
    ]
    return f"# sent_id = {id_}\n" + "".join(rows) + "\n"


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
    return lambda content, **how: [document.text for document in documents(tmp_path, content, **how)]


@pytest.fixture
def parsed(tmp_path):
    return lambda content, **how: [document.metadata for document in documents(tmp_path, content, **how)]


def documents(folder, content, **how):
    (folder / "a.conllu").write_text(content, encoding="utf-8")
    return list(ConlluReader([str(folder / "a.conllu")], **how).run())


def test_sentences_are_joined_by_document(read):
    assert read(PAPER) == ["One. Two.\nThree.", "don't go!"]


def test_or_given_one_by_one(read):
    assert read(PAPER, sentences=True) == ["One.", "Two.", "Three.", "don't go!"]


def test_a_file_without_documents_is_one(read):
    assert read(PAPER.replace("# newdoc id = a\n", "").replace("# newdoc id = b\n", "")) == [
        "One. Two.\nThree.\ndon't go!"
    ]


def test_a_row_with_missing_columns_is_named(read):
    with pytest.raises(SourceError, match=r"a\.conllu, sentence 1, line 4: 3 columns where CoNLL-U has 10"):
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


@pytest.mark.skipif(not UD.exists(), reason="the shared UD treebanks are not on this machine")
@pytest.mark.parametrize("treebank", ["en_ewt", "de_gsd", "fr_gsd", "fi_tdt", "ja_gsd", "ru_gsd", "tr_boun", "zh_gsd"])
def test_every_word_of_real_treebanks_has_its_head_and_its_place(treebank):
    (file,) = (UD / treebank).glob("*-dev.conllu.gz")
    lines = [line.split("\t") for line in gzip.decompress(file.read_bytes()).decode().splitlines()]
    rows = [columns for columns in lines if columns[0].isdigit()]
    whole = list(ConlluReader([str(file)]).run())
    heads = [head for document in whole for head in document.metadata["heads"]]
    assert len(heads) == len(rows)
    assert heads.count(-1) == sum(columns[6] == "0" for columns in rows)
    words = iter(rows)
    for document in whole:
        places = zip(document.metadata["word_starts"], document.metadata["word_ends"], strict=True)
        for start, end in places:
            form = next(words)[1]
            surface = document.text[start:end]
            assert surface and not surface[0].isspace()
            assert surface.lower() == form.lower() or len(surface) != len(form) or treebank != "en_ewt"


def test_a_parse_is_heads_relations_places_and_morphology(parsed):
    content = "# sent_id = one\n# text = I don't .\n" + row("1", "I", head="3", relation="nsubj")
    content += row("2-3", "don't") + row("2", "do", head="3", relation="aux")
    content += row("3", "n't", head="0", relation="root") + row("4", ".", head="3", relation="punct")
    assert parsed(content, sentences=True) == [
        {
            "item": "one",
            "heads": [2, 2, -1, 2],
            "relations": ["nsubj", "aux", "root", "punct"],
            "word_starts": [0, 2, 4, 8],
            "word_ends": [1, 4, 7, 9],
            "upos": ["X"] * 4,
            "lemmas": ["i", "do", "n't", "."],
            "features": ["A=b"] * 4,
        }
    ]


def test_words_that_do_not_spell_their_token_share_its_place(parsed):
    rows = (
        row("1-2", "du")
        + row("1", "de", head="2")
        + row("2", "le", head="0")
        + row("2.1", "x")
        + row("3", "y", head="2")
    )
    (document,) = parsed(rows)
    assert (document["word_starts"], document["word_ends"]) == ([0, 0, 3], [2, 2, 4])
    assert document["heads"] == [1, -1, 1]


def test_a_document_keeps_one_tree_per_sentence(parsed):
    (document,) = parsed("# newdoc id = d\n" + sentence(2, 0) + "# newpar\n" + sentence(0, 1, 2))
    assert document["heads"] == [1, -1, -1, 2, 3]
    assert document["word_starts"] == [0, 2, 4, 6, 8]
    assert document["item"] == "d"


def test_a_document_with_a_sentence_without_heads_has_no_parse(parsed):
    (document,) = parsed("# newdoc\n" + sentence(0) + row("1", "x") + "\n")
    assert document == {}


def test_long_documents_are_cut_between_sentences(tmp_path):
    found = documents(tmp_path, "# newdoc\n" + sentence(0, 1) * 60, document_bytes=64)
    assert {len(d.text) for d in found} == {63, 47}  # 16 sentences of 3 characters with 15 spaces between, and the rest
    assert all(len(d.metadata["heads"]) == len(d.text.split()) for d in found)
    assert sum(len(d.metadata["heads"]) for d in found) == 120


def test_parts_of_a_sentence_that_is_too_long_are_no_trees(tmp_path):
    rows = "".join(row(str(i), "word", head=str(i - 1)) for i in range(1, 30))
    found = documents(tmp_path, "# sent_id = s\n" + rows, sentences=True, document_bytes=64)
    assert [d.metadata for d in found] == [{"item": "s"}] * 3


@pytest.mark.parametrize(
    ("rows", "fault", "kind"),
    [
        (sentence(0, 3, 4, 2), r"line 4: the heads go round in a circle \(2 > 3 > 4 > 2\)", "with a cycle"),
        (sentence(1), r"line 3: the heads go round in a circle \(1 > 1\)", "with a cycle"),
        (
            sentence(0, 1, 9),
            r"line 5: the head of 3 'c' is 9, outside the sentence; .* 0 to 3",
            "with a head outside it",
        ),
        (sentence(2, 0, 0), r"line 5: 3 'c' is a second root after 2 'b'", "with two roots"),
        (sentence(0, 1, 1).replace("\n3\t", "\n5\t"), "line 5: id 5 where 3 comes next", "with ids out of order"),
        (sentence(0) + "1-3\tab" + "\t_" * 8 + "\n" + sentence(0), "range ends at 3", "with ids out of order"),
        ("# text = a c\n" + sentence(0, 1), r"the text goes on 'c' and not 'b'", "whose words are no text"),
        (sentence(0).replace("\t0\t", "\tx\t"), "head of 1 'a' is x", "with a head outside it"),
    ],
)
def test_a_faulty_sentence_is_named_or_counted_and_left_out(tmp_path, rows, fault, kind):
    content = "# newdoc\n" + rows + sentence(0, 1, id_="good")
    with pytest.raises(SourceError, match=r"a\.conllu, sentence (s|2).*" + fault + ".*mend the file"):
        documents(tmp_path, content)
    reader = ConlluReader([str(tmp_path / "a.conllu")], sentences=True, errors="skip")
    kept = list(reader.run())
    assert kept[-1].metadata["item"] == "good"
    assert reader.stats[f"skipped: CoNLL-U sentence {kind}"].total == 1


def test_what_a_faulty_sentence_opens_is_opened_by_the_next(read):
    content = sentence(0) + "# newdoc id = b\n" + sentence(0, 0) + sentence(0, 1, 1)
    assert read(content, errors="skip") == ["a", "a b c"]


@given(st.lists(st.integers(-1, 7), min_size=8, max_size=8))
def test_a_circle_is_found_where_a_word_comes_to_no_root(heads):
    def comes_to_root(word):
        for _ in heads:
            word = heads[word] if word >= 0 else word
        return word < 0

    ring = cycle(heads)
    assert bool(ring) == (not all(map(comes_to_root, range(8))))
    assert all(heads[word] == following for word, following in zip(ring, ring[1:] + ring[:1], strict=True))
