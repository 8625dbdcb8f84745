"""The store: artifacts in folders that are whole or not there.

An artifact's folder is named after it and ends in its fingerprint. It is built in `partial/` under a lock, gets a
manifest, and appears in its place by one rename: a reader never sees half of it, two builders never build it twice, and
a full disk or a kill leaves the store as it was.

A store behind a URL (`--store s3://bucket/prefix`) is shared by machines. Artifacts are built in a folder of this one
just the same, then published (see `RemoteStore`), and fetched into that folder where another machine published them.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from seedbed.errors import StoreError
from seedbed.pipelines.identity import Json, fingerprint
from seedbed.pipelines.remote_store import MANIFEST, RemoteStore
from seedbed.remote import DISK_FULL
from seedbed.workbench import Workbench

Kind = Literal["component", "tokenizer", "tokens", "difficulty", "run"]
KINDS: tuple[Kind, ...] = ("component", "tokenizer", "tokens", "difficulty", "run")
UNCOUNTED: tuple[Kind, ...] = ("tokens", "difficulty")
"""Kinds whose folder is called as they are."""


@dataclass(frozen=True)
class Artifact:
    """Something the store holds or will hold: its kind, readable name, identity and parents."""

    kind: Kind
    name: str
    description: dict[str, Json] = field(hash=False)
    """The full identity, with the parents' inside it, so that a difference is explained down to its field."""
    fingerprint: str
    parents: Mapping[str, Artifact] = field(default_factory=dict, hash=False)
    """By role: `component`, `tokenizer`, `tokens.NAME`, ..."""

    @staticmethod
    def of(
        kind: Kind, name: str, description: dict[str, Json], parents: Mapping[str, Artifact] | None = None
    ) -> Artifact:
        """An artifact with the fingerprint of its description."""
        whole: dict[str, Json] = {"artifact": kind, **description}
        return Artifact(kind, name, whole, fingerprint(whole), parents or {})

    @property
    def folder_name(self) -> str:
        """Readable, and unique by its ending."""
        return f"{self.name}-{self.fingerprint}"

    @property
    def label(self) -> str:
        """Kind and name, for messages."""
        return f"{self.kind} {self.name}"


@cache
def code_version() -> str:
    """seedbed's version, for manifests; it is no part of an identity (recipes carry behaviour versions)."""
    return version("seedbed")


class Store:
    """A folder of artifacts: `components/`, `tokenizers/`, `tokens/`, `difficulty/`, `runs/`, `partial/` and `locks/`.

    remote: the store behind a URL that it stands for on this machine, if any.
    """

    def __init__(self, root: Path, remote: RemoteStore | None = None) -> None:
        self.root = root
        self.remote = remote

    @staticmethod
    def of(workbench: Workbench) -> Store:
        """The store of a workbench."""
        url = workbench.remote_store
        return Store(workbench.store, None if url is None else RemoteStore(url))

    def kind_folder(self, kind: Kind) -> Path:
        """Where artifacts of a kind stand."""
        return self.root / (kind if kind in UNCOUNTED else f"{kind}s")

    def folder(self, artifact: Artifact) -> Path:
        """Where an artifact stands, or will stand; fetched first, if another machine has published it.

        Errors: StoreError if it cannot be fetched.
        """
        place = self._place(artifact)
        if self.remote is not None and not self._is_here(artifact) and self.has(artifact):
            with self.lock(artifact), self.say_if_full():
                if not self._is_here(artifact):
                    self._fetch(artifact, self.remote)
        return place

    def _place(self, artifact: Artifact) -> Path:
        return self.kind_folder(artifact.kind) / artifact.folder_name

    def _is_here(self, artifact: Artifact) -> bool:
        return (self._place(artifact) / MANIFEST).is_file()

    def partial(self, artifact: Artifact) -> Path:
        """Where an artifact is being built."""
        return self.root / "partial" / f"{artifact.kind}-{artifact.folder_name}"

    def has(self, artifact: Artifact) -> bool:
        """Whether the artifact is there, whole; of a store behind a URL, whether it is published."""
        if self.remote is not None:
            return artifact.folder_name in self.remote.names(self.kind_folder(artifact.kind).name)
        return self._is_here(artifact)

    def manifest(self, artifact: Artifact) -> dict[str, Any]:
        """The manifest of an artifact that is there. Errors: StoreError if it is damaged or of another recipe."""
        path = self._place(artifact) / MANIFEST
        published = None
        if self.remote is not None and not path.is_file():
            published = self.remote.manifest(self.kind_folder(artifact.kind).name, artifact.folder_name)
        try:
            manifest: dict[str, Any] = json.loads(path.read_text()) if published is None else published
        except (OSError, ValueError) as error:
            raise StoreError(f"{artifact.label}: its manifest cannot be read; delete {path.parent.name}") from error
        if manifest.get("fingerprint") != artifact.fingerprint:
            raise StoreError(
                f"{artifact.label}: {path.parent.name} holds another recipe; move that folder out of the store"
            )
        return manifest

    def manifests(self, kind: Kind) -> list[dict[str, Any]]:
        """Every readable manifest of a kind, newest first."""
        found, here = [], set()
        for path in self.kind_folder(kind).glob(f"*/{MANIFEST}"):
            try:
                found.append(json.loads(path.read_text()))
                here.add(path.parent.name)
            except (OSError, ValueError):
                continue
        if self.remote is not None:
            folder = self.kind_folder(kind).name
            others = sorted(self.remote.names(folder) - here)
            found += [there for name in others if (there := self.remote.manifest(folder, name)) is not None]
        return sorted(found, key=lambda manifest: str(manifest.get("created", "")), reverse=True)

    def lock(self, artifact: Artifact) -> FileLock:
        """The lock that its builder holds; it falls open when the builder dies."""
        with self.say_if_full():
            (self.root / "locks").mkdir(parents=True, exist_ok=True)
        return FileLock(self.root / "locks" / f"{artifact.kind}-{artifact.fingerprint}.lock")

    @contextmanager
    def say_if_full(self) -> Iterator[None]:
        """Turn a full disk into one line with the mend."""
        try:
            yield
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            raise StoreError(
                "the disk that holds the store is full; nothing half-written was kept: free space (or choose another "
                "store with --store) and run the same command again"
            ) from error

    def build(
        self,
        artifact: Artifact,
        make: Callable[[Path], Mapping[str, Any]],
        *,
        resumable: bool = False,
        holding: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> bool:
        """Build an artifact unless it is there; return whether it was built now.

        make: fills the empty folder it is given and returns what the manifest notes as `counts`.
        resumable: keep the partial folder when `make` stops early, and hand it over again next time.
        holding: entered around `make` only, so that who waits for another builder occupies no core meanwhile.

        Errors: whatever `make` raises; StoreError for a full disk.
        """
        with self.lock(artifact), self.say_if_full():
            folder = self.kind_folder(artifact.kind).name
            published = None if self.remote is None else self.remote.manifest(folder, artifact.folder_name)
            if self.remote is not None and published is not None:
                # What was built here and not published in time gives way: all machines go on from one artifact.
                if self._is_here(artifact) and self.manifest(artifact) != published:
                    self._fetch(artifact, self.remote)
                return False
            if self._is_here(artifact):
                self.manifest(artifact)
                self._publish(artifact)
                return False
            partial = self.partial(artifact)
            if not resumable:
                shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True, exist_ok=True)
            started = time.monotonic()
            try:
                with holding():
                    counts = make(partial)
                self._write_manifest(artifact, partial, counts, time.monotonic() - started)
                target = self._place(artifact)
                target.parent.mkdir(parents=True, exist_ok=True)
                partial.rename(target)
            except BaseException as error:
                full = isinstance(error, OSError) and error.errno in DISK_FULL
                if not resumable or full:
                    shutil.rmtree(partial, ignore_errors=True)
                raise
            self._publish(artifact)
        return True

    def fetch_named(self, kind: Kind, name: str) -> None:
        """Fetch what is published under a name, or a folder's name, and is not here."""
        if self.remote is None:
            return
        for manifest in self.manifests(kind):
            artifact = Artifact(kind, manifest["name"], manifest["recipe"], manifest["fingerprint"])
            if name in (artifact.name, artifact.folder_name):
                self.folder(artifact)

    def _publish(self, artifact: Artifact) -> None:
        """Publish what stands here; where another machine was first, take its artifact instead."""
        if self.remote is None:
            return
        place = self._place(artifact)
        if not self.remote.publish(place.parent.name, place):
            self._fetch(artifact, self.remote)

    def _fetch(self, artifact: Artifact, remote: RemoteStore) -> None:
        """Fetch an artifact, in place of what stands here; whoever calls holds its lock."""
        place = self._place(artifact)
        draft = self.root / "partial" / f"fetched-{artifact.kind}-{artifact.folder_name}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            remote.fetch(place.parent.name, place.name, draft)
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists():
                before = draft.with_name(f"{draft.name}.before")
                place.rename(before)
                draft.rename(place)
                shutil.rmtree(before, ignore_errors=True)
            else:
                draft.rename(place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _write_manifest(self, artifact: Artifact, folder: Path, counts: Mapping[str, Any], wall_seconds: float) -> None:
        manifest = {
            "kind": artifact.kind,
            "name": artifact.name,
            "fingerprint": artifact.fingerprint,
            "recipe": artifact.description,
            "parents": {role: parent.fingerprint for role, parent in artifact.parents.items()},
            "counts": dict(counts),
            "code_version": code_version(),
            "wall_seconds": round(wall_seconds, 3),
            "created": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        with (folder / MANIFEST).open("w") as file:
            json.dump(manifest, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
