"""Parallel text: several files of which line i says the same in several languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep

from seedbed.data.readers.base import SKIPPED, DamageError, decoded, numbered_lines
from seedbed.errors import SourceError

MANY_LANGUAGES = "mul"
"""BCP 47's tag of a text in several languages."""


class ParallelReader(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """One document per line and language, labelled with its language and with its line as `item`.

    files: language -> file; all must have as many lines, also those of languages that are not read. languages: those
    that are read, in this order. together: one document per line instead, its wordings below each other, of language
    "mul". errors: of lines that are not UTF-8, "strict" raises, "skip" leaves the line out in every language and counts
    it. A line that is blank in a language that is read is left out in all of them and counted, so that every item is in
    every language. Task r of w reads lines r, r + w, ...
    """

    type = "📖 - READER"
    name = "parallel text"
    behaviour_version = 1

    def __init__(
        self,
        files: Mapping[str, str],
        *,
        languages: Sequence[str] | None = None,
        together: bool = False,
        errors: str = "strict",
    ) -> None:
        super().__init__()
        self.files = dict(files)
        self.languages = tuple(languages) if languages is not None else tuple(files)
        self.together = together
        self.errors = errors

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yield what came before, then this task's lines."""
        if data:
            yield from data
        for number, lines in enumerate(self._lines()):
            if number % world_size == rank:
                yield from self._documents(number, lines)

    def _lines(self) -> Iterator[dict[str, tuple[int, bytes]]]:
        """Line by line, language -> (offset, line). Errors: SourceError if the files have not as many lines."""
        counts = dict.fromkeys(self.files, 0)
        streams = [((offset, line) for _, offset, line in numbered_lines(Path(name))) for name in self.files.values()]
        for row in zip_longest(*streams):
            for language, line in zip(self.files, row, strict=True):
                counts[language] += line is not None
            if len(set(counts.values())) == 1:
                yield {language: line for language, line in zip(self.files, row, strict=True) if line is not None}
        if len(set(counts.values())) > 1:
            shortest, longest = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
            raise SourceError(
                f"parallel text needs as many lines in every language: {Path(self.files[longest]).name} has "
                f"{counts[longest]:,} and {Path(self.files[shortest]).name} {counts[shortest]:,}; take out the lines "
                "without a counterpart, or put blank ones in their place"
            )

    def _documents(self, number: int, lines: Mapping[str, tuple[int, bytes]]) -> Iterator[Document]:
        texts = {}
        for language in self.languages:
            offset, line = lines[language]
            try:
                texts[language] = decoded(Path(self.files[language]), line, offset).rstrip("\r\n")
            except DamageError as damage:
                if self.errors == "strict":
                    raise SourceError(
                        f'{damage}; mend the file, or write errors="skip" to leave the line out in every language'
                    ) from damage
                self.stat_update(SKIPPED + damage.kind)
                return
        if not all(text.strip() for text in texts.values()):
            self.stat_update(SKIPPED + "blank")
            return
        item = f"line-{number}"
        if self.together:
            texts = {MANY_LANGUAGES: "\n".join(texts.values())}
        for language, text in texts.items():
            yield Document(text=text, id=f"{item}/{language}", metadata={"language": language, "item": item})
