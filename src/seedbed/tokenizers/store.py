"""The token store: every document of a component as token ids, in a memory map.

A folder holds `ids.bin` (token ids, little-endian, the smallest unsigned type that holds the vocabulary; every document
is followed by the end of document), `offsets.npy` (int64[documents + 1]) and `tokens.json`. Row i of the component's
catalogue is ids[offsets[i] : offsets[i + 1]]. Where documents mark answers, `answers.npy` (int64[documents, 2]) has the
tokens of each, counted from the document's first.

Building streams: texts come in batches of an eighth of a megabyte; while the library encodes some, the one before
is checked and written. Every document is checked: the bytes of its tokens, put together, are its UTF-8 bytes. That is
stronger than decoding it again, and cheap: one gather and one comparison per batch.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seedbed.errors import SourceError, StoreError
from seedbed.tokenizers.answers import Spans, leading_whitespace, token_spans
from seedbed.tokenizers.encoder import Encoder, Ids, Lengths, lengths_of, utf8_flat, visible

# Large enough to keep the cores busy, small enough for memory: the library holds some 100 bytes per token.
BATCH_BYTES = 500_000
BATCH_DOCUMENTS = 1_500  # short documents cost by their number, and fewer of them at a time stay in the cache
BATCHES_AHEAD = 2
CHECKED_AT_ONCE = 4_000  # tokens; arrays of these sizes stay in the processor's cache, which halves the check's time
NOT_PARALLEL = ("", "off", "false", "f", "no", "n", "0")  # what the library reads as no
IDS_FILE, OFFSETS_FILE, ANSWERS_FILE, ABOUT_FILE = "ids.bin", "offsets.npy", "answers.npy", "tokens.json"


@dataclass(frozen=True)
class TokenReceipt:
    """What a build gave.

    tokens: all, ends of documents included. total_bytes: UTF-8 bytes of the texts. bytes_per_token: total_bytes over
    the tokens that are not ends of documents (0.0 if there are none). dtype: of the ids. vocabulary_used: how many of
    the vocab_size tokens occur. sha256: of the ids, the offsets and the answers, if any. answers: documents
    that mark one; answers_widened: those whose span cut a token and was widened to whole ones.
    """

    documents: int
    tokens: int
    total_bytes: int
    bytes_per_token: float
    dtype: str
    vocab_size: int
    vocabulary_used: int
    eos_id: int
    sha256: str
    answers: int = 0
    answers_widened: int = 0


@dataclass(frozen=True)
class TokenStore:
    """An open token store: document i is ids[offsets[i] : offsets[i + 1]], whose last id is eos_id.

    ids: memory map, 1-D unsigned. offsets: int64[documents + 1]. answer_spans: int64[documents, 2], the tokens
    [begin, end) of each document's answer, -1 and -1 where it marks none; None if no document marks one.
    """

    ids: Ids
    offsets: Lengths
    eos_id: int
    vocab_size: int
    answer_spans: Spans | None = None

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return len(self.offsets) - 1


def build_token_store(
    texts: Iterable[str], documents: int, encoder: Encoder, out: Path, *, answers: Spans | None = None
) -> TokenReceipt:
    """Encode texts into the folder `out`, which is there already and is renamed by the caller once it is whole.

    documents: how many texts there are. An empty text becomes one end of document. answers: int64[documents, 2], the
    UTF-8 bytes [start, end) of each text's answer, -1 and -1 where it marks none.

    Errors: SourceError, if a text cannot be given back exactly (with its first lost span), or marks an answer outside
    itself; StoreError, if there are more or fewer texts than `documents`, or if the disk does not take them.
    """
    build = _Build(encoder, documents, answers)
    try:
        with (out / IDS_FILE).open("wb") as file, closing(_encoded(texts, encoder)) as batches:
            for batch, ids, lengths in batches:
                file.write(build.add(batch, ids, lengths).data)
        receipt = build.receipt()
        np.save(out / OFFSETS_FILE, build.offsets)
        if build.answers is not None:
            np.save(out / ANSWERS_FILE, build.answers)
        (out / ABOUT_FILE).write_text(json.dumps(asdict(receipt), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        if error.errno is None:
            raise
        mend = "free some space" if error.errno == errno.ENOSPC else "see that the store's folder can be written"
        raise StoreError(f"the token store cannot be written ({error.strerror}); {mend} and run again") from error
    return receipt


def open_tokens(folder: Path) -> TokenStore:
    """Open a folder that `build_token_store` wrote. Errors: StoreError, if it is not whole."""
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT_FILE).read_text(encoding="utf-8"))
        offsets: Lengths = np.load(folder / OFFSETS_FILE, allow_pickle=False)
        tokens, dtype = int(about["tokens"]), np.dtype(str(about["dtype"])).newbyteorder("<")
        # An empty file cannot be mapped.
        path = folder / IDS_FILE
        ids: Ids = np.memmap(path, dtype=dtype, mode="r") if tokens else np.empty(0, dtype=dtype)
        whole = len(ids) == tokens == offsets[-1] and len(offsets) == about["documents"] + 1
        answers: Spans | None = None
        if about["answers"]:
            answers = np.load(folder / ANSWERS_FILE, mmap_mode="r", allow_pickle=False)
            whole = whole and answers.shape == (about["documents"], 2)
        store = TokenStore(ids, offsets, int(about["eos_id"]), int(about["vocab_size"]), answers)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise StoreError(f"token store {folder.name} is missing or damaged; remove it and run again") from error
    if not whole:
        raise StoreError(f"token store {folder.name} is not whole; remove it and run again")
    return store


def batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Texts in lists of about BATCH_BYTES (counted in characters, which costs nothing), of BATCH_DOCUMENTS at most."""
    batch: list[str] = []
    held = 0
    for text in texts:
        batch.append(text)
        held += len(text) + 1
        if held >= BATCH_BYTES or len(batch) >= BATCH_DOCUMENTS:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _encoded(texts: Iterable[str], encoder: Encoder) -> Generator[tuple[list[str], Ids, Lengths]]:
    """Batches with their ids, in order; further ones are encoded while the caller handles one.

    Two threads hand batches to the library, which works without Python's lock on the cores it is allowed: while one of
    them waits for the lock to take its result, the cores work on the other's batch.
    """
    forbidden = os.environ.get("TOKENIZERS_PARALLELISM", "true").lower() in NOT_PARALLEL
    with ThreadPoolExecutor(1 if forbidden else 2, thread_name_prefix="encode") as pool:
        coming: deque[tuple[list[str], Future[tuple[Ids, Lengths]]]] = deque()
        number = 0
        for batch in batches(texts):
            coming.append((batch, pool.submit(encoder.encode_flat, batch, first=number)))
            number += len(batch)
            if len(coming) > BATCHES_AHEAD:
                ready, future = coming.popleft()
                yield ready, *future.result()
        while coming:
            ready, future = coming.popleft()
            yield ready, *future.result()


class _Build:
    """What is known of a store while it is built."""

    def __init__(self, encoder: Encoder, documents: int, answers: Spans | None) -> None:
        if answers is not None and len(answers) != documents:
            raise StoreError(f"there are answers for {len(answers)} of {documents} texts; build the component again")
        self.encoder = encoder
        self.documents = documents
        self.answers = None if answers is None else answers.astype(np.int64)
        self.answers_widened = 0
        self.seen = 0
        self.total_bytes = 0
        self.offsets = np.zeros(documents + 1, dtype=np.int64)
        self.counts = np.zeros(encoder.vocab_size, dtype=np.int64)
        self.digest = hashlib.sha256()
        self.check = LosslessCheck(encoder)
        self.leading = leading_whitespace(encoder.token_bytes)

    def add(self, batch: list[str], ids: Ids, lengths: Lengths) -> Ids:
        """Check a batch and count it; its ids with the ends of documents, ready to be written."""
        if self.seen + len(batch) > self.documents:
            raise StoreError(f"there are more texts than the {self.documents} announced; build the component again")
        self.total_bytes += self.check(batch, ids, lengths, first=self.seen)
        ends = np.cumsum(lengths)
        closed = np.empty(len(ids) + len(batch), dtype=self.encoder.dtype.newbyteorder("<"))
        is_end = np.zeros(len(closed), dtype=np.bool_)
        is_end[ends + np.arange(len(batch))] = True
        closed[is_end] = self.encoder.eos_id
        closed[~is_end] = ids
        start = self.offsets[self.seen]
        self.offsets[self.seen + 1 : self.seen + len(batch) + 1] = start + ends + np.arange(1, len(batch) + 1)
        self.counts += np.bincount(closed, minlength=self.encoder.vocab_size)
        self.digest.update(closed.data)
        if self.answers is not None:
            here = slice(self.seen, self.seen + len(batch))
            self.answers[here], widened = token_spans(
                self.answers[here],
                ids,
                lengths,
                self.check.lengths,
                self.leading,
                before=len(self.check.before),
                between=len(self.encoder.separator),
                first=self.seen,
            )
            self.answers_widened += widened
        self.seen += len(batch)
        return closed

    def receipt(self) -> TokenReceipt:
        if self.seen != self.documents:
            raise StoreError(
                f"there are {self.seen} texts, not the {self.documents} announced; build the component again"
            )
        self.digest.update(self.offsets.astype("<i8").data)
        if self.answers is not None:
            self.digest.update(self.answers.astype("<i8").data)
        tokens = int(self.offsets[-1])
        return TokenReceipt(
            documents=self.documents,
            tokens=tokens,
            total_bytes=self.total_bytes,
            bytes_per_token=self.total_bytes / max(tokens - self.documents, 1),
            dtype=self.encoder.dtype.name,
            vocab_size=self.encoder.vocab_size,
            vocabulary_used=int(np.count_nonzero(self.counts)),
            eos_id=self.encoder.eos_id,
            sha256=self.digest.hexdigest(),
            answers=0 if self.answers is None else int(np.count_nonzero(self.answers[:, 0] >= 0)),
            answers_widened=self.answers_widened,
        )


class LosslessCheck:
    """Compares the bytes of a batch's tokens with the bytes of its texts.

    Word tokens are compared with a space before each, and each text with one space before it: joined by single spaces.
    Each text has a space before it too where the tokenizer begins texts with one of its own.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.before = encoder.prefix
        self.pieces = [encoder.separator + piece for piece in encoder.token_bytes]
        self.lengths = lengths_of(self.pieces)
        self.starts = np.cumsum(self.lengths) - self.lengths
        self.lasts = self.starts + self.lengths - 1
        self.table = np.frombuffer(b"".join(self.pieces), dtype=np.uint8)

    def __call__(self, texts: Sequence[str], ids: Ids, lengths: Lengths, *, first: int = 0) -> int:
        """UTF-8 bytes of the texts, each of which has lengths[i] of the ids.

        first: the number of the first text. Errors: SourceError, with the first document that differs and where.
        """
        wanted, wanted_lengths = utf8_flat(texts, first)
        total_bytes = len(wanted)
        if self.before:
            before = self.before.decode()
            wanted, wanted_lengths = utf8_flat([before + text if text else "" for text in texts], first)
        given_lengths = self.lengths[ids]
        given_ends = np.concatenate(([0], np.cumsum(given_lengths)))
        borders = np.array_equal(given_ends[np.cumsum(lengths)], np.cumsum(wanted_lengths))
        if not (borders and self._same_bytes(ids, given_lengths, np.frombuffer(wanted, dtype=np.uint8))):
            raise SourceError(self._first_lost(texts, ids, lengths, first))
        return total_bytes

    def _same_bytes(self, ids: Ids, given_lengths: Lengths, wanted: npt.NDArray[np.uint8]) -> bool:
        """Whether the pieces in a row, as long in all as `wanted`, are `wanted`. No id is an end of document."""
        start = 0
        for some in range(0, len(ids), CHECKED_AT_ONCE):
            chosen = slice(some, some + CHECKED_AT_ONCE)
            some_ids, ends = ids[chosen], np.cumsum(given_lengths[chosen])
            end = start + int(ends[-1])
            # Where in the table each byte lies: one further than the byte before, but where a piece begins.
            where = np.ones(end - start, dtype=np.int64)
            where[0] = self.starts[some_ids[0]]
            where[ends[:-1]] = self.starts[some_ids[1:]] - self.lasts[some_ids[:-1]]
            np.cumsum(where, out=where)
            if not np.array_equal(self.table[where], wanted[start:end]):
                return False
            start = end
        return True

    def _first_lost(self, texts: Sequence[str], ids: Ids, lengths: Lengths, first: int) -> str:
        end = 0
        for number, words in enumerate(texts):
            text = self.before + words.encode() if words else b""
            start, end = end, end + int(lengths[number])
            given = b"".join([self.pieces[token] for token in ids[start:end]])
            if given != text:
                break
        same = next(
            (k for k, (a, b) in enumerate(zip(text, given, strict=False)) if a != b), min(len(text), len(given))
        )
        return (
            f"document {first + number} is not given back by the tokenizer: at byte {max(same - len(self.before), 0)} "
            f"{visible(text[same : same + 20])} became {visible(given[same : same + 20])}; "
            "use a tokenizer that knows every byte and normalises nothing"
        )
