"""A store behind a URL: what machines publish there is whole or not there, and one of two builders wins.

An artifact's files go up under a name of their own attempt, `KIND/NAME-FINGERPRINT/files-ATTEMPT/`. Then, by one write
that fails where something is there already, `KIND/NAME-FINGERPRINT/manifest.json` appears, which names that attempt and
every file's size and hash. Files without a manifest that names them are nothing, and are removed by whoever publishes.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from seedbed.errors import SourceError, StoreError
from seedbed.remote import BLOCK_BYTES, file_system, shown, told

MANIFEST = "manifest.json"
LISTED_SECONDS = 5.0
"""For so long a list of what is there is taken to hold; a build asks anew."""


class RemoteStore:
    """The artifacts behind a URL. Errors of every method: StoreError if it cannot be reached, in one line."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._listed: dict[str, tuple[float, set[str]]] = {}

    def names(self, kind: str) -> set[str]:
        """Folder names of all whole artifacts of a kind. kind: the kind's folder."""
        at, names = self._listed.get(kind, (-LISTED_SECONDS, set()))
        if time.monotonic() - at < LISTED_SECONDS:
            return names
        with self._reached() as (system, root):
            system.invalidate_cache()
            found = {path.rsplit("/", 2)[-2] for path in system.glob(f"{root}/{kind}/*/{MANIFEST}")}
        self._listed[kind] = (time.monotonic(), found)
        return found

    def has(self, kind: str, name: str) -> bool:
        """Whether an artifact is there, asked anew."""
        return self._published(kind, name) is not None

    def manifest(self, kind: str, name: str) -> dict[str, Any] | None:
        """An artifact's manifest, None if it is not there."""
        published = self._published(kind, name)
        return None if published is None else {key: value for key, value in published.items() if key != "published"}

    def publish(self, kind: str, folder: Path) -> bool:
        """Put a whole folder up, its manifest last; False if another machine was first, whose artifact then stands."""
        attempt = f"files-{secrets.token_hex(6)}"
        with self._reached() as (system, root):
            place = f"{root}/{kind}/{folder.name}"
            try:
                files = _upload(system, folder, f"{place}/{attempt}")
                published = {"published": {"attempt": attempt, "files": files}}
                manifest = json.loads((folder / MANIFEST).read_text()) | published
                system.pipe_file(f"{place}/{MANIFEST}", json.dumps(manifest, indent=1).encode(), mode="create")
                won = True
            except FileExistsError:
                won = False
            except FileNotFoundError:  # whoever was first removed what we were still writing
                won = False
                if not self.has(kind, folder.name):
                    raise
            system.invalidate_cache()
            for other in system.ls(place, detail=False):
                name = other.rstrip("/").rpartition("/")[2]
                # What has not won never will: a manifest is written once.
                if name.startswith("files-") and (name == attempt) != won:
                    with suppress(FileNotFoundError):
                        system.rm(other, recursive=True)
        self._listed.pop(kind, None)
        return won

    def fetch(self, kind: str, name: str, into: Path) -> None:
        """Bring an artifact's files into an empty folder. Errors: StoreError also for files that are damaged."""
        published = self._published(kind, name)
        if published is None:
            raise StoreError(f"{name} is not in the store at {shown(self.url)}; run the command that builds it")
        with self._reached() as (system, root):
            for file, about in published["published"]["files"].items():
                target = into / file
                target.parent.mkdir(parents=True, exist_ok=True)
                place = f"{root}/{kind}/{name}/{published['published']['attempt']}/{file}"
                with system.open(place, "rb", block_size=BLOCK_BYTES) as source, target.open("wb") as out:
                    if _copy(source, out) != about:
                        raise StoreError(
                            f"{name}: {file} in the store at {shown(self.url)} is damaged; remove {kind}/{name} there "
                            "and build it again"
                        )

    def _published(self, kind: str, name: str) -> dict[str, Any] | None:
        with self._reached() as (system, root):
            system.invalidate_cache()
            try:
                content = system.cat_file(f"{root}/{kind}/{name}/{MANIFEST}")
            except FileNotFoundError:
                return None
        try:
            manifest: dict[str, Any] = json.loads(content)
        except ValueError as error:
            raise StoreError(
                f"{name}: its manifest in the store at {shown(self.url)} cannot be read; remove {kind}/{name} there"
            ) from error
        return manifest

    @contextmanager
    def _reached(self) -> Iterator[tuple[Any, str]]:
        try:
            system, root = file_system(self.url)
            with told(f"the store at {shown(self.url)}"):
                yield system, root.rstrip("/")
        except SourceError as error:
            raise StoreError(str(error)) from error


def _upload(system: Any, folder: Path, place: str) -> dict[str, dict[str, Any]]:
    """Every file of a folder to a place; gives name -> size and hash."""
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        system.makedirs(f"{place}/{name}".rpartition("/")[0], exist_ok=True)
        with path.open("rb") as source, system.open(f"{place}/{name}", "wb") as target:
            files[name] = _copy(source, target)
    return files


def _copy(source: Any, target: Any) -> dict[str, Any]:
    """Copy block by block; gives the size and the hash of what was copied."""
    found, size = hashlib.sha256(), 0
    while block := source.read(BLOCK_BYTES):
        target.write(block)
        found.update(block)
        size += len(block)
    return {"bytes": size, "sha256": found.hexdigest()}
