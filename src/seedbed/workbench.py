"""The workbench: the one object that knows paths.

Recipes say what is wanted and never where; whoever needs a file asks the workbench. It finds shelf files (the folder a
person works in first, then the shelves that came with seedbed), resolves the locations named in a pipeline file, and
digests the content of local sources, so that content and never a path enters an identity.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Any

from seedbed.errors import SourceError, UnknownNameError
from seedbed.remote import BLOCK_BYTES, RemoteFile, is_remote, shown, told

REMEMBERED_BYTES = 1_000_000
"""Files of this size and more have their digests remembered between commands; smaller ones are soon read again."""
SHELVES = ("data", "tokenizers", "training", "probes", "pipelines")


def carried_shelves() -> Path:
    """The folder that holds the shelves that came with seedbed: the checkout's root, or the wheel's copy."""
    carried = Path(__file__).parent / "_shelves"
    return carried if carried.is_dir() else Path(__file__).parents[2]


def kept(remote_store: str) -> Path:
    """The folder of this machine in which a remote store's artifacts are built, and kept once fetched.

    It lies in SEEDBED_CACHE, by default ~/.cache/seedbed.
    """
    cache = Path(os.environ.get("SEEDBED_CACHE", "~/.cache/seedbed")).expanduser().resolve()
    name = re.sub(r"[^a-z0-9]+", "-", shown(remote_store).lower()).strip("-")[:60]
    return cache / f"{name}-{hashlib.sha256(remote_store.encode()).hexdigest()[:8]}"


class Workbench:
    """A folder with five shelves and a store.

    root: the folder a person works in. store: where artifacts go, by default `root/store`; of a remote one (a URL) the
    folder of this machine in which they are built and kept once fetched. remote_store: its URL, None for a local one.
    """

    def __init__(self, root: Path | str = ".", store: Path | str | None = None) -> None:
        self.root = Path(root).resolve()
        chosen = store if store is not None else os.environ.get("SEEDBED_STORE", self.root / "store")
        self.remote_store = str(chosen).rstrip("/") if is_remote(str(chosen)) else None
        self.store = Path(chosen).expanduser().resolve() if self.remote_store is None else kept(self.remote_store)

    @property
    def store_location(self) -> str:
        """The store as `--store` takes it."""
        return self.remote_store or str(self.store)

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

    def digest(self, path: Path | RemoteFile) -> str:
        """SHA-256 of a file's bytes, remembered by size and modification time, or by a remote file's version.

        So a file has one digest wherever it lies; a remote one is read for it once.
        Errors: SourceError if it is missing or cannot be reached.
        """
        if isinstance(path, RemoteFile):
            return self._remote_digest(path)
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

    def _remote_digest(self, file: RemoteFile) -> str:
        # Remembered by a hash: a URL may carry what must not be written down.
        key = "remote:" + hashlib.sha256(f"{file.location} {file.version()}".encode()).hexdigest()
        if key not in self._digests:
            found = hashlib.sha256()
            with file.open() as stream, told(file.name):
                while block := stream.read(BLOCK_BYTES):
                    found.update(block)
            self._digests[key] = found.hexdigest()
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
