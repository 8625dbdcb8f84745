"""Code of one's own: any local tree of source files as a source of documents."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import KW_ONLY
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from seedbed.data.recipes import JSON, Errors
from seedbed.errors import SourceError
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from datatrove.pipeline.base import PipelineStep

    from seedbed.workbench import Workbench

NOT_OWN = frozenset({"__pycache__", "node_modules", "site-packages", "dist-packages"})
"""Folders of what others wrote or a machine made; hidden ones (.git, .venv) are left out as well."""


@recipe(version=1)
class CodeTree:
    """The source files of a local tree: `CodeTree("../my-project", suffixes=(".rs", ".toml"))`.

    location: a folder, relative to the workbench. suffixes: of the files that are read, wherever they lie in it. Hidden
    folders and files, links, and folders of what others wrote or a machine made (`node_modules`, `site-packages`,
    `dist-packages`, `__pycache__`) are left out. document_bytes: files are cut at line borders into documents of at
    most so many bytes; None leaves them whole. errors: of files that are not UTF-8, "strict" stops, "skip" leaves them
    out and counts them; binary ones are always left out and counted.
    """

    location: str
    _: KW_ONLY
    suffixes: tuple[str, ...] = Field(kw_only=True, default=(".py",), min_length=1)
    document_bytes: int | None = Field(kw_only=True, default=2_048, ge=64)
    errors: Errors = "strict"

    @field_validator("suffixes")
    @classmethod
    def _with_points(cls, suffixes: tuple[str, ...]) -> tuple[str, ...]:
        for suffix in suffixes:
            if not suffix.startswith(".") or suffix != suffix.lower():
                raise ValueError(f"{suffix!r} is no suffix; write it with its point and in lower case, such as '.py'")
        return tuple(sorted(set(suffixes)))

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove reader of this source. Errors: SourceError if there is no such folder or no file in it."""
        from seedbed.data.readers.code import CodeReader

        files = [str(path) for path in self.files(workbench)]
        return [CodeReader(files, errors=self.errors, document_bytes=self.document_bytes)]

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this source in a hash: its fields without the location, and the digest of the contents."""
        from seedbed.data.identity import combined, recipe_fields

        described = recipe_fields(self)
        del described["location"]
        # The suffix is a label of the documents.
        digests = [f"{path.suffix.lower()} {workbench.digest(path)}" for path in self.files(workbench)]
        return described | {"content_sha256": combined(digests)}

    def files(self, workbench: Workbench) -> list[Path]:
        """All files that are read, sorted. Errors: SourceError for a folder that is not there or holds none."""
        root = workbench.resolve(self.location)
        if not root.is_dir():
            raise SourceError(
                f"{self.location!r} is no folder; check the location, or read single files with Files(...)"
            )
        files: list[Path] = []
        others: Counter[str] = Counter()
        for there, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if name not in NOT_OWN and not name.startswith("."))
            for path in (Path(there, name) for name in names if not name.startswith(".")):
                if path.suffix.lower() in self.suffixes and not path.is_symlink():
                    files.append(path)
                elif path.suffix:
                    others[path.suffix.lower()] += 1
        if not files:
            there = ", ".join(suffix for suffix, _ in others.most_common(5)) or "no file with a suffix"
            raise SourceError(
                f"{self.location!r} holds no {' or '.join(self.suffixes)} file; it holds {there} (suffixes=)"
            )
        return sorted(files)
