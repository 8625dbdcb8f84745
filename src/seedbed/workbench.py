"""The workbench: the one object that knows paths.

Recipes say what is wanted and never where; whoever needs a file asks the workbench. It finds shelf files (the folder a
person works in first, then the shelves that came with seedbed), resolves the locations named in a pipeline file, and
digests the content of local sources, so that content and never a path enters an identity.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any

from seedbed.errors import SourceError, UnknownNameError

REMEMBERED_BYTES = 1_000_000
"""Files of this size and more have their digests remembered between commands; smaller ones are soon read again."""
SHELVES = ("data", "tokenizers", "training", "probes", "pipelines")


def carried_shelves() -> Path:
    """The folder that holds the shelves that came with seedbed: the checkout's root, or the wheel's copy."""
    carried = Path(__file__).parent / "_shelves"
    return carried if carried.is_dir() else Path(__file__).parents[2]


class Workbench:
    """A folder with five shelves and a store.

    root: the folder a person works in. store: where artifacts go, by default `root/store`.
    """

    def __init__(self, root: Path | str = ".", store: Path | str | None = None) -> None:
        self.root = Path(root).resolve()
        chosen = store if store is not None else os.environ.get("SEEDBED_STORE", self.root / "store")
        self.store = Path(chosen).expanduser().resolve()

    def resolve(self, location: str) -> Path:
        """The path of a location named in a pipeline or shelf file: relative to the workbench's root."""
        return (self.root / Path(location).expanduser()).resolve()

    def shelf_names(self, shelf: str, suffix: str) -> list[str]:
        """Names on a shelf (without suffix), own and carried; `shelf` may name a folder within one: 'data/grammars'."""
        folders = (self.root / shelf, carried_shelves() / shelf)
        return sorted({path.name.removesuffix(suffix) for folder in folders for path in folder.glob(f"*{suffix}")})

    def shelf_file(self, shelf: str, name: str, suffix: str = ".toml") -> Path:
        """The file of a name on a shelf; the workbench's own wins over the carried one.

        Errors: UnknownNameError, with the nearest names.
        """
        for folder in (self.root / shelf, carried_shelves() / shelf):
            path = folder / f"{name}{suffix}"
            if path.is_file():
                return path
        raise UnknownNameError(f"{shelf} recipe", name, self.shelf_names(shelf, suffix))

    def digest(self, path: Path) -> str:
        """SHA-256 of a file's bytes, remembered by size and modification time. Errors: SourceError if it is missing."""
        try:
            state = path.stat()
        except OSError as error:
            raise SourceError(f"{path.name} is not there or cannot be read; check the location you gave") from error
        key = f"{path}:{state.st_size}:{state.st_mtime_ns}"
        if key not in self._digests:
            with path.open("rb") as file:
                self._digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
            if state.st_size >= REMEMBERED_BYTES:
                self._remember()
        return self._digests[key]

    @cached_property
    def _digests(self) -> dict[str, str]:
        try:
            known: dict[str, Any] = json.loads((self.store / "digests.json").read_text())
        except (OSError, ValueError):
            return {}
        return {str(key): str(value) for key, value in known.items()}

    def _remember(self) -> None:
        # A cache only: where it cannot be written, digests are computed again.
        try:
            self.store.mkdir(parents=True, exist_ok=True)
            draft = self.store / f"digests.json.{os.getpid()}"
            draft.write_text(json.dumps(self._digests))
            draft.replace(self.store / "digests.json")
        except OSError:
            return
