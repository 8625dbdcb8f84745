"""Word order, reversed or shuffled, with the gold parse carried along."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import pairwise
from typing import Any

import numpy as np
from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.writers.disk_base import DiskWriter

from seedbed.data.grammar.hashing import numbers
from seedbed.data.readers.base import SKIPPED
from seedbed.data.transforms.base import Transform, draw_key
from seedbed.data.transforms.edits import (
    Spans,
    answer_characters,
    mark_answer,
    mark_words,
    word_spans,
)

OVERLAP = "overlapping words"


class WordOrderer(Transform):
    """Puts the words of a document in another order; the white space between them stays where it is.

    style: "reversed" (undone by itself) or "shuffled" by a hash of seed and text. within: "document", or "line": every
    line's words among themselves. Words are those that a parse marks, else those that white space parts. Heads,
    relations and marks of words follow the words, so that every word still has its head and relation; an answer follows
    where its words stay side by side in their order, else its mark is taken away. A document whose marked words overlap
    is left out; exclusion_writer, if any, gets it. keep: note the order of shuffled words. Counts: words, moved,
    answers_lost.
    """

    name = "word order"

    def __init__(
        self,
        style: str,
        *,
        within: str = "document",
        seed: int = 0,
        keep: bool = False,
        exclusion_writer: DiskWriter | None = None,
    ) -> None:
        super().__init__(keep=keep)
        self.exclusion_writer = exclusion_writer
        self.style = style
        self.within = within
        self.seed = seed

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yield every document whose words do not overlap, its words in the new order."""
        with self.exclusion_writer or nullcontext() as writer:
            for document in data or ():
                spans = word_spans(document.text, document.metadata)
                if all(before[1] <= after[0] for before, after in pairwise(spans)):
                    yield self.transformed(document)
                    continue
                self.stat_update(SKIPPED + OVERLAP)
                if writer is not None:
                    document.metadata["filter_reason"] = OVERLAP
                    writer.write(document, rank)

    def transformed(self, document: Document) -> Document:
        """The document with its words in the new order."""
        spans = word_spans(document.text, document.metadata)
        order = self.order(document.text, spans)
        text, metadata, lost = reordered(document, spans, order)
        moved = sum(place != old for place, old in enumerate(order))
        entry: dict[str, Any] = {"words": len(spans), "moved": moved, "answers_lost": int(lost)}
        if lost:
            answer = {name: document.metadata[name] for name in ("answer_start", "answer_end")}
            entry |= {"answer": answer} if self.keep or self.style == "reversed" else {}
        if self.keep and self.style != "reversed":
            entry["order"] = order
        return self.done(document, text, metadata, entry)

    def undo(self, document: Document) -> Document:
        """The document with its words as they were. Errors: as `Transform.undo`."""
        entry = self.last_entry(document)
        spans = word_spans(document.text, document.metadata)
        if self.style == "reversed":
            order = self.order(document.text, spans)
        elif "order" in entry:
            order = np.argsort(entry["order"]).tolist()
        else:
            raise self.lost()
        text, metadata, _ = reordered(document, spans, order)
        return self.undone(document, text, metadata | entry.get("answer", {}))

    def order(self, text: str, spans: Spans) -> list[int]:
        """order[j]: which of the old words stands in place j."""
        order: list[int] = []
        for block in self._blocks(text, spans):
            if self.style == "reversed":
                order += reversed(block)
            else:
                key = np.uint64(draw_key(text, self.name, self.seed))
                draws = numbers(np.full(len(block), key), np.array(block, dtype=np.uint64) + np.uint64(1))
                order += [block[place] for place in np.argsort(draws, kind="stable")]
        return order

    def _blocks(self, text: str, spans: Spans) -> Iterator[range]:
        if self.within == "document":
            yield range(len(spans))
            return
        begin = 0
        for word in range(1, len(spans) + 1):
            if word == len(spans) or re.search(r"[\n\r]", text[spans[word - 1][1] : spans[word][0]]):
                yield range(begin, word)
                begin = word


def reordered(document: Document, spans: Spans, order: Sequence[int]) -> tuple[str, dict[str, Any], bool]:
    """Text and metadata with old word order[j] in place j, and whether the answer's mark was lost."""
    text, metadata = document.text, dict(document.metadata)
    place_of = {old: new for new, old in enumerate(order)}
    parts, new_spans, at, end = [], [], 0, 0
    for (start, stop), old in zip(spans, order, strict=True):
        word, gap = text[slice(*spans[old])], text[end:start]
        parts += [gap, word]
        new_spans.append((at + len(gap), at + len(gap) + len(word)))
        at, end = new_spans[-1][1], stop
    new_text = "".join([*parts, text[end:]])
    heads, relations = metadata.get("heads"), metadata.get("relations")
    if heads is not None:
        metadata["heads"] = [place_of.get(heads[old], heads[old]) for old in order]
    if relations is not None:
        metadata["relations"] = [relations[old] for old in order]
    if heads is not None or "word_starts" in metadata:
        mark_words(new_text, new_spans, metadata)
    return new_text, metadata, _lose_or_move_answer(text, new_text, spans, new_spans, place_of, metadata)


def _lose_or_move_answer(
    text: str, new_text: str, spans: Spans, new_spans: Spans, place_of: Mapping[int, int], metadata: dict[str, Any]
) -> bool:
    answer = answer_characters(text, metadata)
    if answer is None:
        return False
    words = [number for number, (start, end) in enumerate(spans) if start < answer[1] and end > answer[0]]
    whole = bool(words) and spans[words[0]][0] == answer[0] and spans[words[-1]][1] == answer[1]
    places = [place_of[word] for word in words]
    if whole and places == list(range(places[0], places[0] + len(places))):
        mark_answer(new_text, (new_spans[places[0]][0], new_spans[places[-1]][1]), metadata)
        return False
    del metadata["answer_start"], metadata["answer_end"]
    return True
