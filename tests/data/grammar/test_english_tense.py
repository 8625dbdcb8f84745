"""The tense-reinflection corpus against the published proportions (PROTOCOLS 1.2), sentences taken apart by hand."""

from __future__ import annotations

from collections import Counter

import pytest

from seedbed.data.recipes import Grammar
from seedbed.workbench import Workbench

DETERMINERS = ("the", "some", "my", "your", "our", "her")
VERBS = {
    "changed": "change", "ate": "eat", "giggled": "giggle", "moved": "move", "read": "read", "slept": "sleep",
    "smiled": "smile", "swam": "swim", "waited": "wait", "accepted": "accept", "admired": "admire", "amused": "amuse",
    "applauded": "applaud", "comforted": "comfort", "confused": "confuse", "entertained": "entertain",
    "high_fived": "high_five", "remembered": "remember",
}  # fmt: skip
DOCUMENTS = 20_000


def drawn(task: str) -> list[tuple[list[str], str, list[str]]]:
    found = []
    for document in Grammar("english_tense", task=task, documents=DOCUMENTS).steps(Workbench())[0].run():
        words = document.text.split()
        at = next(i for i, word in enumerate(words) if word in ("PAST", "PRESENT"))
        found.append((words[:at], words[at], words[at + 1 :]))
    return found


@pytest.fixture(scope="module")
def training():
    return drawn("either")


@pytest.fixture(scope="module")
def probe():
    return drawn("probe")


def is_plural(noun: str) -> bool:
    return noun.endswith("s") and noun not in ("walrus", "tyrannosaurus")


def subject(words: list[str]) -> tuple[str, bool, bool | None, int]:
    """Kind of the subject (plain, pp, rc), whether it and the noun beside the verb are plural, the verb's place."""
    number = is_plural(words[1])
    if words[2] in VERBS:
        return "plain", number, None, 2
    if words[2] not in ("who", "that"):
        return "pp", number, is_plural(words[4]), 5
    if words[3] in DETERMINERS:
        return "rc", number, is_plural(words[4]), 6
    if words[4] in DETERMINERS:
        return "rc", number, is_plural(words[5]), 6
    return "rc", number, None, 4


def test_shares_of_tasks_and_subjects_are_the_published_ones(training, probe):
    tasks = Counter(task for _, task, _ in training)
    assert tasks["PAST"] / DOCUMENTS == pytest.approx(0.58816, abs=0.01)
    kinds = Counter(subject(words)[0] for words, task, _ in training if task == "PRESENT")
    wanted = {"plain": 16_324 / 41_184, "pp": 10_839 / 41_184, "rc": 14_021 / 41_184}
    assert {kind: count / kinds.total() for kind, count in kinds.items()} == pytest.approx(wanted, abs=0.015)
    kinds = Counter(subject(words)[0] for words, *_ in probe)
    assert {kind: count / kinds.total() for kind, count in kinds.items()} == pytest.approx(
        {"pp": 0.6045, "rc": 0.3955}, abs=0.015
    )


def test_the_noun_beside_the_verb_agrees_in_present_never_in_the_test_and_by_half_in_past(training, probe):
    beside = Counter()
    for words, task, _ in training:
        _, number, other, _ = subject(words)
        if other is not None:
            beside[task, number == other] += 1
    assert beside["PRESENT", False] == 0
    assert beside["PRESENT", True] > 1_000
    assert beside["PAST", True] / (beside["PAST", True] + beside["PAST", False]) == pytest.approx(0.5, abs=0.03)
    for words, task, _ in probe:
        _, number, other, _ = subject(words)
        assert task == "PRESENT"
        assert other is (not number)


def test_past_is_a_copy_and_present_agrees_with_the_subject(training, probe):
    for words, task, target in [*training, *probe]:
        if task == "PAST":
            assert target == words
            continue
        _, number, _, verb = subject(words)
        assert target[verb] == VERBS[words[verb]] + ("" if number else "s")
        for before, after in zip(words, target, strict=True):
            assert after.removesuffix("s") == VERBS[before] if before in VERBS else after == before


def test_no_training_sentence_is_held_out(training):
    train = {tuple(words) for words, *_ in training}
    held = set()
    for document in Grammar("english_tense", split="held-out", documents=1_000).steps(Workbench())[0].run():
        held.add(tuple(document.text.partition(" PAST ")[0].partition(" PRESENT ")[0].split()))
    assert held
    assert not train & held
