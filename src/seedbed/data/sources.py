"""From source recipes to datatrove steps: where names and locations meet the workbench."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seedbed.data.recipes import Files, HubDataset, PythonStdlib, format_of
from seedbed.errors import SourceError
from seedbed.remote import RemoteFile, is_remote, matching, shown
from seedbed.workbench import Workbench

if TYPE_CHECKING:
    from datatrove.pipeline.base import PipelineStep


def stdlib_steps(recipe: PythonStdlib, workbench: Workbench) -> list[PipelineStep]:
    """The reader of the standard library. Errors: SourceError if this Python has no sources."""
    from seedbed.data.readers.text import StdlibReader

    return [StdlibReader(recipe.document_bytes)]


def files_steps(recipe: Files, workbench: Workbench) -> list[PipelineStep]:
    """The reader of files. Errors: SourceError for a location that is not there or matches nothing."""
    from seedbed.data.readers.conllu import ConlluReader
    from seedbed.data.readers.tabular import JsonlReader, ParquetReader
    from seedbed.data.readers.text import TextReader

    files = [str(path) for path in matched_files(recipe, workbench)]
    size = recipe.document_bytes
    match recipe.file_format():
        case "text":
            return [TextReader(files, errors=recipe.errors, document_bytes=size)]
        case "conllu":
            return [ConlluReader(files, sentences=recipe.sentences, errors=recipe.errors, document_bytes=size)]
        case kind:
            reader = JsonlReader if kind == "jsonl" else ParquetReader
            return [
                reader(
                    files,
                    text_column=recipe.text_column,
                    errors=recipe.errors,
                    document_bytes=size,
                    where=recipe.where,
                )
            ]


def hub_steps(recipe: HubDataset, workbench: Workbench) -> list[PipelineStep]:
    """The reader of a hub data set, at the commit that its revision stands for."""
    from seedbed.data.hub import commit_of
    from seedbed.data.readers.hub import HubReader

    options = {"name": recipe.config, "split": recipe.split, "revision": commit_of(recipe.id, recipe.revision)}
    return [HubReader(recipe.id, options, text_key=recipe.text_column)]


def matched_files(recipe: Files, workbench: Workbench) -> list[Path | RemoteFile]:
    """All files of a recipe's locations, each once, sorted; a location may be a URL (`s3://bucket/x/*.jsonl.gz`).

    A folder stands for all files beneath it whose suffix is of the recipe's format (all of them, where the format is
    stated and the location has none).
    Errors: SourceError for a location that is not there, cannot be reached or matches nothing.
    """
    kind = recipe.file_format()
    found: set[Path | RemoteFile] = set()
    for location in recipe.locations:
        matches: Sequence[Path | RemoteFile] | None
        path = workbench.resolve(location)
        if is_remote(location):
            matches = matching(location, lambda name: format_of(name) == kind)
        elif path.is_file():
            matches = [path]
        elif path.is_dir():
            matches = [file for file in path.rglob("*") if file.is_file() and format_of(file.name) == kind]
        elif glob.has_magic(location):
            base = Path(path.anchor)
            matches = [file for file in base.glob(str(path.relative_to(base))) if file.is_file()]
        else:
            matches = None
        if matches is None:
            raise SourceError(f"{shown(location)!r} is not there; check the location you gave")
        if not matches:
            raise SourceError(f"{shown(location)!r} holds no {kind} file; check the location or write format=")
        found.update(matches)
    return sorted(found, key=str)
