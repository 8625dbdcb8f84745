from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest

from seedbed.data.formal.word_recipes import SPELLING_TASKS, Spelling
from seedbed.errors import RecipeError
from seedbed.workbench import Workbench

MADE_UP = {"never_drilled": 12, "tokens": 40}


def solved(task, question):
    """The answer to a question about letters, read from the text alone."""
    *given, word = question.split(" ")
    match task, given:
        case "spell", []:
            return " ".join(word)
        case "contains", [letter]:
            return "yes" if letter in word else "no"
        case "count", [letter]:
            return str(word.count(letter))
        case "insert", [new, "after", old]:
            where = word.index(old) + 1
            return " ".join(word[:where] + new + word[where:])
        case "delete", [old]:
            where = word.index(old)
            return " ".join(word[:where] + word[where + 1 :])
        case "substitute", [old, "by", new]:
            where = word.index(old)
            return " ".join(word[:where] + new + word[where + 1 :])
        case "swap", [one, "and", other]:
            a, b = word.index(one), word.index(other)
            letters = list(word)
            letters[a], letters[b] = letters[b], letters[a]
            return " ".join(letters)
        case "mention", []:
            return word
    raise AssertionError((task, question))


def solved_row(task, question):
    *given, _, a, b, c, d = question.split(" ")
    row = [a, b, c, d]
    where = row.index(given[2] if task == "insert word" else given[0])
    match task:
        case "insert word":
            row.insert(where + 1, given[0])
        case "delete word":
            del row[where]
        case "substitute word":
            row[where] = given[2]
        case "swap words":
            other = row.index(given[2])
            row[where], row[other] = row[other], row[where]
    return " ".join(row)


@pytest.mark.parametrize("vocabulary", ["random", "en"])
def test_every_task_is_exact(vocabulary, write, answers):
    written = write(Spelling(vocabulary, words=300, tasks=SPELLING_TASKS, documents=3_600))
    assert Counter(known["construction"] for known in written[1]) == dict.fromkeys(SPELLING_TASKS, 300)
    for text, known, answer in zip(*written, answers(written), strict=True):
        task = known["construction"]
        question = text.removesuffix(answer).removesuffix(" : ").removeprefix(f"{task} ")
        assert text == f"{known['item']} : {answer}"
        assert answer == (solved_row if "word" in task else solved)(task, question)


def test_letters_beyond_ascii_are_marked_in_bytes(write, answers):
    letters = "abcdefghijklmnopqrstuvwxyzäöüß"
    written = write(Spelling("de", words=2_000, alphabet=letters, documents=2_000))
    assert any("ü" in text for text in written[0])
    for known, answer in zip(written[1], answers(written), strict=True):
        assert answer == " ".join(known["word"])


def test_yes_and_no_are_equally_frequent_and_no_word_has_one_of_them(write, answers):
    recipe = Spelling(words=10, dose=1, tasks=("contains",), documents=400)
    written = write(recipe)
    assert Counter(answers(written)) == {"yes": 200, "no": 200}
    by_word = defaultdict(Counter)
    for known, answer in zip(written[1], answers(written), strict=True):
        by_word[known["word"]][answer] += 1
    assert all(counts == {"yes": 20, "no": 20} for counts in by_word.values())


def test_words_are_drilled_equally_often(write):
    counts = Counter(known["word"] for known in write(Spelling(words=100, dose=0.5, documents=1_010))[1])
    assert len(counts) == 50
    assert set(counts.values()) == {20, 21}


def test_the_dose_is_exact_and_a_smaller_one_lies_inside():
    few, many = (Spelling(**MADE_UP, dose=dose).generator(Workbench()) for dose in (0.1, 0.5))
    assert (len(few.drilled), len(many.drilled)) == (78, 392)
    assert few.planned["words"] == {"ever drilled": (0.1, 78)}
    assert set(few.drilled) < set(many.drilled)
    assert len(many.drilled) + len(many.held_out) == 28**2


def test_what_is_held_out_is_never_spelled(write):
    tasks = {task: 1 for task in SPELLING_TASKS if task != "mention"}
    recipe = {**MADE_UP, "dose": 0.8, "tasks": tasks, "documents": 11_000}
    words = {
        split: {known["word"] for known in write(Spelling(**recipe, split=split))[1]}
        for split in ("train", "held-out", "never-drilled")
    }
    assert not words["train"] & words["held-out"]
    assert not words["train"] & words["never-drilled"]
    strings = {split: {word[at : at + 2] for word in some for at in (0, 2)} for split, some in words.items()}
    assert strings["held-out"] <= strings["train"]
    assert not strings["train"] & strings["never-drilled"]
    assert len(strings["never-drilled"]) == 12


def test_words_are_mentioned_whether_drilled_or_not(write):
    recipe = Spelling(**MADE_UP, dose=0.5, tasks={"spell": 1, "mention": 1}, documents=4_000, spaced=True)
    labels = write(recipe)[1]
    generator = recipe.generator(Workbench())
    every = {"".join(word) for word in (*generator.drilled, *generator.held_out, *generator.never)}
    assert {known["word"] for known in labels if known["construction"] == "mention"} == every
    test = Spelling(**MADE_UP, dose=0.5, tasks={"spell": 1, "mention": 1}, documents=40, split="held-out")
    assert {known["construction"] for known in write(test)[1]} == {"spell"}


def test_strings_stand_apart_where_they_are_to_be_tokens(write):
    texts, labels = write(Spelling(tokens=20, token_letters=3, word_tokens=2, spaced=True, documents=50))
    for text, known in zip(texts, labels, strict=True):
        assert [len(part) for part in text.split(" : ")[0].split(" ")] == [5, 3, 3]
        assert known["letters"] == 6


def test_a_language_without_a_list_and_one_with_too_few_words_are_refused():
    with pytest.raises(RecipeError, match="no word list for 'xx'; take 'random' or one of"):
        Spelling("xx").generator(Workbench())
    with pytest.raises(RecipeError, match=r"the word list of 'ru' has .* not 1000; .*letters as alphabet"):
        Spelling("ru").generator(Workbench())


def test_the_identity_of_a_language_holds_its_words():
    assert "words_sha256" in Spelling("en", words=50).identity(Workbench())
    assert "words_sha256" not in Spelling(words=50).identity(Workbench())
    assert Spelling("en", words=50).identity(Workbench()) != Spelling("de", words=50).identity(Workbench())


def test_a_dose_that_leaves_no_word_is_refused():
    with pytest.raises(RecipeError, match="a dose of 1 of 3600 words leaves none; change dose"):
        Spelling(dose=1, split="held-out").generator(Workbench())


def test_documents_do_not_depend_on_their_neighbours():
    generator = Spelling("en", words=100, tasks=SPELLING_TASKS, documents=500).generator(Workbench())
    whole = generator(np.arange(500))[0]
    assert generator(np.array([400, 3]))[0] == [whole[400], whole[3]]
