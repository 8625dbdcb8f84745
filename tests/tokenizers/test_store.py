import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as LibraryTokenizer
from tokenizers import normalizers

from seedbed.errors import SourceError, StoreError
from seedbed.tokenizers import store as module
from seedbed.tokenizers.encoder import Encoder
from seedbed.tokenizers.recipes import END_OF_DOCUMENT
from seedbed.tokenizers.store import LosslessCheck, build_token_store, open_tokens

KINDS = ["bpe", "byte", "word"]


def test_documents_come_back_in_order(bpe: Encoder, source: list[str], tmp_path: Path):
    receipt = build_token_store(iter(source), len(source), bpe, tmp_path)
    store = open_tokens(tmp_path)
    assert store.documents == len(source)
    assert (store.eos_id, store.vocab_size, store.ids.dtype) == (0, 1024, np.uint16)
    for row, text in enumerate(source):
        ids = store.ids[store.offsets[row] : store.offsets[row + 1]]
        assert ids[-1] == store.eos_id
        assert ids[:-1].tolist() == bpe.encode(text)
    assert np.count_nonzero(store.ids == store.eos_id) == len(source)
    assert receipt.tokens == len(store.ids) == store.offsets[-1]
    assert receipt.total_bytes == sum(len(text.encode()) for text in source)
    assert receipt.bytes_per_token == receipt.total_bytes / (receipt.tokens - len(source))
    assert receipt.vocabulary_used == len(np.unique(store.ids))
    assert (receipt.dtype, receipt.vocab_size, receipt.eos_id) == ("uint16", 1024, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_empty_documents_are_only_their_end(kind: str, request: pytest.FixtureRequest, tmp_path: Path):
    receipt = build_token_store(["", "sleep", "", ""], 4, request.getfixturevalue(kind), tmp_path)
    store = open_tokens(tmp_path)
    assert np.diff(store.offsets).tolist() == [1, receipt.tokens - 3, 1, 1]
    assert store.ids[0] == store.ids[-1] == store.eos_id


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("texts", [[], [""]])
def test_nothing_to_store(kind: str, texts: list[str], request: pytest.FixtureRequest, tmp_path: Path):
    receipt = build_token_store(texts, len(texts), request.getfixturevalue(kind), tmp_path)
    store = open_tokens(tmp_path)
    assert (receipt.tokens, receipt.total_bytes, receipt.bytes_per_token) == (len(texts), 0, 0.0)
    assert (store.documents, store.ids.tolist()) == (len(texts), [0] * len(texts))


@pytest.mark.parametrize("kind", KINDS)
def test_batches_change_nothing(
    kind: str, sentences: list[str], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
):
    encoder: Encoder = request.getfixturevalue(kind)
    seen = set()
    for batch_bytes in (1, 30, 10**6):
        out = tmp_path_factory.mktemp("store")
        with patch.object(module, "BATCH_BYTES", batch_bytes):
            receipt = build_token_store(sentences * 5, 5 * len(sentences), encoder, out)
        seen.add((receipt, (out / "ids.bin").read_bytes(), (out / "offsets.npy").read_bytes()))
    assert len(seen) == 1


def test_cores_change_nothing(
    bpe: Encoder, source: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
):
    receipts = set()
    for parallel in ("true", "false"):
        monkeypatch.setenv("TOKENIZERS_PARALLELISM", parallel)
        with patch.object(module, "BATCH_BYTES", 500):
            receipts.add(build_token_store(source, len(source), bpe, tmp_path_factory.mktemp("store")))
    assert len(receipts) == 1


def test_the_digest_sees_where_documents_end(byte: Encoder, tmp_path_factory: pytest.TempPathFactory):
    digests = {
        build_token_store(texts, 2, byte, tmp_path_factory.mktemp("store")).sha256
        for texts in (["ab", "c"], ["a", "bc"], ["abc", ""])
    }
    assert len(digests) == 3


def test_golden_digest(byte: Encoder, tmp_path: Path):
    # Computed by hand: uint16 little-endian ids (byte + 1, ends 0), then int64 little-endian offsets.
    import hashlib

    ids = np.array([0x61 + 1, 0, 0xC3 + 1, 0xA9 + 1, 0], dtype="<u2")
    expected = hashlib.sha256(ids.tobytes() + np.array([0, 2, 5], dtype="<i8").tobytes()).hexdigest()
    assert build_token_store(["a", "é"], 2, byte, tmp_path).sha256 == expected
    assert (tmp_path / "ids.bin").read_bytes() == ids.tobytes()


@pytest.mark.parametrize(
    ("normalizer", "text", "message"),
    [
        (normalizers.Lowercase(), "def Name(self):", "at byte 4 b'Name(self):' became b'name(self):'"),
        (normalizers.Strip(), "a  ", "at byte 1 b'␣␣' became b''"),
        (normalizers.Replace("x", "xx"), "axb", "at byte 2 b'b' became b'xb'"),
        (normalizers.NFC(), "cafe\u0301", "at byte 3 b'e\\xcc\\x81' became b'\\xc3\\xa9'"),
    ],
)
def test_a_lossy_tokenizer_is_refused_with_the_first_lost_span(
    normalizer: normalizers.Normalizer, text: str, message: str, bpe: Encoder, tmp_path: Path
):
    library = LibraryTokenizer.from_str(bpe.library.to_str())
    library.normalizer = normalizer
    with pytest.raises(SourceError) as error:
        build_token_store(["fine", "", text, "fine"], 4, Encoder(library, "bpe"), tmp_path)
    assert str(error.value).startswith("document 2 ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@settings(deadline=None)
@given(data=st.data(), texts=st.lists(st.text(max_size=8), min_size=1))
def test_the_check_agrees_with_joining_token_by_token(
    bpe: Encoder, byte: Encoder, data: st.DataObject, texts: list[str]
):
    encoder = data.draw(st.sampled_from([bpe, byte]))
    ids, lengths = encoder.encode_flat(texts)
    check = LosslessCheck(encoder)
    assert check(texts, ids, lengths) == sum(len(text.encode()) for text in texts)
    ids, lengths = ids.copy(), lengths.copy()
    if len(ids) and data.draw(st.booleans()):
        ids[data.draw(st.integers(0, len(ids) - 1))] = data.draw(st.integers(0, encoder.vocab_size - 1))
    if len(texts) > 1 and data.draw(st.booleans()):
        move = data.draw(st.integers(0, int(lengths[0])))
        lengths[0] -= move
        lengths[1] += move
    starts = np.cumsum(lengths) - lengths
    given = [b"".join(encoder.token_bytes[t] for t in ids[s : s + n]) for s, n in zip(starts, lengths, strict=True)]
    lost = [number for number, text in enumerate(texts) if given[number] != text.encode()]
    if lost:
        with pytest.raises(SourceError, match=f"^document {lost[0] + 5} is not given back"):
            check(texts, ids, lengths, first=5)
    else:
        check(texts, ids, lengths)


def test_the_check_of_words_sees_another_word(word: Encoder):
    ids, lengths = word.encode_flat(["the newt", "", "the yaks"])
    assert LosslessCheck(word)(["the newt", "", "the yaks"], ids, lengths) == 16
    ids[3] = ids[1]
    with pytest.raises(SourceError, match=r"document 2 .* at byte 4 b'yaks' became b'newt'"):
        LosslessCheck(word)(["the newt", "", "the yaks"], ids, lengths)


def test_a_document_that_words_cannot_hold_is_numbered(word: Encoder, tmp_path: Path):
    with patch.object(module, "BATCH_BYTES", 10), pytest.raises(SourceError, match=r"^document 7: 'dance'"):
        build_token_store(["the newt"] * 7 + ["the dance"], 8, word, tmp_path)


@pytest.mark.parametrize(("announced", "message"), [(2, "more texts than the 2"), (4, "3 texts, not the 4")])
def test_another_number_of_texts_than_announced(announced: int, message: str, byte: Encoder, tmp_path: Path):
    with pytest.raises(StoreError, match=message):
        build_token_store(["a", "b", "c"], announced, byte, tmp_path)


def test_a_fault_of_the_source_passes_through(byte: Encoder, tmp_path: Path):
    def broken() -> Iterator[str]:
        yield "abc"
        raise SourceError("line 2 is damaged")

    with pytest.raises(SourceError, match="line 2 is damaged"):
        build_token_store(broken(), 2, byte, tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_one_line(byte: Encoder, tmp_path: Path):
    (tmp_path / "ids.bin").symlink_to("/dev/full")
    with pytest.raises(StoreError, match="free some space"):
        build_token_store(["abc" * 10_000], 1, byte, tmp_path)


@pytest.mark.parametrize("damage", ["tokens.json", "offsets.npy", "ids.bin", "short ids", "other count", "bad json"])
def test_a_damaged_store_is_refused(damage: str, byte: Encoder, tmp_path: Path):
    build_token_store(["abc", "d"], 2, byte, tmp_path)
    about = tmp_path / "tokens.json"
    if damage == "short ids":
        (tmp_path / "ids.bin").write_bytes((tmp_path / "ids.bin").read_bytes()[:-2])
    elif damage == "other count":
        about.write_text(json.dumps(json.loads(about.read_text()) | {"documents": 3}))
    elif damage == "bad json":
        about.write_text("{")
    else:
        (tmp_path / damage).unlink()
    with pytest.raises(StoreError, match="remove it and run again"):
        open_tokens(tmp_path)


def test_memory_does_not_grow_with_the_text(byte: Encoder, tmp_path: Path):
    text = "The memory map is written batch by batch.\n" * 500

    def peak(documents: int) -> int:
        tracemalloc.start()
        build_token_store((text for _ in range(documents)), documents, byte, tmp_path)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(10)
    assert peak(600) < 1.3 * peak(150)  # 12 MB and 3 MB of text


def test_the_special_tokens_characters_are_text(bpe: Encoder, byte: Encoder, tmp_path: Path):
    for encoder in (bpe, byte):
        build_token_store([END_OF_DOCUMENT * 3], 1, encoder, tmp_path)
        assert np.count_nonzero(open_tokens(tmp_path).ids == encoder.eos_id) == 1
