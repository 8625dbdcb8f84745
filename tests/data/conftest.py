from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from seedbed.data.build import ComponentReceipt, build_component
from seedbed.data.catalogue import StoredComponent, open_component
from seedbed.data.recipes import Component
from seedbed.workbench import Workbench

Build = Callable[..., tuple[StoredComponent, ComponentReceipt]]


@pytest.fixture
def workbench(tmp_path: Path) -> Workbench:
    (tmp_path / "bench").mkdir()
    return Workbench(tmp_path / "bench")


@pytest.fixture
def build(workbench: Workbench, tmp_path: Path) -> Build:
    """Build a component into a folder of its own and open it."""
    count = 0

    def built(component: Component, **how: int) -> tuple[StoredComponent, ComponentReceipt]:
        nonlocal count
        count += 1
        out = tmp_path / f"built-{count}"
        out.mkdir()
        receipt = build_component(component, out, workbench, **how)
        return open_component(out), receipt

    return built


@pytest.fixture
def content() -> Callable[[StoredComponent], str]:
    """One digest over the names and bytes of a component's files."""

    def digest(stored: StoredComponent) -> str:
        found = hashlib.sha256()
        for path in sorted(stored.folder.rglob("*")):
            found.update(str(path.relative_to(stored.folder)).encode())
            found.update(path.read_bytes())
        return found.hexdigest()

    return digest


@pytest.fixture
def jsonl(workbench: Workbench) -> Callable[[str, Iterable[Any]], str]:
    """Write records as JSON lines into the workbench; gives the location."""

    def write(name: str, records: Iterable[Any]) -> str:
        lines = [json.dumps(record if isinstance(record, dict) else {"text": record}) + "\n" for record in records]
        (workbench.root / name).write_text("".join(lines), encoding="utf-8")
        return name

    return write
