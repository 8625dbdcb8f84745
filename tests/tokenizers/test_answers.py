from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.errors import SourceError
from seedbed.tokenizers.answers import answer_bytes, check_answers
from seedbed.tokenizers.encoder import Encoder
from seedbed.tokenizers.store import build_token_store, open_tokens

KINDS = ["bpe", "byte", "word"]


def by_hand(encoder, text, start, end):
    """Tokens with a byte in [start, end), and whether they hold more than that and white space before it."""
    joint = 1 if encoder.kind == "word" else 0
    touched, bytes_, place = [], b"", 0
    for number, token in enumerate(encoder.encode(text)):
        piece = encoder.token_bytes[token]
        if place < end and place + len(piece) > start:
            bytes_ += (b" " if joint and touched else b"") + piece
            touched.append(number)
        place += len(piece) + joint
    asked = text.encode()[start:end].lstrip(b" \n\t\r\v\f")
    # The space after a word belongs to no token of a word tokenizer.
    widened = bytes_.lstrip(b" \n\t\r\v\f") != (asked.rstrip() if joint else asked)
    return touched[0], touched[-1] + 1, widened


@settings(deadline=None, max_examples=60)
@given(data=st.data())
@pytest.mark.parametrize("kind", KINDS)
def test_spans_are_those_found_token_by_token(kind, request, tmp_path_factory, data):
    encoder: Encoder = request.getfixturevalue(kind)
    known = ["the", "newt", "does", "sleep", ".", "yaks"]
    word = st.sampled_from(known) if kind == "word" else st.text(min_size=1, max_size=5)
    texts = data.draw(st.lists(st.lists(word, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=4))
    spans = np.full((len(texts), 2), -1)
    widened = 0
    for number, text in enumerate(texts):
        if data.draw(st.booleans()):
            start = data.draw(st.integers(0, len(text.encode()) - 1))
            end = data.draw(st.integers(start + 1, len(text.encode())))
            if kind == "word" and not text.encode()[start:end].strip():
                continue  # the space between two words is no word's
            spans[number] = start, end
    out = tmp_path_factory.mktemp("store")
    receipt = build_token_store(texts, len(texts), encoder, out, answers=spans)
    store = open_tokens(out)
    for number, text in enumerate(texts):
        if spans[number, 0] < 0:
            assert store.answer_spans is None or store.answer_spans[number].tolist() == [-1, -1]
        else:
            begin, end, cut = by_hand(encoder, text, *spans[number].tolist())
            assert store.answer_spans[number].tolist() == [begin, end]
            widened += cut
    assert (receipt.answers, receipt.answers_widened) == (int((spans[:, 0] >= 0).sum()), widened)


def test_white_space_before_an_answer_is_no_cut_and_a_joint_token_is(bpe, tmp_path):
    text = "re self"
    assert [bpe.token_bytes[token] for token in bpe.encode(text)] == [b"re", b" self"]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = build_token_store([text], 1, bpe, tmp_path / "a", answers=np.array([[3, 7]]))
    assert (whole.answers, whole.answers_widened) == (1, 0)
    cut = build_token_store([text], 1, bpe, tmp_path / "b", answers=np.array([[4, 7]]))
    assert (cut.answers, cut.answers_widened) == (1, 1)
    for name in "ab":
        assert open_tokens(tmp_path / name).answer_spans.tolist() == [[1, 2]]


def test_batches_change_no_span(byte, tmp_path_factory, monkeypatch):
    texts = [f"{n} + {n} = {2 * n}" for n in range(50)]
    spans = np.array([[text.index("=") + 2, len(text)] for text in texts])
    seen = set()
    for size in (1, 3, 10**6):
        monkeypatch.setattr("seedbed.tokenizers.store.BATCH_DOCUMENTS", size)
        out = tmp_path_factory.mktemp("store")
        receipt = build_token_store(texts, 50, byte, out, answers=spans)
        seen.add((receipt, (out / "answers.npy").read_bytes()))
    assert len(seen) == 1
    assert (open_tokens(out).answer_spans == spans).all()


def test_the_digest_sees_the_answers_and_stores_without_any_are_as_before(byte, tmp_path_factory):
    def digest(answers):
        return build_token_store(["abc"], 1, byte, tmp_path_factory.mktemp("store"), answers=answers).sha256

    assert len({digest(None), digest(np.array([[0, 1]])), digest(np.array([[0, 2]]))}) == 3


@pytest.mark.parametrize("span", [[0, 5], [2, 2], [3, 1], [-1, 2], [1, -1]])
def test_a_span_that_is_not_in_its_text_is_refused(span, byte, tmp_path):
    spans = np.array([[0, 1], span])
    with pytest.raises(SourceError, match=r"^document 1 marks bytes .* of its 4 as the answer; mend"):
        build_token_store(["abcd", "abcd"], 2, byte, tmp_path, answers=spans)


def test_a_space_between_words_is_no_answer_of_a_word_tokenizer(word, tmp_path):
    with pytest.raises(SourceError, match="document 0 marks a space between two words as the answer"):
        build_token_store(["the yaks"], 1, word, tmp_path, answers=np.array([[3, 4]]))


@pytest.mark.parametrize("kind", KINDS)
def test_empty_documents_mark_none(kind, request, tmp_path):
    encoder = request.getfixturevalue(kind)
    build_token_store(["", "the yaks", ""], 3, encoder, tmp_path, answers=np.array([[-1, -1], [4, 8], [-1, -1]]))
    spans = open_tokens(tmp_path).answer_spans
    assert spans[[0, 2]].tolist() == [[-1, -1]] * 2
    pieces = [encoder.token_bytes[token] for token in encoder.encode("the yaks")]
    assert b"".join(pieces[slice(*spans[1].tolist())]).strip() == b"yaks"


def test_answers_of_a_catalogue():
    columns = {"answer_start": pa.array([None, 3], pa.int32()), "answer_end": pa.array([None, 5], pa.int32())}
    assert answer_bytes(pa.table(columns)).tolist() == [[-1, -1], [3, 5]]
    none = pa.table({name: pa.nulls(2, pa.int32()) for name in columns})
    assert answer_bytes(none) is None


def test_rows_without_an_answer_are_refused_and_others_are_not():
    spans = np.array([[0, 1], [-1, -1], [2, 3]])
    check_answers(spans, np.array([0, 2, 2]), "sums")
    with pytest.raises(SourceError, match=r"1 of the 2 documents chosen of 'sums' mark no answer.*loss_on='all'"):
        check_answers(spans, np.array([0, 1]), "sums")
    with pytest.raises(SourceError, match=r"2 of the 2 documents"):
        check_answers(None, np.array([0, 1]), "sums")
    check_answers(None, np.array([], dtype=np.int64), "sums")


def test_golden_digest(byte, tmp_path):
    """By hand: ids, offsets, then spans in tokens, -1 where there is none; raise TOKENS_JOIN_VERSION with a change."""
    ids = np.array([0x61 + 1, 0, 0xC3 + 1, 0xA9 + 1, 0], dtype="<u2")
    parts = [ids, np.array([0, 2, 5], dtype="<i8"), np.array([[-1, -1], [0, 2]], dtype="<i8")]
    expected = hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()
    receipt = build_token_store(["a", "é"], 2, byte, tmp_path, answers=np.array([[-1, -1], [0, 2]]))
    assert (receipt.sha256, receipt.answers, receipt.answers_widened) == (expected, 1, 0)
