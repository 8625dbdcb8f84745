"""Tokenizer files as others write them, each trained by the library on a few sentences."""

import json
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

TEXTS = ["Hello world, it is 1984 — naïve.", "the walk—which was long—ended", "def f(x):\n    return x + 1\n"] * 20
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def gpt2(**_: Any) -> Tokenizer:
    """Byte-level BPE, its special token the last of the vocabulary."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator(TEXTS, trainer)
    made.add_special_tokens(["<|endoftext|>"])
    return made


def llama3() -> Tokenizer:
    """Byte-level BPE that takes known pieces whole; several special tokens, and one that is ordinary text."""
    made = gpt2()
    form = json.loads(made.to_str())
    form["model"]["ignore_merges"] = True
    form["added_tokens"] = []
    made = Tokenizer.from_str(json.dumps(form))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r" ?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>"])
    made.add_tokens(["<think>"])
    made.add_special_tokens(["<|reserved|>"])
    return made


def llama2() -> Tokenizer:
    """Sentencepiece's BPE as it was converted first: a normaliser writes spaces, a text begins with one of its own."""
    made = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    trainer = trainers.BpeTrainer(
        vocab_size=450, special_tokens=["<unk>", "<s>", "</s>", *BYTES], show_progress=False, limit_alphabet=30
    )
    made.train_from_iterator(TEXTS, trainer)
    return _sentencepiece(made)


def metaspace() -> Tokenizer:
    """Sentencepiece's BPE as it is converted now: a pre-tokenizer writes spaces."""
    made = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    trainer = trainers.BpeTrainer(
        vocab_size=450, special_tokens=["<unk>", "<s>", "</s>", *BYTES], show_progress=False, limit_alphabet=30
    )
    made.train_from_iterator(TEXTS, trainer)
    return _sentencepiece(made)


def t5() -> Tokenizer:
    """Sentencepiece's Unigram without bytes: what it does not know becomes <unk>."""
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=80, special_tokens=["<unk>", "</s>"], unk_token="<unk>", show_progress=False
    )
    made.train_from_iterator(TEXTS, trainer)
    return made


def bert() -> Tokenizer:
    """WordPiece on lower-case words, whose white space is lost."""
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=120, special_tokens=["[UNK]", "[EOS]"], show_progress=False)
    made.train_from_iterator(TEXTS, trainer)
    return made


def lower() -> Tokenizer:
    """GPT-2's kind, but that it writes text in lower case first."""
    made = gpt2()
    made.normalizer = normalizers.Lowercase()
    return made


def words() -> Tokenizer:
    made = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.train_from_iterator(TEXTS, trainers.WordLevelTrainer(special_tokens=["[UNK]", "[EOS]"], show_progress=False))
    return made


def _sentencepiece(made: Tokenizer) -> Tokenizer:
    form = json.loads(made.to_str())
    form["added_tokens"] = [token for token in form["added_tokens"] if token["content"] not in BYTES]
    made = Tokenizer.from_str(json.dumps(form))
    parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    made.decoder = decoders.Sequence(parts)
    return made


def saved(made: Tokenizer, folder: Path, **config: Any) -> Path:
    """The file of a tokenizer in a folder, with a tokenizer_config.json if anything is to be in it."""
    folder.mkdir(parents=True, exist_ok=True)
    made.save(str(folder / "tokenizer.json"))
    if config:
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder / "tokenizer.json"
