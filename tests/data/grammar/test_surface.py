from __future__ import annotations

import numpy as np

from seedbed.data.grammar.expand import Forest
from seedbed.data.grammar.surface import drop_before

WORDS = [",", ".", "boy", "who", "sleeps", "laughs", "sees"]
COMMA = {",": [",", ".", "?"]}


def forest(texts: list[str], heads: list[list[int]]) -> Forest:
    rows = [[WORDS.index(word) for word in text.split()] for text in texts]
    sizes = np.array([len(row) for row in rows])
    starts = np.cumsum(sizes) - sizes
    flat = np.concatenate([np.array(row) for row in rows])
    places = [head + start if head >= 0 else -1 for row, start in zip(heads, starts, strict=True) for head in row]
    numbers = np.arange(len(flat))
    return Forest(
        waves=[],
        sizes=sizes,
        starts=starts,
        masks=np.zeros(len(rows), np.uint64),
        of_start=starts,
        of_stop=starts + sizes - 1,
        leaf=numbers,
        cell=numbers,
        word=flat,
        heads=np.array(places),
        relation=numbers,
        depth=numbers,
        key=numbers.astype(np.uint64),
    )


def texts(found: Forest) -> list[str]:
    return [
        " ".join(WORDS[word] for word in found.word[start : start + size])
        for start, size in zip(found.starts, found.sizes, strict=True)
    ]


def test_a_closing_comma_gives_way_to_a_comma_and_to_the_stop():
    given = ["boy , who sleeps , laughs .", "boy sees boy , who sleeps , , .", ",", "boy ,"]
    heads = [[5, 3, 3, 0, 3, -1, 5], [1, -1, 1, 5, 5, 2, 5, 5, 1], [-1], [-1, 0]]
    found = drop_before(forest(given, heads), WORDS, COMMA)
    # The last two end a document: what stands first in the next one does not count.
    assert texts(found) == ["boy , who sleeps , laughs .", "boy sees boy , who sleeps .", ",", "boy ,"]
    second = slice(int(found.starts[1]), int(found.starts[1] + found.sizes[1]))
    assert [head - found.starts[1] if head >= 0 else -1 for head in found.heads[second]] == [1, -1, 1, 5, 5, 2, 1]
    assert (found.of_stop - found.of_start).tolist() == [6, 6, 0, 1]
    assert found.key[second].tolist() == [7, 8, 9, 10, 11, 12, 15]


def test_nothing_to_drop_changes_nothing():
    given = forest(["boy laughs ."], [[1, -1, 1]])
    assert drop_before(given, WORDS, COMMA) is given
    assert drop_before(given, WORDS, {"?": ["."]}) is given
