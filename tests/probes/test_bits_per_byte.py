import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seedbed.errors import SourceError
from seedbed.probes.base import Material
from seedbed.probes.baselines import SameEverywhere, constant_logits
from seedbed.probes.bits_per_byte import PreparedBitsPerByte, bits_per_byte, first_bytes, pieces, quantised
from seedbed.probes.recipes import BitsPerByte


def test_four_tokens_of_one_bit_on_six_bytes():
    assert len("héllo".encode()) == 6
    assert bits_per_byte(4 * math.log(2), 6) == pytest.approx(2 / 3, abs=1e-12)


def test_uniform_over_256_bytes_is_8_bits(encoders, sentences):
    encoder = encoders["byte"]
    logits = torch.zeros(257)
    logits[encoder.eos_id] = float("-inf")
    texts = {"grammar": sentences[:20], "accents": ["héllo", "naïve\n"]}
    scalars = (
        PreparedBitsPerByte("bits-per-byte", texts, encoder, context=30).measure(SameEverywhere(logits), 0).scalars
    )
    for part in ("grammar", "accents", "total"):
        assert scalars[f"bits-per-byte/{part}"] == pytest.approx(8.0, abs=1e-6)


def test_uniform_over_a_vocabulary_is_its_bits_times_tokens_per_byte(encoder, sentences):
    texts = sentences[:20]
    measured = PreparedBitsPerByte("b", {"g": texts}, encoder, context=16).measure(
        constant_logits(encoder.vocab_size), 0
    )
    tokens = sum(map(len, encoder.encode_batch(texts)))
    size = sum(len(text.encode()) for text in texts)
    assert measured.scalars["b/g"] == pytest.approx(tokens / size * math.log2(encoder.vocab_size), abs=1e-6)
    assert sum(measured.items["tokens"].to_pylist()) == tokens
    assert sum(measured.items["bytes"].to_pylist()) == size


def test_documents_are_scored_token_by_token_from_the_first_to_the_last(encoder, sentences, toys):
    model = toys.Recurrent(encoder.vocab_size).eval()
    measured = PreparedBitsPerByte("b", {"g": sentences[:5]}, encoder, context=200).measure(model, 0)
    for nats, text in zip(measured.items["nats"].to_pylist(), sentences[:5], strict=True):
        expected = -toys.naive_logprobs(model, [encoder.eos_id, *encoder.encode_batch([text])[0]]).sum()
        assert nats == pytest.approx(expected, abs=1e-3)


def test_a_piece_begins_with_the_token_before_it(encoders, toys):
    encoder = encoders["byte"]
    model = toys.Attentive(257, context=5)
    measured = PreparedBitsPerByte("b", {"g": ["abcdefghij"]}, encoder, context=4).measure(model, 0)
    tokens = [encoder.eos_id, *encoder.encode_batch(["abcdefghij"])[0]]
    expected = -sum(toys.naive_logprobs(model, tokens[start : start + 5]).sum() for start in (0, 4, 8))
    assert measured.scalars["b/g.nats"] == pytest.approx(expected, abs=1e-4)


@given(st.integers(0, 60), st.integers(1, 20), st.integers(0, 25))
def test_pieces_score_every_token_once_within_the_context(length, context, reread):
    reread = min(reread, context - 1)
    tokens = list(range(length + 1))
    cut = pieces(tokens, context, reread)
    assert [token for piece in cut for token in piece.tokens[piece.first :]] == tokens[1:]
    assert all(piece.fed <= context for piece in cut)
    assert all(piece.first == reread + 1 for piece in cut[1:])


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1e4)), min_size=1), st.randoms(use_true_random=False))
def test_slices_add_up_to_the_total_exactly_in_any_order(documents, random):
    nats = quantised(np.array([value for _, value in documents]))
    source = np.array([of for of, _ in documents])
    order = np.array(random.sample(range(len(nats)), len(nats)))
    slices = [float(nats[source == of].sum()) for of in random.sample(range(4), 4)]
    assert sum(slices) == nats.sum() == nats[order].sum()
    assert np.abs(nats - [value for _, value in documents]).max() <= 2**-21


def test_slices_of_a_measurement_add_up_exactly(encoder, sentences, toys):
    texts = {"one": sentences[:7], "other": sentences[7:30], "third": sentences[30:41]}
    model = toys.Recurrent(encoder.vocab_size)
    scalars = PreparedBitsPerByte("b", texts, encoder, context=20).measure(model, 0).scalars
    for unit in ("nats", "bytes"):
        assert sum(scalars[f"b/{part}.{unit}"] for part in texts) == scalars[f"b/total.{unit}"]
    assert scalars["b/total"] == bits_per_byte(scalars["b/total.nats"], int(scalars["b/total.bytes"]))


def test_the_table_numbers_documents_by_component(encoders, sentences):
    texts = {"one": sentences[:2], "other": sentences[2:5]}
    table = PreparedBitsPerByte("b", texts, encoders["word"], context=40).measure(constant_logits(80), 0).items
    assert table["source"].to_pylist() == ["one"] * 2 + ["other"] * 3
    assert table["document"].to_pylist() == [0, 1, 0, 1, 2]
    assert b"end of the document after the last token is not scored" in table.schema.metadata[b"conventions"]


def test_documents_are_taken_whole_while_they_fit():
    assert first_bytes(["abcd", "ef", "g"], 6) == ["abcd", "ef"]
    assert first_bytes(["abcd", "efg", "h"], 6) == ["abcd"]
    assert first_bytes(["ab", "cd"], 100) == ["ab", "cd"]
    assert first_bytes([], 5) == []


def test_a_first_document_that_is_too_long_is_cut_before_white_space():
    assert first_bytes(["one two three", "x"], 10) == ["one two"]
    assert first_bytes(["zwölfer"], 4) == ["zwö"]
    assert first_bytes(["äää"], 3) == ["ä"]


def test_every_tokenizer_is_scored_on_the_same_bytes(encoders, sentences, workbench):
    recipe = BitsPerByte(bytes_per_source=900)
    sizes = set()
    for encoder in encoders.values():
        prepared = recipe.prepare(Material(encoder, 64, workbench, {"g": sentences}))
        sizes.add(prepared.measure(constant_logits(encoder.vocab_size), 0).scalars["bits-per-byte/g.bytes"])
    (size,) = sizes
    assert 0 < size <= 900


def test_components_without_text_and_texts_that_would_be_lost_are_refused(encoders):
    with pytest.raises(SourceError, match="'empty' has no held-out text; raise its heldout_share"):
        PreparedBitsPerByte("b", {"empty": [""]}, encoders["byte"], context=8)
    with pytest.raises(SourceError, match="called 'total'"):
        PreparedBitsPerByte("b", {"total": ["a"]}, encoders["byte"], context=8)

    class Lossy:
        vocab_size, eos_id = 2, 0
        starts_with_space = np.array([True, True])

        def encode_batch(self, texts):
            return [[1] * len(text) for text in texts]

        def decode(self, ids):
            return "?" * len(ids)

    with pytest.raises(SourceError, match=r"loses some of a document of 'g'.*kind 'bpe' or 'byte'"):
        PreparedBitsPerByte("b", {"g": ["abc"]}, Lossy(), context=8)


def test_a_model_that_broke_down_gives_no_number(encoders):
    model = SameEverywhere(torch.full((257,), float("nan")))
    assert math.isnan(
        PreparedBitsPerByte("b", {"g": ["abc"]}, encoders["byte"], context=8).measure(model, 0).scalars["b/g"]
    )
