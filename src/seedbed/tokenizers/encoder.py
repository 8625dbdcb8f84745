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
from array import array
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer as LibraryTokenizer

from seedbed.errors import SourceError, StoreError
from seedbed.tokenizers.byte_level import token_to_bytes
from seedbed.tokenizers.pieces import JOINED_BY_DASHES, LINES
from seedbed.tokenizers.recipes import END_OF_DOCUMENT, Kind

TOKENIZER_FILE = "tokenizer.json"
GOES_ON = "…"
"""What marks a "wordpiece" token that goes on within a word; no character of the byte-level alphabet."""
WHITESPACE = b" \t\n\r\v\f"

LONG_TEXT = 100_000
WORD_BORDER = re.compile(r"(?<=\S)[ \n]")
LINE_BORDER = re.compile(r"(?<=\n)(?=[^\n])")

Ids = npt.NDArray[np.unsignedinteger[Any]]
Lengths = npt.NDArray[np.int64]


class Encoder:
    """One tokenizer, ready for use.

    kind: as in its recipe. vocab_size: tokens, the end of document included. eos_id: the id that closes a
    document, 0. dtype: the smallest unsigned type that holds the ids. token_bytes[i]: the UTF-8 bytes of token i, b""
    for the end of document; b"".join of the bytes of a text's tokens is the text in UTF-8; for "word" b" ".join is.
    """

    def __init__(self, library: LibraryTokenizer, kind: Kind) -> None:
        self.kind: Kind = kind
        self.library = library
        vocabulary = library.get_vocab()
        self.vocab_size = len(vocabulary)
        self.eos_id = vocabulary[END_OF_DOCUMENT]
        self.dtype: np.dtype[np.unsignedinteger[Any]] = np.min_scalar_type(self.vocab_size - 1)
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
        if max(map(len, texts), default=0) <= LONG_TEXT:
            return self._encode_pieces(texts)
        cuts = [cut_long(text, self._border) for text in texts]
        flat, lengths = self._encode_pieces(list(chain.from_iterable(cuts)))
        return flat, np.add.reduceat(lengths, np.cumsum([0] + [len(cut) for cut in cuts[:-1]]))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token ids; ends of documents are left out.

        Bytes that are not UTF-8 (a character cut in two) become U+FFFD; this never happens to what `encode` gave.
        """
        pieces = [self.token_bytes[token] for token in ids if token != self.eos_id]
        return (b" " if self.kind == "word" else b"").join(pieces).decode("utf-8", errors="replace")

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
    """The encoder of a folder that `train_tokenizer` wrote. Errors: StoreError, if its file is missing or damaged."""
    path = folder / TOKENIZER_FILE
    mend = "remove the folder and build the tokenizer again"
    try:
        text = path.read_text(encoding="utf-8")
        form = json.loads(text)
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
