"""Questions with one right answer, from documents that mark it, and the strata they fall into.

Sums of two whole numbers ("12 + 39 = ") fall into four kinds of strata, each written into the item table too:
carries (how many), whether the sum has more digits than the longer addend, digits of the longer addend, and whether the
addends have equally many digits. Other questions fall into strata by the document's construction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.formal.addition import carried
from seedbed.data.formal.base import FormalSource
from seedbed.errors import SourceError, UnknownNameError
from seedbed.workbench import Workbench

BLOCK = 1_024
SUM = re.compile(r"(\d{1,18}) \+ (\d{1,18}) = ?")
NUMBER = re.compile(r"\d+")

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class AnswerItem:
    """text[start:end] is the answer, everything before it the question. construction: of the document, or ""."""

    text: str
    start: int
    end: int
    construction: str = ""

    @property
    def question(self) -> str:
        """The text before the answer."""
        return self.text[: self.start]

    @property
    def answer(self) -> str:
        """The right answer."""
        return self.text[self.start : self.end]

    def answered(self, answer: str) -> AnswerItem:
        """The same question with another answer, and nothing after it."""
        return AnswerItem(self.question + answer, self.start, self.start + len(answer), self.construction)


def source_items(source: FormalSource, count: int, workbench: Workbench) -> list[AnswerItem]:
    """The first different documents of a formal source, at most `count`, that mark an answer. Errors: SourceError."""
    generator = source.generator(workbench)
    found: dict[str, AnswerItem] = {}
    for first in range(0, generator.documents, BLOCK):
        texts, labels = generator(np.arange(first, min(first + BLOCK, generator.documents)))
        for text, label in zip(texts, labels, strict=True):
            if "answer_start" in label and len(found) < count:
                found.setdefault(text, marked_item(text, label))
        if len(found) >= count:
            break
    if not found:
        raise SourceError(f"no document of {type(source).__name__} marks an answer; take a source that asks something")
    return list(found.values())


def marked_item(text: str, label: Mapping[str, Any]) -> AnswerItem:
    """The item of a document whose labels mark the answer in bytes of its text."""
    raw = text.encode()
    start, end = (len(raw[: int(label[edge])].decode()) for edge in ("answer_start", "answer_end"))
    return AnswerItem(text, start, end, str(label.get("construction", "")))


def heldout_items(
    heldout: Mapping[str, Sequence[str]], component: str, answer_after: str, count: int
) -> list[AnswerItem]:
    """The first different held-out documents of a component that hold `answer_after`; the answer is all behind it.

    Errors: UnknownNameError for a component that is not there; SourceError where no document has an answer.
    """
    if component not in heldout:
        raise UnknownNameError("component with held-out documents", component, list(heldout))
    found: dict[str, AnswerItem] = {}
    for text in heldout[component]:
        start = text.find(answer_after) + len(answer_after)
        if answer_after in text and start < len(text) and len(found) < count:
            found.setdefault(text, AnswerItem(text, start, len(text)))
    if not found:
        raise SourceError(
            f"no held-out document of {component!r} has an answer after {answer_after!r}; raise its heldout_share, or "
            "mend answer_after"
        )
    return list(found.values())


def shuffled(items: Sequence[AnswerItem]) -> list[AnswerItem]:
    """Every question with the answer of another one: the next in order whose answer is another string.

    Where all answers are one string, nothing can be shuffled: an empty list.
    """
    answers = [item.answer for item in items]
    if len(set(answers)) < 2:
        return []
    dealt = []
    for number, item in enumerate(items):
        turned = answers[number + 1 :] + answers[:number]
        dealt.append(item.answered(next(answer for answer in turned if answer != item.answer)))
    return dealt


def addends(items: Sequence[AnswerItem]) -> NDArray[np.int64] | None:
    """int64[items, 2]: the two numbers of every question; None unless all of them are sums of two."""
    matches = [SUM.fullmatch(item.question) for item in items]
    pairs = [[int(match[1]), int(match[2])] for match in matches if match is not None]
    return np.array(pairs, np.int64) if len(pairs) == len(items) else None


def sum_columns(pairs: NDArray[np.int64]) -> dict[str, NDArray[np.int64] | Bools]:
    """Columns of sums, by name: carries, answer_longer, digits (of the longer addend), equal_digits."""
    carries, _ = carried(pairs)
    digits = np.array([[len(str(number)) for number in row] for row in pairs.tolist()], np.int64).reshape(-1, 2)
    longest = digits.max(axis=1, initial=0)
    answer = np.array([len(str(number)) for number in pairs.sum(axis=1).tolist()], np.int64)
    return {
        "carries": carries,
        "answer_longer": answer > longest,
        "digits": longest,
        "equal_digits": digits[:, 0] == digits[:, 1],
    }


def strata(items: Sequence[AnswerItem]) -> dict[str, Bools]:
    """bool[items] by stratum, as metrics name them; "all" is the first."""
    found: dict[str, Bools] = {"all": np.ones(len(items), np.bool_)}
    pairs = addends(items)
    if pairs is None:
        constructions = [item.construction for item in items]
        for each in sorted(set(constructions) - {""}):
            name = re.sub(r"[^a-z0-9]+", "-", each.lower()).strip("-")
            rows = np.array([construction == each for construction in constructions])
            found[name] = found[name] | rows if name in found and name != "all" else rows
        return found
    columns = sum_columns(pairs)
    for name, column, values in (
        ("carries", columns["carries"], None),
        ("digits", columns["digits"], None),
        ("answer", columns["answer_longer"], ("as-long", "longer")),
        ("addends", columns["equal_digits"], ("of-other-lengths", "of-one-length")),
    ):
        for value in np.unique(column).tolist():
            found[f"{name}-{value if values is None else values[int(value)]}"] = column == value
    return found


def rules(items: Sequence[AnswerItem]) -> dict[str, float]:
    """The share of items that some rules get right which look at no question, or at little of it.

    commonest: always the commonest answer of these items. frequencies: every character drawn from the characters that
    these items' answers have at its place, the length known (expected share). largest-number: the largest number of
    the question. The first two know the items' own answers, so they are at least as good as such a rule can be.
    """
    answers = [item.answer for item in items]
    count = len(answers)
    commonest = max(answers.count(answer) for answer in set(answers)) / count
    by_length: dict[int, list[str]] = {}
    for answer in answers:
        by_length.setdefault(len(answer), []).append(answer)
    expected = 0.0
    for same in by_length.values():
        places = [{each: place.count(each) / len(same) for each in set(place)} for place in zip(*same, strict=True)]
        expected += sum(
            float(np.prod([place[each] for place, each in zip(places, answer, strict=True)])) for answer in same
        )
    found = {"commonest": commonest, "frequencies": expected / count}
    largest = [max(NUMBER.findall(item.question), key=int, default="") for item in items]
    if any(largest):
        found["largest-number"] = sum(map(str.__eq__, largest, answers)) / count
    return found
