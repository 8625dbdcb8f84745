from __future__ import annotations

import pytest

from seedbed.data.recipes import Component, Grammar


@pytest.fixture
def component():
    """Three blocks of sentences, so that three tasks have something to do."""
    return Component("g", Grammar("english", documents=40_000))
