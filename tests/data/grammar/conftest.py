from __future__ import annotations

import tomllib

import pytest

from seedbed.data.grammar.rules_file import Rules, load_rules
from seedbed.workbench import Workbench, carried_shelves


@pytest.fixture(scope="session")
def english() -> Rules:
    return load_rules("english", Workbench())


@pytest.fixture
def values() -> dict:
    """The values of the English grammar's file, to be changed."""
    return tomllib.loads((carried_shelves() / "data" / "grammars" / "english.toml").read_text())
