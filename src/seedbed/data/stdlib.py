"""Where the running interpreter's standard library lies, and which of its files are its own modules."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

from seedbed.errors import SourceError

# Tests and what is generated for one machine or one release; the rest is code that people wrote to be read.
NOT_LIBRARY = frozenset(
    {"test", "tests", "idle_test", "idlelib", "site-packages", "dist-packages", "__pycache__", "_bundled"}
)
MACHINE_MADE = "_sysconfigdata"


def stdlib_files(folder: Path | None = None) -> list[Path]:
    """The standard library's own modules, tests left out, by name. Errors: SourceError where there are none."""
    root = folder if folder is not None else Path(sysconfig.get_path("stdlib"))
    files: list[Path] = []
    for there, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_LIBRARY]
        files += [Path(there, name) for name in names if name.endswith(".py") and not name.startswith(MACHINE_MADE)]
    files = sorted(path for path in files if not path.is_symlink())
    if not files:
        raise SourceError("this Python came without the source of its standard library; use one that has it")
    return files
