from __future__ import annotations

import numpy as np
import pytest

from seedbed.data.grammar.documents import Request, Sampler
from seedbed.data.grammar.expand import Forest
from seedbed.data.grammar.file import grammar_from_text
from seedbed.data.grammar.surface import drop_before
from seedbed.errors import RecipeError

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
        depths=np.zeros(len(rows), np.int64),
        of_start=starts,
        of_stop=starts + sizes - 1,
        leaf=numbers,
        cell=numbers,
        word=flat,
        heads=np.array(places),
        relation=numbers,
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
    assert found.leaf[second].tolist() == [7, 8, 9, 10, 11, 12, 15]


def test_nothing_to_drop_changes_nothing():
    given = forest(["boy laughs ."], [[1, -1, 1]])
    assert drop_before(given, WORDS, COMMA) is given
    assert drop_before(given, WORDS, {"?": ["."]}) is given


TOY = """
language = "de"
[tasks]
sentence = { start = "Sentence" }
[features]
clause = ["yes", "no"]
[lexicon]
noun = ["boy"]
verb = ["sleeps"]
[rules.Sentence]
final = "verb:head subject=Phrase:nsubj '.'"
first = "subject=Phrase:nsubj verb:head '.'"
[rules.Phrase]
plain = { when = "clause=no", is = "noun:head" }
relative = { when = "clause=yes", is = "noun:head o=',':punct>verb 'who':nsubj>verb verb:acl:relcl c=',':punct>verb" }
[surface]
drop = { "," = [",", "."] }
"""


def test_a_grammar_file_says_what_is_dropped():
    found = Sampler(grammar_from_text(TOY), Request()).documents(0, 60)
    assert set(found.texts) == {
        "sleeps boy .",
        "boy sleeps .",
        "sleeps boy , who sleeps .",
        "boy , who sleeps , sleeps .",
    }
    for text, labels in zip(found.texts, found.labels, strict=True):
        words = text.split()
        for word, head, relation in zip(words, labels["heads"], labels["relations"], strict=True):
            wanted = {"nsubj": "sleeps", "punct": "sleeps", "acl:relcl": "boy"}
            assert (head == -1) if relation == "root" else words[head] == wanted[relation], (text, word)
    paths = [sentence.paths for sentence in Sampler(grammar_from_text(TOY), Request()).sentences(0, 60)]
    assert {len(each) for each in paths} == {3, 6, 7}
    assert all("" not in each for each in paths)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("drop =", "drops =", r"surface: no key is called 'drops'; did you mean 'drop'\?"),
        ('[",", "."]', "[1]", r"surface.drop.,: .* is no list of names"),
    ],
)
def test_a_mistake_in_it_is_named(old: str, new: str, fault: str):
    with pytest.raises(RecipeError, match=fault):
        grammar_from_text(TOY.replace(old, new))
