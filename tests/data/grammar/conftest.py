from __future__ import annotations

import pytest

from seedbed.data.grammar.file import GrammarFile, load_grammar
from seedbed.workbench import Workbench


@pytest.fixture(scope="session")
def english() -> GrammarFile:
    return load_grammar("english", Workbench())
