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

from tokenizers import Tokenizer as LibraryTokenizer
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

from seedbed.errors import RecipeError, SourceError, StoreError
from seedbed.tokenizers.byte_level import CHARACTER_OF_BYTE
from seedbed.tokenizers.encoder import GOES_ON, EncoderKind, lost_word, utf8
from seedbed.tokenizers.existing_recipe import TOKENIZER_FILE
from seedbed.tokenizers.merges import digit_merges, size_to_train, without_dashes
from seedbed.tokenizers.pieces import pre_tokenizer
from seedbed.tokenizers.recipes import END_OF_DOCUMENT, AnyTokenizer, Tokenizer

FEWEST_OCCURRENCES = 2  # a pair that occurs once is a fact about one place, not about the language
LONGEST_WORD = 10_000  # longer pieces would be given up by the library; `pieces` leaves none so long in text
SCORE_DIGITS = 5  # of scores in nats: what float32 holds of them; sums over threads differ from the eleventh on
NEVER = -1e6  # a score that no piece with another way to write it is chosen at


@dataclass(frozen=True)
class TokenizerReceipt:
    """What a training gave.

    documents, total_bytes: the text it read, in documents and UTF-8 bytes (none for "byte", which learns nothing).
    sha256: of tokenizer.json.
    """

    kind: EncoderKind
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
    makers = {
        "bpe": _bpe,
        "unigram": _unigram,
        "wordpiece": _wordpiece,
        "word": _words,
        "character": _characters,
        "byte": _bytes,
    }
    form = makers[recipe.kind](recipe, counted)
    return _written(recipe.kind, form, out, counted.documents, counted.total_bytes)


def cut_tokenizer(
    recipe: AnyTokenizer, larger: Path, out: Path, *, documents: int, total_bytes: int
) -> TokenizerReceipt:
    """The first `recipe.vocab_size` tokens of a larger training, which is what a training of that size gives.

    larger: the folder of the training of size `recipe.cut_from`, the same in all else. documents, total_bytes: the text
    that it read. Errors: StoreError, if its file is missing or damaged.
    """
    assert isinstance(recipe, Tokenizer)
    assert recipe.vocab_size is not None
    try:
        form = json.loads((larger / TOKENIZER_FILE).read_text(encoding="utf-8"))
        names = sorted(form["model"]["vocab"], key=form["model"]["vocab"].__getitem__)
        merges = form["model"]["merges"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{larger.name} has no readable {TOKENIZER_FILE}; remove the folder and run again") from error
    dropped = len(names) - recipe.vocab_size
    form["model"]["vocab"] = {name: token for token, name in enumerate(names[: recipe.vocab_size])}
    form["model"]["merges"] = merges[: len(merges) - dropped]
    return _written(recipe.kind, form, out, documents, total_bytes)


def _written(kind: EncoderKind, form: dict[str, Any], out: Path, documents: int, total_bytes: int) -> TokenizerReceipt:
    content = (json.dumps(form, ensure_ascii=False, indent=1) + "\n").encode()
    (out / TOKENIZER_FILE).write_bytes(content)
    size = len(form["model"]["vocab"])
    return TokenizerReceipt(kind, size, documents, total_bytes, hashlib.sha256(content).hexdigest())


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
    """Learnt merges after those that the recipe states; asked for more than are kept where some may fall away."""
    stated = digit_merges(recipe.digit_group) if recipe.groups_digits else []
    strings = {left + right for left, right in stated}
    asked = recipe.cut_from or recipe.vocab_size or 0
    kept = list(texts) if recipe.dashes == "never merged" else texts
    size = asked - len(strings)
    while True:
        learnt = _learn_merges(recipe, kept, size)
        merges = without_dashes(learnt) if recipe.dashes == "never merged" else learnt
        reached = 1 + len(CHARACTER_OF_BYTE) + len(strings) + len(merges)
        if reached >= asked or len(learnt) < size - 1 - len(CHARACTER_OF_BYTE):
            break
        size = size_to_train(size, asked - reached)
    if reached < asked:
        raise RecipeError(_too_large(recipe, asked, reached, texts))
    most = (recipe.vocab_size or 0) - 1 - len(CHARACTER_OF_BYTE) - len(strings)
    names = [END_OF_DOCUMENT, *CHARACTER_OF_BYTE, *dict.fromkeys(left + right for left, right in stated)]
    names += [left + right for left, right in merges[:most]]
    library = _library(models.BPE(vocab={name: i for i, name in enumerate(names)}, merges=[*stated, *merges[:most]]))
    library.pre_tokenizer = pre_tokenizer(recipe)
    return _as_form(library, recipe)


def _learn_merges(recipe: Tokenizer, texts: Iterable[str], vocab_size: int) -> list[tuple[str, str]]:
    """The merges of a training, most frequent pair first; as many as the text supports."""
    library = _library(models.BPE())
    library.pre_tokenizer = pre_tokenizer(recipe, training=True)
    _normalise(library, recipe)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=FEWEST_OCCURRENCES,
        special_tokens=[END_OF_DOCUMENT],
        initial_alphabet=list(CHARACTER_OF_BYTE),
        show_progress=False,
    )
    library.train_from_iterator(iter(texts), trainer)
    merges: list[list[str]] = json.loads(library.to_str())["model"]["merges"]
    return [(left, right) for left, right in merges]


def _unigram(recipe: Tokenizer, texts: _Counted) -> dict[str, Any]:
    asked = recipe.vocab_size or 0
    library = _library(models.Unigram())
    library.pre_tokenizer = pre_tokenizer(recipe)
    _normalise(library, recipe)
    trainer = trainers.UnigramTrainer(
        vocab_size=asked,
        special_tokens=[END_OF_DOCUMENT],
        initial_alphabet=list(CHARACTER_OF_BYTE),
        show_progress=False,
    )
    seen: set[str] = set()
    library.train_from_iterator(_noting(texts, library.normalizer, seen), trainer)
    form = _as_form(library, recipe)
    scores = {name: round(score, SCORE_DIGITS) for name, score in form["model"]["vocab"] if name != END_OF_DOCUMENT}
    # Bytes that the text lacks get the lowest scores, in an order that the trainer draws anew each time.
    held = set("".join(seen).encode())
    lacking = [character for byte, character in enumerate(CHARACTER_OF_BYTE) if byte not in held]
    scores |= dict(zip(lacking, sorted(scores[name] for name in lacking), strict=True))
    pieces = sorted(scores.items(), key=lambda piece: (-piece[1], piece[0]))
    if len(pieces) + 1 < asked:
        raise RecipeError(_too_large(recipe, asked, len(pieces) + 1, texts))
    # A text may hold the name of the end of document; its pieces are always more likely than the token.
    form["model"]["vocab"] = [[END_OF_DOCUMENT, NEVER], *([name, score] for name, score in pieces)]
    return form


def _noting(texts: Iterable[str], normaliser: Any, seen: set[str]) -> Iterator[str]:
    """Texts as they are, every character that the trainer sees of them noted."""
    for text in texts:
        seen.update(text if normaliser is None else normaliser.normalize_str(text))
        yield text


def _wordpiece(recipe: Tokenizer, texts: _Counted) -> dict[str, Any]:
    asked = recipe.vocab_size or 0
    library = _library(models.WordPiece(unk_token=END_OF_DOCUMENT, max_input_chars_per_word=LONGEST_WORD))
    library.pre_tokenizer = pre_tokenizer(recipe)
    _normalise(library, recipe)
    single = [*CHARACTER_OF_BYTE, *(GOES_ON + character for character in CHARACTER_OF_BYTE)]
    trainer = trainers.WordPieceTrainer(
        vocab_size=asked,
        min_frequency=FEWEST_OCCURRENCES,
        # Left to itself the trainer numbers bytes that go on as it meets them, and ties go by numbers.
        special_tokens=[END_OF_DOCUMENT, *single],
        continuing_subword_prefix=GOES_ON,
        show_progress=False,
    )
    library.train_from_iterator(iter(texts), trainer)
    learnt = json.loads(library.to_str())["model"]["vocab"]
    names = sorted(learnt, key=learnt.__getitem__)
    if len(names) < asked:
        raise RecipeError(_too_large(recipe, asked, len(names), texts))
    form = _as_form(library, recipe)
    form["model"]["vocab"] = {name: token for token, name in enumerate(names[:asked])}
    return form


def _too_large(recipe: Tokenizer, asked: int, reached: int, texts: _Counted) -> str:
    field = "vocab_size" if recipe.cut_from is None else "cut_from"
    return (
        f"tokenizer {recipe.name!r}: {field} = {asked} is larger than its text supports "
        f"({texts.total_bytes:,} bytes give {reached} tokens); ask for {reached} or fewer, or give it more text"
    )


def _characters(recipe: Tokenizer, texts: _Counted) -> dict[str, Any]:
    """Every character of the text is a token, and every byte, for characters that the text lacks.

    A piece that is in the vocabulary is taken whole, so no merges are needed.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    longer = [character for character in counts if len(character.encode()) > 1]
    longer.sort(key=lambda character: (-counts[character], character))
    names = [END_OF_DOCUMENT, *CHARACTER_OF_BYTE]
    names += ["".join(CHARACTER_OF_BYTE[byte] for byte in character.encode()) for character in longer]
    vocabulary = {name: token for token, name in enumerate(names)}
    library = _library(models.BPE(vocab=vocabulary, merges=[], ignore_merges=True))
    library.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split("", behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return _as_form(library, recipe)


def _bytes(recipe: Tokenizer, texts: _Counted) -> dict[str, Any]:
    vocabulary = {name: token for token, name in enumerate([END_OF_DOCUMENT, *CHARACTER_OF_BYTE])}
    library = _library(models.BPE(vocab=vocabulary, merges=[]))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return _as_form(library, recipe)


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
    return _as_form(library, recipe)


def _library(model: Any) -> LibraryTokenizer:
    library = LibraryTokenizer(model)
    library.decoder = decoders.ByteLevel()
    return library


def _normalise(library: LibraryTokenizer, recipe: Tokenizer) -> None:
    made = {"nfc": normalizers.NFC, "nfkc": normalizers.NFKC, "lowercase": normalizers.Lowercase}
    if recipe.normalisation != "none":
        library.normalizer = made[recipe.normalisation]()


def _as_form(library: LibraryTokenizer, recipe: Tokenizer) -> dict[str, Any]:
    _normalise(library, recipe)
    form: dict[str, Any] = json.loads(library.to_str())
    # An added token would be searched for in every text, and a text that holds its characters would lose them.
    form["added_tokens"] = []
    return form
