"""CoNLL-U, the format of Universal Dependencies: its sentences' texts, joined by document or one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from seedbed.data.readers.base import DamageError, FileReader, Record, decoded, numbered_lines

COLUMNS = 10


class ConlluReader(FileReader):
    """One document per `# newdoc` (a file without any is one document), or one per sentence.

    Sentences of a document are joined by a space, and by a line break where `# newpar` begins a paragraph.
    """

    name = "CoNLL-U"

    def __init__(
        self,
        files: Sequence[str],
        *,
        sentences: bool = False,
        errors: str = "strict",
        document_bytes: int | None = None,
    ) -> None:
        super().__init__(files, errors=errors, document_bytes=document_bytes)
        self.sentences = sentences

    def records(self, path: Path) -> Iterator[Record]:
        """Documents or sentences in the order of the file."""
        text = ""
        for sentence, opens in self._sentences(path):
            if self.sentences:
                yield sentence, {}
            elif opens == "newdoc":
                if text:
                    yield text, {}
                text = sentence
            elif text:
                text += ("\n" if opens == "newpar" else " ") + sentence
            else:
                text = sentence
        if text:
            yield text, {}

    def _sentences(self, path: Path) -> Iterator[tuple[str, str]]:
        """Each sentence's text, and what it opens: "newdoc", "newpar" or ""."""
        stated, spelled, opens, inside = "", "", "", 0
        for number, offset, raw in chain(numbered_lines(path), [(0, 0, b"")]):
            line = decoded(path, raw, offset).rstrip("\r\n")
            if line.startswith("#"):
                key, _, value = line.removeprefix("#").strip().partition("=")
                stated = value.strip() if key.strip() == "text" else stated
                word = key.split()[0] if key.split() else ""
                if word == "newdoc" or (word == "newpar" and not opens):
                    opens = word
            elif line:
                form, inside = _form(path, number, line, inside)
                spelled += form
            elif stated or spelled:
                yield stated or spelled.rstrip(), opens
                stated, spelled, opens, inside = "", "", "", 0


def _form(path: Path, number: int, line: str, inside: int) -> tuple[str, int]:
    """A token row's form with the space after it, "" for an empty node or a word inside a multiword token.

    inside: the last word of the multiword token that is open, 0 for none; given and given back.
    """
    columns = line.split("\t")
    if len(columns) != COLUMNS:
        raise DamageError(
            f"{path.name}, line {number:,}: {len(columns)} columns where CoNLL-U has {COLUMNS}", "malformed CoNLL-U"
        )
    first, _, last = columns[0].partition("-")
    if last.isdigit():
        inside = int(last)
    elif "." in first or (first.isdigit() and int(first) <= inside):
        return "", inside
    return columns[1] + ("" if "SpaceAfter=No" in columns[-1] else " "), inside
