"""What all transforms share: the block, its counts, and undoing.

A block gives `edits(text)`; the rest comes from here. What was done to a document stands in its metadata, in
`transforms`, one entry per block: its name and its counts. Documents know nothing of each other, and whatever is drawn
is a hash of the block's key and the document's text.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep

from seedbed.data.transforms.edits import Edit, carry_marks, edited, undoing
from seedbed.errors import RecipeError

RECORD = "transforms"


def draw_key(text: str, *parts: str | int) -> int:
    """A 64-bit key from a document's text and the parts of a recipe."""
    stated = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    content = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8, key=_short(stated)).digest(), "little")


def _short(stated: str) -> bytes:
    return hashlib.blake2b(stated.encode(), digest_size=32).digest()


class Transform(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Base of blocks that change one property of every document.

    keep: note in the metadata what `undo` needs. Counts of a document are added up as statistics under their names.
    """

    type = "🔀 - TRANSFORM"
    name = "transform"
    behaviour_version = 1

    def __init__(self, *, keep: bool = False) -> None:
        super().__init__()
        self.keep = keep

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yield every document, changed."""
        for document in data or ():
            yield self.transformed(document)

    @abstractmethod
    def transformed(self, document: Document) -> Document:
        """The document with one property changed; the one that is given stays as it is."""

    @abstractmethod
    def undo(self, document: Document) -> Document:
        """The document as it was before this block, the last one that changed it.

        Errors: RecipeError if another block changed it later, or what was there before is not known.
        """

    def done(self, document: Document, text: str, metadata: dict[str, Any], entry: Mapping[str, Any]) -> Document:
        """The changed document, with what was done noted and counted."""
        for label, value in entry.items():
            if isinstance(value, int):
                self.stat_update(label, value=value)
        self.stat_update("changed" if text != document.text else "unchanged")
        metadata[RECORD] = [*metadata.get(RECORD, []), {"name": self.name, **entry}]
        return Document(text=text, id=document.id, media=document.media, metadata=metadata)

    def last_entry(self, document: Document) -> Mapping[str, Any]:
        """What this block noted. Errors: RecipeError if it is not the last one that changed the document."""
        entries: Sequence[Mapping[str, Any]] = document.metadata.get(RECORD, [])
        if not entries or entries[-1].get("name") != self.name:
            last = entries[-1].get("name") if entries else "no transform"
            raise RecipeError(f"document {document.id} was last changed by {last}, not by {self.name}; undo that first")
        return entries[-1]

    def undone(self, document: Document, text: str, metadata: dict[str, Any]) -> Document:
        """The document as it was, its last note taken away."""
        entries = metadata.pop(RECORD)[:-1]
        if entries:
            metadata[RECORD] = entries
        return Document(text=text, id=document.id, media=document.media, metadata=metadata)

    def lost(self) -> RecipeError:
        """The refusal to undo what nobody noted."""
        return RecipeError(f"{self.name} cannot be undone from its result alone; transform with keep=True")


class EditTransform(Transform):
    """Base of transforms that replace some characters of a text and leave the rest where it is."""

    @abstractmethod
    def edits(self, text: str) -> tuple[list[Edit], dict[str, Any]]:
        """The edits of a text, in order, and what is counted or noted of it; whole numbers become statistics."""

    def inverse(self, text: str, entry: Mapping[str, Any]) -> list[Edit] | None:
        """The edits that undo this block by rule; None where there is no such rule. entry: what `edits` noted."""
        return None

    def transformed(self, document: Document) -> Document:
        """The document after its edits; where a rule undoes others but not these, they are noted whatever keep says."""
        text, metadata = document.text, dict(document.metadata)
        edits, entry = self.edits(text)
        new_text = edited(text, edits)
        carry_marks(text, new_text, edits, metadata)
        back = self.inverse(new_text, entry)
        if self.keep or (back is not None and edited(new_text, back) != text):
            entry = entry | {"undo": [[edit.start, edit.end, edit.new] for edit in undoing(text, edits)]}
        return self.done(document, new_text, metadata, entry)

    def undo(self, document: Document) -> Document:
        """The document as it was before. Errors: as `Transform.undo`."""
        entry = self.last_entry(document)
        edits = [Edit(*each) for each in entry["undo"]] if "undo" in entry else self.inverse(document.text, entry)
        if edits is None:
            raise self.lost()
        metadata = dict(document.metadata)
        text = edited(document.text, edits)
        carry_marks(document.text, text, edits, metadata)
        return self.undone(document, text, metadata)
