"""CoNLL-U, the format of Universal Dependencies: texts with their gold parses, by document or sentence by sentence.

What a parsed document says of itself, one entry per syntactic word:

- heads: number of the word each depends on, counted from 0 over the whole document; -1 for the root of every sentence.
- relations: as they stand in the file, with their subtypes ("nsubj", "acl:relcl").
- word_starts, word_ends: characters of the document's text. Words of a multiword token lie side by side where their
  forms spell it ("do" "n't"), and all have the span of the whole token where they do not ("de" "le" in "du").
- upos, lemmas, features: "" where the file has "_"; what annotators read, and `Annotate` takes away when it is done.
- item: the sentence's or document's id. Empty nodes are left out, as heads never point to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NoReturn

from seedbed.data.readers.base import DamageError, FileReader, Place, Record, decoded, numbered_lines

COLUMNS = 10
PARSE = ("heads", "relations", "word_starts", "word_ends", "upos", "lemmas", "features")


@dataclass
class _Lines:
    """One sentence as it lies in the file. opens: "newdoc", "newpar" or ""; rows: number of the line, columns."""

    opens: str = ""
    document_id: str = ""
    sentence_id: str = ""
    text: str = ""
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


@dataclass
class _Sentence:
    """A sentence, read and checked. parse: `PARSE`, empty where the file has no heads."""

    text: str
    item: str
    parse: dict[str, list[Any]]


class ConlluReader(FileReader):
    """One document per `# newdoc` (a file without any is one document), or one per sentence.

    Sentences of a document are joined by a space, and by a line break where `# newpar` begins a paragraph. A document
    longer than document_bytes is cut between sentences. A document with any sentence without heads has no parse.
    With errors="skip" a faulty sentence alone is left out and counted.
    """

    name = "CoNLL-U"
    behaviour_version = 2

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

    def records(self, path: Place) -> Iterator[Record]:
        """Documents or sentences in the order of the file."""
        parts: list[tuple[str, _Sentence]] = []
        item, size = "", 0
        for opens, document_id, sentence in self._sentences(path):
            if self.sentences:
                yield _document([("", sentence)], sentence.item)
                continue
            more = len(sentence.text.encode("utf-8", "surrogatepass")) + 1
            full = self.document_bytes is not None and size + more - 1 > self.document_bytes
            if parts and (opens == "newdoc" or full):
                yield _document(parts, item)
                parts, size = [], 0
            item = document_id if opens == "newdoc" else item
            parts.append(("\n" if opens else " ", sentence))
            size += more
        if parts:
            yield _document(parts, item)

    def _documents(self, id_: str, text: str, metadata: dict[str, Any]) -> Iterator[Any]:
        limit = self.document_bytes
        if limit is not None and len(text.encode("utf-8", "surrogatepass")) > limit:
            # A sentence alone is too long: its parts are no trees.
            metadata = {key: value for key, value in metadata.items() if key not in PARSE}
        yield from super()._documents(id_, text, metadata)

    def _sentences(self, path: Place) -> Iterator[tuple[str, str, _Sentence]]:
        """What each sentence opens, the document's id where it opens one, and the sentence."""
        opens, document_id = "", ""
        for number, lines in enumerate(_blocks(path), start=1):
            # What a faulty sentence opens, the next one opens in its place.
            if lines.opens == "newdoc" or not opens:
                opens, document_id = lines.opens, lines.document_id
            try:
                sentence = _read(lines, path.name, number)
            except DamageError as damage:
                self.damaged(damage)
                continue
            if sentence.text:
                yield opens, document_id, sentence
                opens, document_id = "", ""


def _blocks(path: Place) -> Iterator[_Lines]:
    """The lines of each sentence, which an empty line ends."""
    found = _Lines()
    for number, offset, raw in chain(numbered_lines(path), [(0, 0, b"")]):
        line = decoded(path, raw, offset).rstrip("\r\n")
        if line.startswith("#"):
            key, _, value = line.removeprefix("#").strip().partition("=")
            words = key.split()
            if words == ["text"]:
                found.text = value.strip()
            elif words == ["sent_id"]:
                found.sentence_id = value.strip()
            elif words[:1] == ["newdoc"]:
                found.opens, found.document_id = "newdoc", value.strip()
            elif words[:1] == ["newpar"] and not found.opens:
                found.opens = "newpar"
        elif line.strip():
            found.rows.append((number, line.split("\t")))
        elif found.text or found.rows:
            yield found
            found = _Lines()


class _Faults:
    """Says where in a file a sentence is wrong."""

    def __init__(self, file: str, sentence: str) -> None:
        self.place = f"{file}, sentence {sentence}"

    def refuse(self, line: int, fault: str, kind: str) -> NoReturn:
        raise DamageError(f"{self.place}, line {line:,}: {fault}", f"CoNLL-U sentence {kind}")


def _read(lines: _Lines, file: str, number: int) -> _Sentence:
    """Check a sentence and give its text and parse. Errors: DamageError."""
    faults = _Faults(file, lines.sentence_id or str(number))
    words: list[tuple[int, list[str]]] = []
    tokens: list[tuple[int, str, int, bool]] = []  # line, form, number of its words, whether a space follows
    covered = 0  # last word of the multiword token that is open
    for line, columns in lines.rows:
        if len(columns) != COLUMNS:
            faults.refuse(line, f"{len(columns)} columns where CoNLL-U has {COLUMNS}", "with missing columns")
        first, dash, last = columns[0].partition("-")
        spaced = "SpaceAfter=No" not in columns[9].split("|")
        if dash:
            if not (first.isdecimal() and last.isdecimal() and int(first) == len(words) + 1 <= int(last) > covered):
                faults.refuse(line, f"id {columns[0]} is no range that begins here", "with ids out of order")
            covered = int(last)
            tokens.append((line, columns[1], covered - len(words), spaced))
        elif "." not in first:
            if not first.isdecimal() or int(first) != len(words) + 1:
                faults.refuse(line, f"id {first} where {len(words) + 1} comes next", "with ids out of order")
            words.append((line, columns))
            if len(words) > covered:
                tokens.append((line, columns[1], 1, spaced))
    if covered > len(words):
        faults.refuse(
            lines.rows[-1][0], f"a range ends at {covered} and there is no such word", "with ids out of order"
        )
    text = lines.text or "".join(form + " " * spaced for _, form, _, spaced in tokens).rstrip()
    parse: dict[str, list[Any]] = {}
    if words and any(columns[6] != "_" for _, columns in words):
        heads = _heads(words, faults)
        spans = _spans(text, tokens, [columns[1] for _, columns in words], faults)
        parse = {
            "heads": heads,
            "relations": [columns[7] for _, columns in words],
            "word_starts": [start for start, _ in spans],
            "word_ends": [end for _, end in spans],
            "upos": [_stated(columns[3]) for _, columns in words],
            "lemmas": [columns[2] if columns[1] == "_" else _stated(columns[2]) for _, columns in words],
            "features": [_stated(columns[5]) for _, columns in words],
        }
    return _Sentence(text, lines.sentence_id, parse)


def _stated(value: str) -> str:
    return "" if value == "_" else value


def _heads(words: list[tuple[int, list[str]]], faults: _Faults) -> list[int]:
    """Heads counted from 0, -1 for the root. Errors: DamageError for what is no tree."""
    heads: list[int] = []
    for line, columns in words:
        if not columns[6].isdecimal() or int(columns[6]) > len(words):
            faults.refuse(
                line,
                f"the head of {columns[0]} {columns[1]!r} is {columns[6]}, outside the sentence; "
                f"give it one from 0 to {len(words)}",
                "with a head outside it",
            )
        heads.append(int(columns[6]) - 1)
    roots = [word for word, head in enumerate(heads) if head < 0]
    if len(roots) > 1:
        first, (line, second) = words[roots[0]][1], words[roots[1]]
        faults.refuse(
            line,
            f"{second[0]} {second[1]!r} is a second root after {first[0]} {first[1]!r}; let one depend on the other",
            "with two roots",
        )
    ring = cycle(heads)
    if ring:
        way = " > ".join(words[word][1][0] for word in (*ring, ring[0]))
        faults.refuse(
            words[ring[0]][0], f"the heads go round in a circle ({way}); give one another head", "with a cycle"
        )
    return heads


def cycle(heads: Sequence[int]) -> list[int]:
    """The words of one circle of heads, from its first word on, or [] if all words come to a root (-1)."""
    seen = [0] * len(heads)  # 0 unseen, else the number of the walk that saw it
    for start in range(len(heads)):
        at = start
        while at >= 0 and not seen[at]:
            seen[at] = start + 1
            at = heads[at]
        if at >= 0 and seen[at] == start + 1:
            ring = [at]
            while heads[ring[-1]] != at:
                ring.append(heads[ring[-1]])
            lowest = ring.index(min(ring))
            return ring[lowest:] + ring[:lowest]
    return []


def _spans(
    text: str, tokens: Iterable[tuple[int, str, int, bool]], forms: Sequence[str], faults: _Faults
) -> list[tuple[int, int]]:
    """Start and end of every word in the text. Errors: DamageError where the tokens are not what the text says."""
    spans: list[tuple[int, int]] = []
    at = 0
    for line, form, count, _ in tokens:
        while at < len(text) and text[at].isspace():
            at += 1
        end = at + len(form)
        if text[at:end] != form:
            faults.refuse(line, f"the text goes on {text[at : at + 20]!r} and not {form!r}", "whose words are no text")
        spans += _within(text, at, end, forms[len(spans) : len(spans) + count])
        at = end
    return spans


def _within(text: str, start: int, end: int, forms: Sequence[str]) -> list[tuple[int, int]]:
    """Spans of the words of one token: side by side if they spell it, else the token's own."""
    if sum(map(len, forms)) != end - start or "".join(forms).lower() != text[start:end].lower():
        return [(start, end)] * len(forms)
    spans = []
    for form in forms:
        spans.append((start, start + len(form)))
        start += len(form)
    return spans


def _document(parts: list[tuple[str, _Sentence]], item: str) -> Record:
    """Sentences as one document, each after its separator (the first has none)."""
    text = ""
    parse: dict[str, list[Any]] = {name: [] for name in PARSE}
    for number, (separator, sentence) in enumerate(parts):
        text += (separator if number else "") + sentence.text
        begin, before = len(text) - len(sentence.text), len(parse["heads"])
        for name, values in sentence.parse.items():
            if name == "heads":
                parse[name] += [head + before if head >= 0 else -1 for head in values]
            elif name in ("word_starts", "word_ends"):
                parse[name] += [place + begin for place in values]
            else:
                parse[name] += values
    metadata: dict[str, Any] = {"item": item} if item else {}
    return text, metadata | parse if all(sentence.parse for _, sentence in parts) else metadata
