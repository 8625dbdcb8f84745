"""Counting and spelling on drilled and held-out words, by what the tokenizer makes of the word.

Scores are those of `exact_answer` (exact, ended, margin, margin-first, nats, nats-per-token), over these strata:

- "held-out.count", "seen.count": a task on one side of the split of words; "word-strawberry": every letter of a word.
- "held-out.count.none", ".once", ".more": by the true count. ".short" (to 6 letters), ".middle", ".long" (9 and more).
  ".frequent", ".medium-frequent", ...: "band-1" is the band of the most frequent words. The same for every tokenizer.
- of the tokenizer at hand, and so of other items in other arms: ".tokens-1", ".tokens-2", ".tokens-3",
  ".tokens-4-or-more" (tokens that hold a part of the word); ".letter-at-edge" (every such letter begins or ends a
  token), ".letter-inside" (none does), ".letter-both" (of letters that are there); ".tokens-drilled" (every token of
  the word is a token of some drilled word) and ".tokens-new".

Of counts besides "<probe>/<stratum>/number", the share of answers that begin with a digit, and "error", the mean
distance of that digit from the true count; it is left out where no answer has one.

Controls: the untrained model is step 0, and "<probe>/shuffled/..." scores answers of other questions. `baselines` has
for every side what rules get right that were learnt from drills and do not look into the word: the commonest count, and
the commonest of the asked letter and the word's length.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from torch import nn

from seedbed.data.formal.letters import LetterDraws, chosen_words, document
from seedbed.data.formal.word_recipes import LetterDrills
from seedbed.errors import UnknownNameError
from seedbed.probes.answer_items import AnswerItem, marked_item
from seedbed.probes.base import Material, Measurement, TextEncoder
from seedbed.probes.exact_answer import PreparedExactAnswers, laid_out, pieces_of
from seedbed.probes.letters_recipe import LetterQuestions

Side: TypeAlias = Literal["held-out", "seen"]
SIDES: tuple[Side, ...] = ("held-out", "seen")
MOST_DRAWS = 4
"""Times as many questions are drawn as are asked, since some come twice."""
RULE_DRILLS = 4_000
MOST_TOKENS = 4
SHORT, LONG = 6, 9
NUMBER = re.compile(r"\s*(\d)")
"""A count has one digit; what follows is what a model goes on with that never learnt to end."""

Bools = NDArray[np.bool_]
Labels = Mapping[str, Any]


@dataclass(frozen=True)
class Cut:
    """How a tokenizer cuts an asked word.

    tokens: ids of those that hold a part of the word. edge, inside: occurrences of the asked letter that begin or end
    a token's part of the word, and those that do not.
    """

    tokens: tuple[int, ...]
    edge: int
    inside: int


def prepare(recipe: LetterQuestions, material: Material) -> PreparedLetters:
    """Draw the questions of both sides. Errors: UnknownNameError for a word that is not drilled or held out."""
    items: list[AnswerItem] = []
    labels: list[Labels] = []
    for side in SIDES:
        for task in recipe.tasks:
            wanted = recipe.items if side == "held-out" else recipe.seen_items
            texts, known = questions(recipe.source, task, side, wanted)
            items += map(marked_item, texts, known)
            labels += known
    for word in recipe.words:
        texts, known = every_letter(recipe.source, word)
        items += map(marked_item, texts, known)
        labels += [each | {"followed": word} for each in known]
    rules = Rules(recipe.source) if "count" in recipe.tasks else None
    return PreparedLetters(recipe.name, items, labels, recipe.source, rules, material)


def questions(source: LetterDrills, task: str, side: Side, wanted: int) -> tuple[list[str], list[dict[str, Any]]]:
    """The first `wanted` different questions of a task about the words of one side, with true answers."""
    if not wanted:
        return [], []
    documents = MOST_DRAWS * wanted
    asked = replace(source, tasks=(task,), split=side, answers="true", documents=documents)
    texts, labels = LetterDraws(asked)(np.arange(documents))
    first = {text: place for place, text in reversed(list(enumerate(texts)))}
    places = sorted(first.values())[:wanted]
    return [texts[place] for place in places], [labels[place] for place in places]


def every_letter(source: LetterDrills, word: str) -> tuple[list[str], list[dict[str, Any]]]:
    """How many of each of its letters a word has. Errors: UnknownNameError for a word that the drills do not have."""
    words = chosen_words(source)
    listed = {each.word: each for each in words.every}
    if word not in listed:
        raise UnknownNameError("word of these drills", word, listed)
    side = "held-out" if listed[word] in words.held_out else "seen"
    pairs = [
        document(
            "count",
            f"{letter} {word}",
            str(word.count(letter)),
            listed[word],
            side,
            {"letter": letter, "count": word.count(letter)},
        )
        for letter in sorted(set(word))
    ]
    return [text for text, _ in pairs], [labels for _, labels in pairs]


class Rules:
    """Rules that never look into a word: learnt from drills, with the true answers."""

    def __init__(self, source: LetterDrills) -> None:
        drills = replace(source, tasks=("count",), answers="true", documents=RULE_DRILLS)
        _, labels = LetterDraws(drills)(np.arange(RULE_DRILLS))
        self._all = Counter(int(each["count"]) for each in labels)
        self._alike: dict[tuple[str, int], Counter[int]] = {}
        for each in labels:
            self._alike.setdefault((each["letter"], each["letters"]), Counter())[int(each["count"])] += 1

    def commonest(self) -> int:
        """The commonest count; of equally common ones the smallest."""
        return _commonest(self._all)

    def of_letter(self, letter: str, letters: int) -> int:
        """The commonest count of a letter in words so long; the commonest of all for a letter that was not asked."""
        return _commonest(self._alike.get((letter, letters), self._all))


def _commonest(counts: Counter[int]) -> int:
    return min(counts, key=lambda count: (-counts[count], count))


class PreparedLetters(PreparedExactAnswers):
    """Questions about letters, encoded, in strata."""

    def __init__(
        self,
        name: str,
        items: Sequence[AnswerItem],
        labels: Sequence[Labels],
        source: LetterDrills,
        rules: Rules | None,
        material: Material,
    ) -> None:
        super().__init__(name, items, material.encoder, context=material.context)
        self.labels = list(labels)
        self._rules = rules
        drilled = [f"spell {each.word} :" for each in chosen_words(source).drilled]
        words = [each.word for each in chosen_words(source).drilled]
        known = {
            token for cut in cuts(name, drilled, words, [""] * len(words), material.encoder) for token in cut.tokens
        }
        self.cuts = cuts(
            name,
            [item.question for item in items],
            [each["word"] for each in labels],
            [each.get("letter", "") for each in labels],
            material.encoder,
            [item.text for item in items],
        )
        new = [bool(set(cut.tokens) - known) for cut in self.cuts]
        self._strata = strata(self.labels, self.cuts, new)
        self._counted = np.array([each["construction"] == "count" for each in labels], np.bool_)
        self._counts = np.array([each.get("count", -1) for each in labels], np.int64)
        self._fixed |= {
            "split": pa.array([each["split"] for each in labels]).dictionary_encode(),
            "word": pa.array([each["word"] for each in labels]),
            "letter": pa.array([each.get("letter") for each in labels]),
            "count": pa.array([each.get("count") for each in labels], pa.int64()),
            "rank": pa.array([each["rank"] for each in labels]),
            "word_tokens": pa.array([len(cut.tokens) for cut in self.cuts]),
            "letters_at_edge": pa.array([cut.edge for cut in self.cuts]),
            "letters_inside": pa.array([cut.inside for cut in self.cuts]),
            "tokens_new": pa.array(new),
        }

    def baselines(self) -> dict[str, float]:
        """What rules that never look into the word get right: "<probe>/<side>.count/<rule>"."""
        if self._rules is None:
            return {}
        right: dict[str, list[float]] = {}
        for each in self.labels:
            if each["construction"] == "count" and "followed" not in each:
                side = f"{self.name}/{each['split']}.count"
                by_letter = self._rules.of_letter(each["letter"], each["letters"])
                right.setdefault(f"{side}/commonest", []).append(self._rules.commonest() == each["count"])
                right.setdefault(f"{side}/by-letter-and-length", []).append(by_letter == each["count"])
        return {name: float(np.mean(scores)) for name, scores in right.items()}

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Scalars by stratum, with the error of counts, and one row per item."""
        found = super().measure(model, step)
        assert found.items is not None  # an exact-answer probe has a row for every item
        given = [NUMBER.match(text) for text in found.items.column("given").to_pylist()]
        numbers = np.array([np.nan if match is None else float(match[1]) for match in given])
        error = np.abs(numbers - self._counts)
        scalars = dict(found.scalars)
        for stratum, rows in self._strata.items():
            counted = rows & self._counted
            if counted.any() and counted.sum() == rows.sum():
                there = counted & ~np.isnan(numbers)
                scalars[f"{self.name}/{stratum}/number"] = float(there.sum() / counted.sum())
                if there.any():
                    scalars[f"{self.name}/{stratum}/error"] = float(error[there].mean())
        items = found.items.append_column("error", pa.array(np.where(self._counted, error, np.nan), from_pandas=True))
        return Measurement(scalars, items)


def cuts(
    name: str,
    questions_: Sequence[str],
    words: Sequence[str],
    letters: Sequence[str],
    encoder: TextEncoder,
    texts: Sequence[str] | None = None,
) -> list[Cut]:
    """How each question's word is cut. A question ends in its word and " :"; texts: with the answers, as trained."""
    pieces = [bytes(piece) for piece in pieces_of(encoder)]
    texts = questions_ if texts is None else texts
    found = []
    for question, word, letter, text, ids in zip(
        questions_, words, letters, texts, encoder.encode_batch(list(texts)), strict=True
    ):
        held = [pieces[token] for token in ids]
        before, between = laid_out(name, text, held)
        end = len(question.encode()) - len(" :")
        begin = end - len(word.encode())
        inside: list[tuple[int, int, int]] = []
        at = -before
        for token, piece in zip(ids, held, strict=True):
            at += between
            left, right = max(at, begin), min(at + len(piece), end)
            if left < right:
                inside.append((token, left, right))
            at += len(piece)
        raw = text.encode()
        here = letter.encode()
        edge = middle = 0
        for _, left, right in inside if here else ():
            places = [place for place in range(left, right) if raw.startswith(here, place)]
            at_edge = sum(place in (left, right - len(here)) for place in places)
            edge, middle = edge + at_edge, middle + len(places) - at_edge
        found.append(Cut(tuple(token for token, _, _ in inside), edge, middle))
    return found


def strata(labels: Sequence[Labels], cuts_: Sequence[Cut], new: Sequence[bool]) -> dict[str, Bools]:
    """bool[items] by stratum, as metrics name them; "all" is the first. None is empty."""
    found: dict[str, Bools] = {"all": np.ones(len(labels), np.bool_)}

    def add(row: int, name: str) -> None:
        found.setdefault(name, np.zeros(len(labels), np.bool_))[row] = True

    for row, (each, cut, is_new) in enumerate(zip(labels, cuts_, new, strict=True)):
        if "followed" in each:
            add(row, f"word-{each['followed']}")
            continue
        task = f"{each['split']}.{each['construction'].replace(' ', '-')}"
        add(row, task)
        many = len(cut.tokens)
        kinds = [
            "short" if each["letters"] <= SHORT else "long" if each["letters"] >= LONG else "middle",
            f"band-{each['band'] + 1}",
            f"tokens-{many}" if many < MOST_TOKENS else f"tokens-{MOST_TOKENS}-or-more",
            "tokens-new" if is_new else "tokens-drilled",
        ]
        if "count" in each:
            kinds.append(("none", "once", "more")[min(each["count"], 2)])
            if each["count"]:
                kinds.append(f"letter-{'both' if cut.edge and cut.inside else 'at-edge' if cut.edge else 'inside'}")
        if each["construction"] == "count":
            for kind in kinds:
                add(row, f"{task}.{kind}")
    return dict(sorted(found.items(), key=lambda pair: pair[0] != "all"))
