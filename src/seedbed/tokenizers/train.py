"""Training tokenizers: text in, one `tokenizer.json` out.

Every file can be loaded by the `tokenizers` library and by what is built on it. There is no normalisation and no
unknown token: what a tokenizer cannot write is refused, never replaced. The end of document is entry 0 of the
vocabulary and no string that is searched for in texts (see encoder.py).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Regex, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as LibraryTokenizer

from seedbed.errors import RecipeError, SourceError
from seedbed.tokenizers.byte_level import CHARACTER_OF_BYTE
from seedbed.tokenizers.encoder import TOKENIZER_FILE, lost_word, utf8
from seedbed.tokenizers.recipes import END_OF_DOCUMENT, Kind, Pieces, Tokenizer

# A word with the space before it; of more white space, all but the last character, as GPT-2's pattern has it.
WORDS = r" ?\S+|\s+(?!\S)|\s+"
FEWEST_OCCURRENCES = 2  # a pair that occurs once is a fact about one place, not about the language


@dataclass(frozen=True)
class TokenizerReceipt:
    """What a training gave.

    documents, total_bytes: the text it read, in documents and UTF-8 bytes (none for "byte", which learns nothing).
    sha256: of tokenizer.json.
    """

    kind: Kind
    vocab_size: int
    documents: int
    total_bytes: int
    sha256: str


def train_tokenizer(recipe: Tokenizer, texts: Iterable[str], out: Path) -> TokenizerReceipt:
    """Train a tokenizer on texts and write it to `out/tokenizer.json`; `out` is there already.

    The file's bytes depend on the recipe, on how often each word occurs in the texts (not on the order of the texts,
    on threads or on the machine) and on the version of the `tokenizers` library. BPE cuts texts into the recipe's
    `pieces`, counts pairs of bytes within them, and merges the most frequent pair first (ties: the pair with the
    smaller ids), so a smaller vocabulary is the beginning of a larger one trained on the same text. Words are numbered
    by frequency (ties: by code point).

    Errors: RecipeError, if the text supports fewer tokens than asked for; SourceError, for text that is not Unicode
    or, with words, not of words between single spaces; what `texts` itself raises.
    """
    counted = _Counted(texts)
    if recipe.kind == "bpe":
        form = _bpe(recipe, counted)
    elif recipe.kind == "word":
        form = _words(recipe, counted)
    else:
        form = _as_form(_library(models.BPE(vocab=_byte_vocabulary(), merges=[]), None))
    content = (json.dumps(form, ensure_ascii=False, indent=1) + "\n").encode()
    (out / TOKENIZER_FILE).write_bytes(content)
    return TokenizerReceipt(
        kind=recipe.kind,
        vocab_size=len(form["model"]["vocab"]),
        documents=counted.documents,
        total_bytes=counted.total_bytes,
        sha256=hashlib.sha256(content).hexdigest(),
    )


class _Counted:
    """Texts that are counted while they pass."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = texts
        self.documents = 0
        self.total_bytes = 0

    def __iter__(self) -> Iterator[str]:
        for text in self.texts:
            self.total_bytes += len(utf8(text, self.documents))
            self.documents += 1
            yield text


def _bpe(recipe: Tokenizer, texts: _Counted) -> dict[str, Any]:
    asked = recipe.vocab_size or 0
    library = _library(models.BPE(), recipe.pieces)
    trainer = trainers.BpeTrainer(
        vocab_size=asked,
        min_frequency=FEWEST_OCCURRENCES,
        special_tokens=[END_OF_DOCUMENT],
        initial_alphabet=list(CHARACTER_OF_BYTE),
        show_progress=False,
    )
    library.train_from_iterator(iter(texts), trainer)
    reached = library.get_vocab_size()
    if reached < asked:
        raise RecipeError(
            f"tokenizer {recipe.name!r}: vocab_size = {asked} is larger than its text supports "
            f"({texts.total_bytes:,} bytes give {reached} tokens); ask for {reached} or fewer, or give it more text"
        )
    return _as_form(library)


def _words(recipe: Tokenizer, texts: _Counted) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    for number, text in enumerate(texts):
        words = text.split()
        if " ".join(words) != text:
            raise SourceError(f"tokenizer {recipe.name!r}: {lost_word(text, set(words), number)}")
        counts.update(words)
    if not counts:
        raise SourceError(f"tokenizer {recipe.name!r}: its text holds no word; give it text to learn from")
    if END_OF_DOCUMENT in counts:
        raise SourceError(
            f"tokenizer {recipe.name!r}: its text holds the word {END_OF_DOCUMENT!r}, which closes documents; "
            "write that word in another way, or use kind 'bpe' or 'byte'"
        )
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    vocabulary = {word: token for token, word in enumerate([END_OF_DOCUMENT, *ordered])}
    library = LibraryTokenizer(models.WordLevel(vocab=vocabulary))
    library.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return _as_form(library)


def _byte_vocabulary() -> dict[str, int]:
    return {END_OF_DOCUMENT: 0} | {character: byte + 1 for byte, character in enumerate(CHARACTER_OF_BYTE)}


def _library(model: models.BPE, pieces: Pieces | None) -> LibraryTokenizer:
    """pieces: None for one piece per text."""
    library = LibraryTokenizer(model)
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pieces == "gpt2")
    if pieces == "whitespace":
        words = pre_tokenizers.Split(Regex(WORDS), behavior="isolated")
        library.pre_tokenizer = pre_tokenizers.Sequence([words, library.pre_tokenizer])
    library.decoder = decoders.ByteLevel()
    return library


def _as_form(library: LibraryTokenizer) -> dict[str, Any]:
    form: dict[str, Any] = json.loads(library.to_str())
    # An added token would be searched for in every text, and a text that holds its characters would lose them.
    form["added_tokens"] = []
    return form
