from __future__ import annotations

from collections.abc import Callable

import pytest

from seedbed.data.annotators.parse import Parse


@pytest.fixture
def parse() -> Callable[[str], Parse]:
    """A parse from rows "word/UPOS/head/relation[/lemma[/features]]", heads counted from 1."""

    def of(rows: str) -> Parse:
        columns = [row.split("/") for row in rows.split()]
        return Parse(
            words=[each[0].lower() for each in columns],
            upos=[each[1] for each in columns],
            heads=[int(each[2]) - 1 for each in columns],
            relations=[each[3] for each in columns],
            lemmas=[each[4] if len(each) > 4 else each[0].lower() for each in columns],
            features=[each[5] if len(each) > 5 else "" for each in columns],
        )

    return of
