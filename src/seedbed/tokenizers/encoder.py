"""Text to token ids and back, with the exact bytes of every token.

An `Encoder` wraps a tokenizer file of the `tokenizers` library. BPE runs in that library, on the cores that
TOKENIZERS_PARALLELISM and RAYON_NUM_THREADS allow it. Bytes and words are looked up here, in one pass each, with the
ids that the library would give.

The end-of-document token is never produced from text: the file holds it as an entry of the vocabulary that no merge
reaches, not as a string that is searched for. So a document that contains the characters `<|endofdocument|>` is
ordinary text, also for others who load the file. (Whoever declares it as a special token of a transformers tokenizer
passes `split_special_tokens=True` to keep it so.)
"""

from __future__ import annotations

import json
import re
import shutil
from array import array
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer as LibraryTokenizer

from seedbed.errors import SourceError, StoreError
from seedbed.tokenizers.byte_level import token_to_bytes
from seedbed.tokenizers.existing_recipe import TOKENIZER_FILE
from seedbed.tokenizers.pieces import JOINED_BY_DASHES, LINES
from seedbed.tokenizers.recipes import END_OF_DOCUMENT, Kind
from seedbed.tokenizers.token_files import bytes_of_tokens, special_tokens, unknown_tokens, writing

CONFIG_FILE = "tokenizer_config.json"
"""Stands beside the file of an existing tokenizer and names its end of document, as transformers reads it."""
GOES_ON = "…"
"""What marks a "wordpiece" token that goes on within a word; no character of the byte-level alphabet."""
WHITESPACE = b" \t\n\r\v\f"

SOME_WORD = "a"
LONG_TEXT = 100_000
WORD_BORDER = re.compile(r"(?<=\S)[ \n]")
LINE_BORDER = re.compile(r"(?<=\n)(?=[^\n])")

EncoderKind = Kind | Literal["existing"]
Ids = npt.NDArray[np.unsignedinteger[Any]]
Lengths = npt.NDArray[np.int64]


class Encoder:
    """One tokenizer, ready for use.

    kind: as in its recipe. vocab_size: tokens, the end of document included. end_of_document, eos_id: the token that
    closes a document (of our kinds always the first). dtype: the smallest unsigned type that holds the ids.
    token_bytes[i]: the UTF-8 bytes of token i, b"" for the end of document and for others that stand for no text.

    separator.join of the bytes of a text's tokens is the text in UTF-8 (the separator is b" " for "word", else b""),
    but that existing tokenizers of sentencepiece begin every text with a space of their own: prefix is b" " where the
    first word of a text is written as after a space ("word" too), else b"".
    """

    def __init__(self, library: LibraryTokenizer, kind: EncoderKind, end_of_document: str = END_OF_DOCUMENT) -> None:
        self.kind: EncoderKind = kind
        self.library = library
        self.end_of_document = end_of_document
        vocabulary = library.get_vocab()
        self.vocab_size = max(vocabulary.values()) + 1
        self.eos_id: int = vocabulary[end_of_document]
        self.dtype: np.dtype[np.unsignedinteger[Any]] = np.min_scalar_type(self.vocab_size - 1)
        self.separator = b" " if kind == "word" else b""
        self.prefix = self.separator
        if kind == "existing":
            self._take_as_it_is(vocabulary)
            return
        to_bytes = str.encode if kind == "word" else _piece_to_bytes
        self.token_bytes = [b""] * self.vocab_size
        for name, token in vocabulary.items():
            if token != self.eos_id:
                self.token_bytes[token] = to_bytes(name)

    @cached_property
    def starts_with_space(self) -> npt.NDArray[np.bool_]:
        """bool[vocab_size]: tokens at which a new word may begin.

        Those whose first byte is ASCII whitespace, every token of a word tokenizer, and the end of document.
        """
        starts = [self.kind == "word" or not piece or piece[0] in WHITESPACE for piece in self.token_bytes]
        return np.array(starts, dtype=np.bool_)

    @property
    def before_word(self) -> str:
        """What to write before a word so that it is encoded as within a text, after a space."""
        return "" if self.prefix else " "

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, without the end of document; none for an empty text. Errors: see `encode_flat`."""
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, as `encode` gives them."""
        flat, lengths = self.encode_flat(texts)
        ids: list[int] = flat.tolist()
        ends = np.cumsum(lengths).tolist()
        return [ids[end - length : end] for end, length in zip(ends, lengths.tolist(), strict=True)]

    def encode_flat(self, texts: Sequence[str], *, first: int = 0) -> tuple[Ids, Lengths]:
        """Token ids of all texts in one array of `dtype`, and tokens per text: int64[texts].

        first: the number that errors give to the first text.

        Errors: SourceError, for a text that is not Unicode (a lone surrogate) or, with words, that holds a word or a
        spacing the vocabulary does not.
        """
        if self.kind == "word":
            return self._encode_words(texts, first)
        joined, lengths = utf8_flat(texts, first)
        if self.kind == "byte":
            return self._id_of_byte[np.frombuffer(joined, dtype=np.uint8)], lengths
        if self.kind == "existing" or max(map(len, texts), default=0) <= LONG_TEXT:
            return self._encode_pieces(texts)
        cuts = [cut_long(text, self._border) for text in texts]
        flat, lengths = self._encode_pieces(list(chain.from_iterable(cuts)))
        return flat, np.add.reduceat(lengths, np.cumsum([0] + [len(cut) for cut in cuts[:-1]]))

    def normalised(self, text: str) -> str:
        """A text as the tokenizer changes it before it cuts it; the text itself where nothing is lost."""
        normaliser = self.library.normalizer
        return text if normaliser is None else str(normaliser.normalize_str(text))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token ids; ends of documents are left out.

        Bytes that are not UTF-8 (a character cut in two) become U+FFFD; this never happens to what `encode` gave.
        """
        joined = self.separator.join([self.token_bytes[token] for token in ids if token != self.eos_id])
        if self.kind == "existing":
            joined = joined.removeprefix(self.prefix)
        return joined.decode("utf-8", errors="replace")

    @cached_property
    def _border(self) -> re.Pattern[str]:
        """Where every pattern of this tokenizer ends a piece."""
        crossing = any(json.dumps(pattern)[1:-1] in self.library.to_str() for pattern in (LINES, JOINED_BY_DASHES))
        return LINE_BORDER if crossing else WORD_BORDER

    @cached_property
    def _id_of_byte(self) -> Ids:
        ids = np.zeros(256, dtype=self.dtype)
        for token, piece in enumerate(self.token_bytes):
            if piece:
                ids[piece[0]] = token
        return ids

    @cached_property
    def _id_of_word(self) -> dict[str, int]:
        return {piece.decode(): token for token, piece in enumerate(self.token_bytes) if token != self.eos_id}

    def _take_as_it_is(self, vocabulary: dict[str, int]) -> None:
        """What an existing tokenizer's file says of its tokens. Errors: SourceError, if it does not say their bytes."""
        form = json.loads(self.library.to_str())
        if writing(form) == "words":
            raise SourceError("its tokens are whole words, and what stood between them is lost; use kind 'word'")
        nothing = {self.eos_id, *special_tokens(form).values(), *unknown_tokens(form, vocabulary)}
        self.token_bytes = bytes_of_tokens(form, vocabulary, nothing, self.vocab_size)
        self.library.no_padding()
        self.library.no_truncation()
        # Text that holds the characters of a special token is ordinary text.
        self.library.encode_special_tokens = True
        begins = b"".join([self.token_bytes[token] for token in self._encode_pieces([SOME_WORD])[0]])
        self.prefix = b" " if begins.startswith(b" ") else b""

    def _encode_pieces(self, texts: Sequence[str]) -> tuple[Ids, Lengths]:
        encodings = self.library.encode_batch_fast(texts, add_special_tokens=False)
        # The library hands out lists of Python integers, which `array` reads several times faster than NumPy does.
        arrays = [array("I", encoding.ids) for encoding in encodings]
        return np.frombuffer(b"".join(arrays), dtype=np.uintc).astype(self.dtype), lengths_of(arrays)

    def _encode_words(self, texts: Sequence[str], first: int) -> tuple[Ids, Lengths]:
        # Splitting at single spaces and joining with them are exact inverses, so known words are never lost: a doubled
        # space gives an empty word, and a line break a word that holds it, neither of which is in any vocabulary.
        known = self._id_of_word
        lists: list[list[int]] = []
        for number, text in enumerate(texts):
            try:
                lists.append([known[word] for word in text.split(" ")] if text else [])
            except KeyError as error:
                raise SourceError(lost_word(text, known, first + number)) from error
        flat = np.fromiter(chain.from_iterable(lists), dtype=self.dtype, count=sum(map(len, lists)))
        return flat, lengths_of(lists)


def load_encoder(folder: Path) -> Encoder:
    """The encoder of a folder that `train_tokenizer` or `take_existing` wrote.

    Errors: StoreError, if its file is missing or damaged; SourceError for an existing one that is of no use.
    """
    path = folder / TOKENIZER_FILE
    mend = "remove the folder and build the tokenizer again"
    try:
        text = path.read_text(encoding="utf-8")
        form = json.loads(text)
        end = _stated_end(folder)
        if end != END_OF_DOCUMENT:
            return Encoder(LibraryTokenizer.from_str(text), "existing", end)
        entries = form["model"]["vocab"]
        vocabulary = {name: token for token, (name, _) in enumerate(entries)} if isinstance(entries, list) else entries
        kind = _kind(form)
        whole = vocabulary[END_OF_DOCUMENT] == 0 and sorted(vocabulary.values()) == list(range(len(vocabulary)))
    except OSError as error:
        raise StoreError(f"{folder.name} has no readable {TOKENIZER_FILE}; {mend}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{folder.name}/{TOKENIZER_FILE} is damaged or not a tokenizer of seedbed; {mend}") from error
    if not whole:
        raise StoreError(f"{folder.name}/{TOKENIZER_FILE} lacks {END_OF_DOCUMENT} at id 0, or has gaps; {mend}")
    return Encoder(LibraryTokenizer.from_str(text), kind)


def _stated_end(folder: Path) -> str:
    """The end of document: that of our kinds, unless a file beside the tokenizer names another."""
    path = folder / CONFIG_FILE
    return str(json.loads(path.read_text(encoding="utf-8"))["eos_token"]) if path.is_file() else END_OF_DOCUMENT


def copy_tokenizer(folder: Path, out: Path) -> None:
    """Copy what `load_encoder` reads into a folder that is there."""
    for name in (TOKENIZER_FILE, CONFIG_FILE):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, out / name)


def _kind(form: dict[str, Any]) -> Kind:
    """The kind of a tokenizer file of ours. Errors: KeyError for the file of another."""
    model, cuts = form["model"], form["pre_tokenizer"]
    if model["type"] == "BPE":
        bare = cuts["type"] == "ByteLevel" and not cuts["use_regex"]
        return "byte" if bare else "character" if model["ignore_merges"] else "bpe"
    kinds: dict[str, Kind] = {"WordLevel": "word", "Unigram": "unigram", "WordPiece": "wordpiece"}
    return kinds[model["type"]]


def _piece_to_bytes(name: str) -> bytes:
    """The bytes of a token of the byte-level alphabet, a mark that it goes on left out."""
    return token_to_bytes(name.removeprefix(GOES_ON))


def utf8_flat(texts: Sequence[str], first: int = 0) -> tuple[bytes, Lengths]:
    """UTF-8 bytes of all texts in a row, and of each: int64[texts]. Errors: SourceError, at a lone surrogate.

    first: the number that errors give to the first text.
    """
    joined = "".join(texts)
    if joined.isascii():
        return joined.encode(), lengths_of(texts)
    pieces = [utf8(text, first + number) for number, text in enumerate(texts)]
    return b"".join(pieces), lengths_of(pieces)


def utf8(text: str, number: int) -> bytes:
    """UTF-8 bytes of the text with this number. Errors: SourceError, at a lone surrogate."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise SourceError(
            f"document {number} holds a lone surrogate at character {error.start}, which UTF-8 cannot write; "
            "decode its source again as UTF-8, or leave the document out"
        ) from error


def lost_word(text: str, known: Container[str], number: int) -> str:
    """Why a word tokenizer refuses the text with this number: its first lost span, and the mend."""
    position, word = 0, ""
    for word in text.split(" "):
        if word not in known:
            break
        position += len(word) + 1
    if word.split() != [word]:
        span = text[max(position - 1, 0) : position + len(word) + 1]
        return (
            f"document {number}: at character {position} the spacing {visible(span[:40])} would be lost; "
            "a word tokenizer takes words between single spaces: use kind 'bpe' or 'byte'"
        )
    return (
        f"document {number}: {word[:40]!r} at character {position} is not in the word tokenizer's vocabulary and would "
        "be lost; train the tokenizer on text that holds it, or use kind 'bpe' or 'byte'"
    )


def visible(span: str | bytes) -> str:
    """A span as errors show it: one line takes each run of spaces for one, so spaces are drawn."""
    return repr(span).replace(" ", "␣")


def cut_long(text: str, border_pattern: re.Pattern[str] = WORD_BORDER) -> list[str]:
    """A text in pieces of a little over LONG_TEXT characters, whose tokens in a row are the tokens of the text.

    A book as one document would be encoded on one core, and take the memory of all its tokens at once. Most patterns of
    ours end a piece wherever whitespace follows something else, and all where a line begins, so a cut there changes no
    token.
    """
    if len(text) <= LONG_TEXT:
        return [text]
    return list(_cuts(text, border_pattern))


def _cuts(text: str, border_pattern: re.Pattern[str]) -> Iterator[str]:
    start = 0
    while border := border_pattern.search(text, start + LONG_TEXT):
        yield text[start : border.start()]
        start = border.start()
    yield text[start:]


def lengths_of(pieces: Sequence[Sequence[Any]]) -> Lengths:
    """int64[pieces]: how long each is."""
    return np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
