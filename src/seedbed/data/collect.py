"""The last step of every component's pipeline: documents into a task's spill file."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep
from loguru import logger

from seedbed.data.readers.base import SKIPPED
from seedbed.data.spill import SpillWriter
from seedbed.errors import SeedbedError, SourceError, UnknownNameError

# What datatrove's readers add about where a document lay: of this machine, and no part of what the document is.
PLACES = ("file_path",)
# What annotators read of a parse, beside its heads: large, and of no use once a document is labelled.
MORPHOLOGY = ("upos", "lemmas", "features")
# What datatrove's readers log, and go on, where input is damaged.
LOST = ("Error when reading", "may be corrupted")


# Holds the name of the build whose spill folder this is.
BUILD = "build"


def task_file(folder: Path, rank: int) -> Path:
    """A task's spill file."""
    return folder / f"task-{rank:05d}.arrow"


def begin(folder: Path) -> str:
    """Mark a spill folder as that of a new build; gives the build's name, which its tasks look for."""
    name = secrets.token_hex(8)
    (folder / BUILD).write_text(name)
    return name


def unfinished(folder: Path, tasks: int) -> list[int]:
    """The tasks of a build that have not written their spill file, or not what they counted."""
    return [
        rank
        for rank in range(tasks)
        if not task_file(folder, rank).with_suffix(".json").is_file()
        or not (folder / "logs" / "completions" / f"{rank:05d}").is_file()
    ]


def record_failure(folder: Path, rank: int, error: Exception) -> None:
    """Leave what stopped a task beside its spill file: from some workers an error itself cannot travel.

    Where not even this can be written, nothing is.
    """
    place = folder / f"failed-{rank:05d}.json"
    draft = place.with_suffix(f".{secrets.token_hex(4)}")
    try:
        draft.write_text(json.dumps({"message": str(error), "errno": getattr(error, "errno", None)}))
        draft.replace(place)
    except OSError:
        return


def recorded_failure(folder: Path) -> SourceError | OSError | None:
    """What stopped a task, the first by rank; None if none was stopped."""
    for place in sorted(folder.glob("failed-*.json")):
        found = json.loads(place.read_text())
        number = found["errno"]
        return SourceError(found["message"]) if number is None else OSError(number, os.strerror(number))
    return None


class Collector(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Takes every document into the spill, and turns whatever goes wrong on the way into a `SourceError`.

    It sits at the end of the chain, so an error of any step before passes through it. folder: where spill files go.
    build: what `begin` gave; a worker that sees another folder under this name, or none, says so. None: do not look.
    """

    type = "💽 - WRITER"
    name = "seedbed catalogue"

    def __init__(self, component: str, folder: str, build: str | None = None) -> None:
        super().__init__()
        self.component = component
        self.folder = folder
        self.build = build

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A worker unpickles the pipeline before it logs its first line.
        self.__dict__.update(state)
        logger.disable("datatrove")

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> None:
        """Take all documents of a task."""
        folder = Path(self.folder)
        self._look(folder)
        with _Watch(self.component, folder, rank), SpillWriter(task_file(folder, rank)) as spill:
            for document in data or ():
                if document.text:
                    spill.add(self._utf8(document), len(document.text.split()), labels_json(document.metadata))
                else:
                    self.stat_update(SKIPPED + "empty")

    def _look(self, folder: Path) -> None:
        place = folder / BUILD
        if self.build is not None and not (place.is_file() and place.read_text() == self.build):
            raise SourceError(
                f"component {self.component!r}: a worker does not see the store's folder, or the build was given up; "
                "put the store on a file system that all workers share"
            )

    def _utf8(self, document: Document) -> bytes:
        try:
            text: bytes = document.text.encode()
        except UnicodeEncodeError as error:
            raise SourceError(
                f"document {document.id} holds a lone surrogate at character {error.start:,}, which UTF-8 cannot "
                "write; leave it out with a filter step"
            ) from error
        return text


def labels_json(metadata: Mapping[str, Any]) -> bytes:
    """Metadata as canonical JSON: keys sorted, places left out, and of parsed documents parts of speech and the like.

    Errors: SourceError for a value JSON cannot hold.
    """
    unwanted = (*PLACES, *MORPHOLOGY) if "heads" in metadata else PLACES
    kept = {key: value for key, value in metadata.items() if key not in unwanted}
    try:
        return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)
    except TypeError as error:
        raise SourceError(
            f"metadata {kept!r:.80} has no JSON form ({error}); make it numbers, strings or lists"
        ) from error


class _Watch:
    """While a task runs: nothing on the terminal, input that datatrove would drop refused, errors in one line."""

    def __init__(self, component: str, folder: Path, rank: int) -> None:
        self.component = component
        self.folder = folder
        self.rank = rank

    def __enter__(self) -> None:
        # datatrove has put its own sinks in place by now; its task is over before anything else logs.
        logger.remove()
        logger.add(self._heed, level="WARNING", catch=False, format="{message}")
        logger.enable("datatrove")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        logger.remove()
        logger.disable("datatrove")
        # Errors go through a pickle on their way out of a worker, which only those made of one message survive.
        own = isinstance(error, SeedbedError) and not isinstance(error, UnknownNameError)
        full = isinstance(error, OSError) and not isinstance(error, FileNotFoundError | PermissionError)
        if isinstance(error, Exception) and not own and not full:
            what = str(error) or "no message"
            told = SourceError(f"component {self.component!r}: {type(error).__name__}: {what[:300]}")
            record_failure(self.folder, self.rank, told)
            raise told from error
        if isinstance(error, Exception):
            record_failure(self.folder, self.rank, error)

    def _heed(self, message: Any) -> None:
        if any(lost in message for lost in LOST):
            raise SourceError(
                f"component {self.component!r}: {str(message).strip()}; mend the file, or read it with "
                'Files(..., errors="skip") to leave such input out and count it'
            )
