from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seedbed.data.formal.base import FormalSource
from seedbed.workbench import Workbench

Written = tuple[list[str], list[dict[str, Any]]]


@pytest.fixture
def write(tmp_path) -> Callable[..., Written]:
    """Texts and labels of a recipe's first documents (all of them by default)."""

    def written(recipe: FormalSource, documents: int | None = None) -> Written:
        generator = recipe.generator(Workbench(tmp_path))
        return generator(np.arange(generator.documents if documents is None else documents))

    return written


@pytest.fixture
def answers() -> Callable[[Written], list[str]]:
    """The marked answers, cut out of the texts' bytes."""

    def cut(written: Written) -> list[str]:
        texts, labels = written
        return [
            text.encode()[known["answer_start"] : known["answer_end"]].decode()
            for text, known in zip(texts, labels, strict=True)
        ]

    return cut
