"""The last step of every component's pipeline: documents into a task's spill file."""

from __future__ import annotations

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
# What datatrove's readers log, and go on, where input is damaged.
LOST = ("Error when reading", "may be corrupted")


def task_file(folder: Path, rank: int) -> Path:
    """A task's spill file."""
    return folder / f"task-{rank:05d}.arrow"


class Collector(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Takes every document into the spill, and turns whatever goes wrong on the way into a `SourceError`.

    It sits at the end of the chain, so an error of any step before passes through it. folder: where spill files go.
    """

    type = "💽 - WRITER"
    name = "seedbed catalogue"

    def __init__(self, component: str, folder: str) -> None:
        super().__init__()
        self.component = component
        self.folder = folder

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A worker unpickles the pipeline before it logs its first line.
        self.__dict__.update(state)
        logger.disable("datatrove")

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> None:
        """Take all documents of a task."""
        with _Watch(self.component), SpillWriter(task_file(Path(self.folder), rank)) as spill:
            for document in data or ():
                if document.text:
                    spill.add(self._utf8(document), len(document.text.split()), labels_json(document.metadata))
                else:
                    self.stat_update(SKIPPED + "empty")

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
    """Metadata as canonical JSON: keys sorted, places left out. Errors: SourceError for a value JSON cannot hold."""
    kept = {key: value for key, value in metadata.items() if key not in PLACES}
    try:
        return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)
    except TypeError as error:
        raise SourceError(
            f"metadata {kept!r:.80} has no JSON form ({error}); make it numbers, strings or lists"
        ) from error


class _Watch:
    """While a task runs: nothing on the terminal, input that datatrove would drop refused, errors in one line."""

    def __init__(self, component: str) -> None:
        self.component = component

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
            raise SourceError(f"component {self.component!r}: {type(error).__name__}: {what[:300]}") from error

    def _heed(self, message: Any) -> None:
        if any(lost in message for lost in LOST):
            raise SourceError(
                f"component {self.component!r}: {str(message).strip()}; mend the file, or read it with "
                'Files(..., errors="skip") to leave such input out and count it'
            )
