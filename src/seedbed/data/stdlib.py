"""Where the running interpreter's standard library lies, and which of its files are its own modules."""

from __future__ import annotations

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
    files = [
        path
        for path in sorted(root.rglob("*.py"))
        if not NOT_LIBRARY.intersection(path.relative_to(root).parts[:-1])
        and not path.name.startswith(MACHINE_MADE)
        and not path.is_symlink()
    ]
    if not files:
        raise SourceError("this Python came without the source of its standard library; use one that has it")
    return files
