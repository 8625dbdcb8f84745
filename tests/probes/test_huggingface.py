"""Small random models of transformers, saved and loaded as a person would have them."""

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from seedbed.errors import SourceError
from seedbed.probes.base import Material, SplitModel
from seedbed.probes.huggingface import HuggingFaceEncoder, adapt, load_huggingface
from seedbed.probes.recipes import MinimalPairs, QuestionFormation
from seedbed.probes.scoring import sequence_logprobs

TEXTS = ["the newt does sleep .", "the newt do sleep .", "my yaks don't eat", "héllo", "the newt does sleep ."]


def byte_level(vocab_size=280):
    library = Tokenizer(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=["<eos>"], initial_alphabet=alphabet, show_progress=False
    )
    library.train_from_iterator(TEXTS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=library, eos_token="<eos>")


def llama(vocab_size, **changes):
    fields = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=vocab_size, max_position_embeddings=128, **fields | changes))


@pytest.fixture(scope="module", autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("llama")
    tokenizer = byte_level()
    tokenizer.save_pretrained(out)
    # Larger than the usual start, so that tokens matter to each other.
    llama(len(tokenizer) + 3, initializer_range=0.5).bfloat16().save_pretrained(out)
    return out


@pytest.fixture(scope="module")
def loaded(folder):
    return load_huggingface(folder)


def test_a_loaded_model_is_float32_and_scored_as_tries(loaded):
    assert {weight.dtype for weight in loaded.model.parameters()} == {torch.float32}
    assert isinstance(loaded.model, SplitModel)
    assert not loaded.model.training
    assert loaded.context == 128
    assert loaded.encoder.vocab_size == loaded.model.model.config.vocab_size


@pytest.mark.parametrize("split", [True, False])
def test_scores_are_those_of_one_sequence_at_a_time(loaded, toys, split):
    model = loaded.model if split else torch.nn.Sequential(loaded.model)
    assert isinstance(model, SplitModel) == split
    scores = sequence_logprobs(model, loaded.encoder, TEXTS)
    for text, score in zip(TEXTS, scores, strict=True):
        tokens = [loaded.encoder.eos_id, *loaded.encoder.encode_batch([text])[0]]
        assert score == pytest.approx(toys.naive_logprobs(model, tokens).sum(), abs=1e-4)


def test_families_that_take_positions_and_masks_are_split_and_others_scored_whole(toys):
    gpt2 = adapt(GPT2LMHeadModel(GPT2Config(vocab_size=60, n_positions=64, n_embd=16, n_layer=2, n_head=2)).eval())
    bloom = adapt(BloomForCausalLM(BloomConfig(vocab_size=60, hidden_size=16, n_layer=2, n_head=2)).eval())
    assert isinstance(gpt2, SplitModel)
    assert not isinstance(bloom, SplitModel)


def test_a_model_that_does_more_than_its_output_matrix_is_not_split():
    class Capped(LlamaForCausalLM):
        def forward(self, *args, **kwargs):
            output = super().forward(*args, **kwargs)
            output.logits = 0.1 * torch.tanh(output.logits)
            return output

    config = llama(60, initializer_range=0.5).config
    assert not isinstance(adapt(Capped(config).eval()), SplitModel)
    assert isinstance(adapt(LlamaForCausalLM(config).eval()), SplitModel)


def test_probes_run_on_it(loaded, workbench):
    for recipe in (QuestionFormation(items_per_set=3), MinimalPairs("a", "grammar:agreement", pairs_per_paradigm=3)):
        prepared = recipe.prepare(Material(loaded.encoder, loaded.context, workbench))
        scalars = prepared.measure(loaded.model, 0).scalars
        assert np.isfinite(list(scalars.values())).all()


def test_bytes_of_a_byte_level_tokenizer(loaded):
    encoder = loaded.encoder
    for text in TEXTS:
        (ids,) = encoder.encode_batch([text])
        assert b"".join(encoder.token_bytes[token] for token in ids) == text.encode()
        assert encoder.decode(ids) == text
    assert encoder.token_bytes[encoder.eos_id] == b""
    starts = {encoder.token_bytes[token] for token in np.flatnonzero(encoder.starts_with_space)}
    assert {b"", b" ", b"\n"} <= starts
    assert all(piece[:1].isspace() for piece in starts if piece)
    assert not encoder.starts_with_space[-3:].any(), "rows of the matrix that are no token"


def test_bytes_of_a_sentencepiece_tokenizer():
    pieces = ["<s>", "<0x0A>", "▁do", "es", "▁", "d", "o"]
    library = Tokenizer(models.BPE({piece: token for token, piece in enumerate(pieces)}, [], byte_fallback=True))
    library.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    library.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    encoder = HuggingFaceEncoder(PreTrainedTokenizerFast(tokenizer_object=library, bos_token="<s>"))
    assert encoder.eos_id == 0
    assert encoder.token_bytes == [b"", b"\n", b" do", b"es", b" ", b"d", b"o"]
    assert encoder.starts_with_space.tolist() == [True, True, True, False, True, False, False]


def test_tokens_of_a_word_tokenizer_all_begin_words():
    library = Tokenizer(models.WordLevel({"<eos>": 0, "do": 1, "newt": 2}, unk_token="<eos>"))
    library.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    encoder = HuggingFaceEncoder(PreTrainedTokenizerFast(tokenizer_object=library, eos_token="<eos>"))
    assert encoder.starts_with_space.all()
    assert encoder.encode_batch(["newt do"]) == [[2, 1]]


def test_padding_and_truncation_set_on_a_tokenizer_change_nothing():
    tokenizer = byte_level()
    expected = HuggingFaceEncoder(tokenizer).encode_batch(TEXTS)
    tokenizer.backend_tokenizer.enable_padding()
    tokenizer.backend_tokenizer.enable_truncation(2)
    assert HuggingFaceEncoder(tokenizer).encode_batch(TEXTS) == expected


def test_a_tokenizer_whose_words_cannot_be_told_is_refused_where_words_matter():
    library = Tokenizer(models.WordPiece({"<eos>": 0, "do": 1, "##es": 2}, unk_token="<eos>"))
    encoder = HuggingFaceEncoder(PreTrainedTokenizerFast(tokenizer_object=library, eos_token="<eos>"))
    with pytest.raises(SourceError, match="neither byte-level nor sentencepiece"):
        _ = encoder.starts_with_space


def test_a_tokenizer_without_a_token_to_begin_with_is_refused():
    library = Tokenizer(models.WordLevel({"do": 0}, unk_token="do"))
    with pytest.raises(SourceError, match="neither a beginning- nor an end-of-sequence token"):
        HuggingFaceEncoder(PreTrainedTokenizerFast(tokenizer_object=library))


def test_folders_that_hold_no_model_are_refused(tmp_path, folder):
    with pytest.raises(SourceError, match=r"has no config\.json; give such a folder"):
        load_huggingface(tmp_path)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    torch.save({"weight": torch.zeros(1)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(SourceError, match="cannot be loaded as a causal language model") as refused:
        load_huggingface(tmp_path)
    assert "\n" not in str(refused.value)
