"""Many languages: parallel text line by line, and one language out of a source that holds several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, field_validator, model_validator

from seedbed.data.recipes import JSON, Errors, Files, HubDataset
from seedbed.errors import SourceError, UnknownNameError
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from datatrove.pipeline.base import PipelineStep

    from seedbed.workbench import Workbench

PLACE = "{language}"


@recipe(version=1)
class ParallelFiles:
    """Parallel text line by line: `ParallelFiles({"en": "a.en.txt.gz", "de": "a.de.txt.gz"})`.

    files: language tag -> file; line i says the same in each, and they have as many lines. languages: those that become
    documents, one per line and language, in this order; None: all. Line i is item "line-i" in every language; a line
    that is blank in one of the languages is left out in all. together: one document per line that holds all its
    wordings, below each other (language "mul"), for a dose of parallel pairs. errors: as in `Files`.
    """

    files: Mapping[str, str]
    _: KW_ONLY
    languages: tuple[str, ...] | None = None
    together: bool = False
    errors: Errors = "strict"

    @field_validator("languages", mode="before")
    @classmethod
    def _one_is_some(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _several(self) -> ParallelFiles:
        if len(self.files) < 2:
            raise ValueError("parallel text takes at least two languages; write {'en': ..., 'de': ...}, or use Files")
        if self.languages is not None:
            if not self.languages or len(set(self.languages)) < len(self.languages):
                raise ValueError("languages names none, or one twice; name each once, or leave it out for all")
            for language in self.languages:
                if language not in self.files:
                    raise ValueError(str(UnknownNameError("language of these files", language, self.files)))
        return self

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove reader of this source. Errors: SourceError for a file that is not there."""
        from seedbed.data.readers.parallel import ParallelReader

        files = {language: str(path) for language, path in self._paths(workbench)}
        return [ParallelReader(files, languages=self.languages, together=self.together, errors=self.errors)]

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this source in a hash: its fields without locations, and each language's content."""
        from seedbed.data.identity import recipe_fields

        described = recipe_fields(self)
        del described["files"]
        digests = {language: workbench.digest(path) for language, path in self._paths(workbench)}
        return described | {"order": list(self.files) if self.together else None, "content_sha256": digests}

    def _paths(self, workbench: Workbench) -> Iterator[tuple[str, Any]]:
        for language, location in self.files.items():
            path = workbench.resolve(location)
            if not path.is_file():
                raise SourceError(f"{location!r} ({language}) is not there; check the location you gave")
            yield language, path


@recipe(version=1)
class Language:
    """One language out of a source that holds several.

    `Language("de", "books/{language}.jsonl.gz")`: of files named by language tag.
    `Language("de", Files("all.jsonl"), column="lang")`: of records that name their language in a column.
    `Language("deu_Latn", HubDataset("org/name"))`: of a hub data set with a configuration per language; with `column`,
    of its records. A language that is not there is refused with what is there.
    """

    tag: Annotated[str, Field(min_length=1)]
    source: str | Files | HubDataset
    _: KW_ONLY
    column: str | None = None

    @model_validator(mode="after")
    def _can_be_told(self) -> Language:
        if isinstance(self.source, str) and (PLACE not in self.source or self.column is not None):
            raise ValueError(f"a location names languages by {PLACE} and not by a column; write 'books/{PLACE}.jsonl'")
        if isinstance(self.source, Files):
            if self.column is None:
                raise ValueError("column= says where a record's language stands; write column='lang' or the like")
            if self.column in (self.source.where or {}):
                raise ValueError(f"where= names column {self.column!r} too; leave it out there")
        if isinstance(self.source, HubDataset) and self.column is None and self.source.config is not None:
            raise ValueError("a configuration per language is chosen by the tag; leave config out, or write column=")
        return self

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove steps. Errors: UnknownNameError for a language that is not there, with those that are."""
        from seedbed.data.readers.languages import LanguageKeeper

        chosen = self.chosen(workbench)
        if self.column is None:
            return chosen.steps(workbench)
        if isinstance(chosen, Files):
            self._refuse_if_absent(column_values(chosen, self.column, workbench))
        return [*chosen.steps(workbench), LanguageKeeper(self.tag, self.column)]

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this source in a hash: the tag, the column and the source's own identity."""
        chosen = self.chosen(workbench)
        version: int = getattr(type(self), "recipe_version")  # noqa: B009  # the decorator sets it, unseen by mypy
        kind = {"kind": "Language", "version": version, "tag": self.tag, "column": self.column}
        return kind | {"source": chosen.identity(workbench)}

    def chosen(self, workbench: Workbench) -> Files | HubDataset:
        """The source that holds the language. Errors: as `steps`."""
        from dataclasses import replace

        if isinstance(self.source, str):
            self._refuse_if_absent(languages_in_names(self.source, workbench))
            return Files(self.source.replace(PLACE, self.tag))
        if isinstance(self.source, HubDataset) and self.column is None:
            self._refuse_if_absent(hub_configurations(self.source))
            return replace(self.source, config=self.tag)
        return self.source

    def _refuse_if_absent(self, there: Iterable[str]) -> None:
        found: set[str] = set()
        for language in there:
            if language == self.tag:
                return
            found.add(language)
        raise UnknownNameError("language of this source", self.tag, found)


def languages_in_names(pattern: str, workbench: Workbench) -> list[str]:
    """What stands in the place of {language} in the names of files that are there."""
    path = workbench.resolve(pattern)
    parts = [re.escape(part).replace(r"\*", r"[^/\\]*") for part in str(path).split(PLACE)]
    form = re.compile(parts[0] + r"(?P<language>[^/\\]+?)" + r"(?P=language)".join(parts[1:]))
    start = path
    while PLACE in str(start):
        start = start.parent
    depth = len(path.parts) - len(start.parts)
    there = start.glob("/".join(["*"] * depth)) if start.is_dir() else ()
    return sorted(match["language"] for file in there if (match := form.fullmatch(str(file))))


def column_values(source: Files, column: str, workbench: Workbench) -> Iterator[str]:
    """The values of a column, record by record. Errors: SourceError if records have no such column."""
    from pathlib import Path

    from seedbed.data.readers.base import near_column

    (reader,) = source.steps(workbench)
    for name in reader.files:
        for _, metadata in reader.records(Path(name)):
            if column not in metadata:
                raise SourceError(
                    f"{Path(name).name} has no column {column!r}; {near_column(column, metadata)} (column=)"
                )
            yield str(metadata[column])


def absent_value(source: Files, workbench: Workbench) -> UnknownNameError | None:
    """What is wrong with a `where` that no record fits: a value that no record has, with the nearest that some have."""
    for column, values in (source.where or {}).items():
        there = set(column_values(source, column, workbench))
        asked = [str(value) for value in (values if isinstance(values, tuple) else (values,))]
        if there.isdisjoint(asked):
            return UnknownNameError(f"value of column {column!r}", asked[0], sorted(there))
    return None


def hub_configurations(source: HubDataset) -> list[str]:
    """The configurations of a hub data set. Errors: SourceError if the hub does not tell."""
    import datasets

    try:
        return list(datasets.get_dataset_config_names(source.id, revision=source.revision))
    except (datasets.exceptions.DatasetsError, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise SourceError(
            f"the configurations of hub data set {source.id!r} cannot be listed: {reason}; check its name and the "
            "network, or write HubDataset(..., config=...)"
        ) from error
