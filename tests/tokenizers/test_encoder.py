import gzip
import json
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seedbed.errors import SourceError, StoreError
from seedbed.tokenizers import encoder as module
from seedbed.tokenizers.encoder import Encoder, load_encoder
from seedbed.tokenizers.recipes import END_OF_DOCUMENT, tokenizer
from seedbed.tokenizers.train import train_tokenizer

AWKWARD = st.text(st.sampled_from(" \n\t\r\x0b\x1c\x85\xa0\u2028\u3000a'sR9é€😀\0\u0301|<>")) | st.text()


@settings(deadline=None)
@given(text=AWKWARD)
@example(text="")
@example(text=f"{END_OF_DOCUMENT} {END_OF_DOCUMENT}")
@example(text="\ufeff\x00\uffff\U0010ffff")
def test_nothing_is_lost(bpe: Encoder, bpe_words: Encoder, byte: Encoder, text: str):
    for encoder in (bpe, bpe_words, byte):
        ids = encoder.encode(text)
        assert encoder.decode(ids) == text
        assert b"".join(encoder.token_bytes[token] for token in ids) == text.encode()
        assert encoder.eos_id not in ids


@settings(deadline=None)
@given(texts=st.lists(AWKWARD))
def test_ids_are_the_librarys(bpe: Encoder, bpe_words: Encoder, byte: Encoder, texts: list[str]):
    for encoder in (bpe, bpe_words, byte):
        assert encoder.encode_batch(texts) == [encoder.library.encode(text).ids for text in texts]


def test_word_ids_are_the_librarys(word: Encoder, sentences: list[str]):
    assert word.encode_batch(sentences) == [word.library.encode(text).ids for text in sentences]


@settings(deadline=None)
@given(data=st.data())
def test_known_words_between_single_spaces_are_not_lost(word: Encoder, data: st.DataObject):
    words = [piece.decode() for piece in word.token_bytes if piece]
    text = " ".join(data.draw(st.lists(st.sampled_from(words))))
    ids = word.encode(text)
    assert word.decode(ids) == text
    assert b" ".join(word.token_bytes[token] for token in ids) == text.encode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("the  newt", "at character 4 the spacing '␣␣"),
        (" the", "at character 0 the spacing"),
        ("the ", "at character 4 the spacing"),
        ("the\nnewt", "at character 0 the spacing 'the\\nnewt'"),
        ("the newt does dance .", "'dance' at character 14 is not in"),
        (f"the {END_OF_DOCUMENT}", "at character 4 is not in"),
        ("the \ud800", "at character 4 is not in"),
    ],
)
def test_words_refuse_what_they_would_lose(word: Encoder, text: str, message: str):
    with pytest.raises(SourceError) as error:
        word.encode_flat(["the", text], first=7)
    assert str(error.value).startswith("document 8: ")
    assert message in str(error.value)


@pytest.mark.parametrize("kind", ["bpe", "byte"])
def test_lone_surrogates_are_refused(kind: str, request: pytest.FixtureRequest):
    with pytest.raises(SourceError, match="document 1 holds a lone surrogate at character 2"):
        request.getfixturevalue(kind).encode_batch(["fine " * 50_000, "no\udc80"])


def test_flat_ids_and_lengths(bpe: Encoder):
    texts = ["", "a b", "", "héllo wörld", ""]
    flat, lengths = bpe.encode_flat(texts)
    assert flat.dtype == bpe.dtype == np.uint16
    assert lengths.tolist() == [len(bpe.library.encode(text).ids) for text in texts]
    assert flat.tolist() == [token for text in texts for token in bpe.library.encode(text).ids]
    flat, lengths = bpe.encode_flat([])
    assert (len(flat), len(lengths)) == (0, 0)


@settings(deadline=None)
@given(texts=st.lists(AWKWARD), size=st.integers(1, 9))
def test_long_texts_are_cut_where_no_token_changes(bpe: Encoder, bpe_words: Encoder, texts: list[str], size: int):
    with patch.object(module, "LONG_TEXT", size):
        for encoder in (bpe, bpe_words):
            assert encoder.encode_batch(texts) == [encoder.library.encode(text).ids for text in texts]
        assert all("".join(module.cut_long(text)) == text for text in texts)


def test_a_book_is_cut(bpe: Encoder, source: list[str]):
    book = "\n\n".join(source)
    assert len(module.cut_long(book)) == 2
    assert bpe.encode_batch(["", book, "a"]) == [bpe.library.encode(text).ids for text in ("", book, "a")]


def test_merges_stay_within_pieces(bpe: Encoder, bpe_words: Encoder):
    assert bpe_words.token_bytes.count(b" don't") == 1
    assert not any(b"'t" in piece[1:] and piece[:1].isalpha() for piece in bpe.token_bytes)
    for encoder in (bpe, bpe_words):
        assert not any(piece.strip() and b" " in piece[1:] for piece in encoder.token_bytes)


def test_bytes_of_tokens(bpe: Encoder, bpe_words: Encoder, byte: Encoder, word: Encoder):
    for encoder in (bpe, bpe_words, byte, word):
        assert (encoder.eos_id, encoder.token_bytes[0], len(encoder.token_bytes)) == (0, b"", encoder.vocab_size)
        assert len(set(encoder.token_bytes)) == encoder.vocab_size
    assert set(byte.token_bytes) == {b""} | {bytes([value]) for value in range(256)}
    assert set(byte.token_bytes) <= set(bpe.token_bytes)


def test_starts_with_space(bpe: Encoder, byte: Encoder, word: Encoder):
    for encoder in (bpe, byte):
        expected = [not piece or piece[:1].isspace() for piece in encoder.token_bytes]
        assert encoder.starts_with_space.tolist() == expected
    assert word.starts_with_space.all()
    assert byte.starts_with_space.sum() == 7


def test_ends_of_documents_and_halves_of_characters_in_decode(byte: Encoder):
    euro = byte.encode("€")
    assert byte.decode([byte.eos_id, *euro, byte.eos_id]) == "€"
    assert byte.decode(euro[:2]) == "\ufffd"


@pytest.mark.parametrize(
    ("size", "dtype"), [(2, np.uint8), (256, np.uint8), (257, np.uint16), (65536, np.uint16), (65537, np.uint32)]
)
def test_the_smallest_type_that_holds_the_vocabulary(size: int, dtype: type, tmp_path: Path):
    vocabulary = {END_OF_DOCUMENT: 0} | {f"w{token}": token for token in range(1, size)}
    form = {"version": "1.0", "added_tokens": [], "normalizer": None, "post_processor": None, "decoder": None}
    form |= {"truncation": None, "padding": None, "pre_tokenizer": {"type": "WhitespaceSplit"}}
    form |= {"model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"}}
    (tmp_path / "tokenizer.json").write_text(json.dumps(form))
    flat, _ = load_encoder(tmp_path).encode_flat([f"w1 w{size - 1}"])
    assert (flat.dtype, flat.tolist()) == (dtype, [1, size - 1])


@pytest.mark.parametrize("content", [None, "", "{}", "[]", "\xff", '{"model": {"type": "BPE", "vocab": {}}}'])
def test_a_damaged_file_is_one_line(content: str | None, tmp_path: Path):
    if content is not None:
        (tmp_path / "tokenizer.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(StoreError, match="build the tokenizer again"):
        load_encoder(tmp_path)


def test_a_file_with_gaps_is_refused(word: Encoder, tmp_path: Path):
    form = json.loads(word.library.to_str())
    form["model"]["vocab"].pop("newt")
    (tmp_path / "tokenizer.json").write_text(json.dumps(form))
    with pytest.raises(StoreError, match="has gaps"):
        load_encoder(tmp_path)


def test_no_language_of_flores_loses_anything(bpe: Encoder, byte: Encoder, shared_data: Path):
    paths = sorted((shared_data / "flores200" / "dev").glob("*.dev.gz"))
    assert len(paths) >= 28
    for path in paths:
        texts = gzip.decompress(path.read_bytes()).decode().splitlines()[:50]
        for encoder in (bpe, byte):
            assert [encoder.decode(ids) for ids in encoder.encode_batch(texts)] == texts


def test_words_hold_the_published_question_formation_set(shared_data: Path, tmp_path: Path):
    path = shared_data / "question_formation" / "en" / "question.dev.tsv.gz"
    texts = gzip.decompress(path.read_bytes()).decode().replace("\t", " ").splitlines()
    train_tokenizer(tokenizer("word"), texts, tmp_path)
    trained = load_encoder(tmp_path)
    assert [trained.decode(ids) for ids in trained.encode_batch(texts)] == texts
    assert trained.vocab_size < 100
