import json

import pytest

from seedbed.errors import SourceError
from seedbed.tokenizers.token_files import bytes_of_tokens, special_tokens, unknown_tokens, writing
from tests.tokenizers import files


@pytest.mark.parametrize(
    ("make", "way"),
    [
        (files.gpt2, "byte-level"),
        (files.llama3, "byte-level"),
        (files.llama2, "sentencepiece"),
        (files.metaspace, "sentencepiece"),
        (files.t5, "sentencepiece"),
        (files.words, "words"),
        (files.bert, None),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_how_tokens_are_written(make, way):
    assert writing(json.loads(make().to_str())) == way


def test_special_tokens_are_told_from_added_text():
    made = files.llama3()
    form = json.loads(made.to_str())
    first = made.get_vocab_size() - 4
    assert special_tokens(form) == {"<|begin_of_text|>": first, "<|end_of_text|>": first + 1, "<|reserved|>": first + 3}
    assert made.token_to_id("<think>") == first + 2


def test_the_unknown_token_by_name_and_by_number():
    for made in (files.llama2(), files.t5()):
        assert unknown_tokens(json.loads(made.to_str()), made.get_vocab()) == [made.token_to_id("<unk>")]
    assert unknown_tokens(json.loads(files.gpt2().to_str()), files.gpt2().get_vocab()) == []


def test_bytes_of_each_way():
    form = {"model": {"type": "BPE"}, "decoder": {"type": "ByteLevel"}, "added_tokens": [{"content": "é"}]}
    vocabulary = {"Ġthe": 0, "Ã©": 1, "é": 2, "<s>": 4}
    assert bytes_of_tokens(form, vocabulary, {4}, 5) == [b" the", "é".encode(), "é".encode(), b"", b""]
    form = {"model": {"type": "BPE"}, "pre_tokenizer": {"type": "Metaspace"}}
    assert bytes_of_tokens(form, {"▁the": 0, "<0xE2>": 1, "<0xe2>": 2}, (), 3) == [b" the", b"\xe2", b"<0xe2>"]
    form = {"model": {"type": "WordPiece", "continuing_subword_prefix": "##"}, "decoder": {"type": "ByteLevel"}}
    assert bytes_of_tokens(form, {"Ġwalk": 0, "##ing": 1}, (), 2) == [b" walk", b"ing"]


def test_a_file_that_does_not_say_its_bytes_is_refused():
    with pytest.raises(SourceError, match="neither byte-level nor sentencepiece's"):
        bytes_of_tokens(json.loads(files.bert().to_str()), {"a": 0}, (), 1)
    form = {"model": {"type": "BPE"}, "decoder": {"type": "ByteLevel"}}
    with pytest.raises(SourceError, match="'日' is not written in the byte-level alphabet"):
        bytes_of_tokens(form, {"日": 0}, (), 1)
