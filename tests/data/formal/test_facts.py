from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from seedbed.data.formal.facts import FactDraws, load_facts
from seedbed.data.formal.word_recipes import Facts
from seedbed.errors import RecipeError, UnknownNameError
from seedbed.workbench import Workbench

GOOD = """
names = [["Ada", "Bo"], ["X", "Y", "Z"]]
[relations.home]
values = ["Łódź", "Rome"]
train = ["{subject} lives in {value} .", "in {value} lives {subject} ."]
held_out = ["the home of {subject} is {value} ."]
"""


@pytest.fixture
def bench(tmp_path):
    """A workbench with a facts file of the given text."""

    def made(text):
        (tmp_path / "data" / "facts").mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / "facts" / "tiny.toml").write_text(text, encoding="utf-8")
        return Workbench(tmp_path)

    return made


def test_every_fact_is_stated_as_often_as_asked(write):
    recipe = Facts("people", repeats={0: 4, 1: 30, 10: 6, 50: 2})
    texts, labels = write(recipe)
    counts = Counter(known["item"] for known in labels)
    assert Counter(counts.values()) == {1: 30, 10: 6, 50: 2}
    assert all(known["repeats"] == counts[known["item"]] for known in labels)
    asked = Counter(known["repeats"] for known in write(Facts("people", repeats=recipe.repeats, split="held-out"))[1])
    assert asked == {0: 4, 1: 30, 10: 6, 50: 2}
    assert len(texts) == 190


def test_zipf_rates_are_exactly_counted(write):
    counts = Counter(known["item"] for known in write(Facts("people", facts=4, documents=2_500, alpha=1.0))[1])
    assert sorted(counts.values(), reverse=True) == [1_200, 600, 400, 300]


def test_a_fact_has_one_value_and_all_its_wordings_in_turn(write, answers):
    written = write(Facts("people", repeats={9: 12}))
    values, wordings = defaultdict(set), defaultdict(Counter)
    for known, answer in zip(written[1], answers(written), strict=True):
        values[known["item"]].add(answer)
        wordings[known["item"]][next(c for c in known["constructions"] if c.startswith("wording"))] += 1
    assert all(len(each) == 1 for each in values.values())
    assert all(sorted(each.values()) == [3, 3, 3] for each in wordings.values())


def test_a_test_asks_the_facts_of_training_in_wordings_that_training_lacks(write, answers):
    train, test = (write(Facts("people", repeats={3: 20}, split=split)) for split in ("train", "held-out"))
    assert not set(train[0]) & set(test[0])
    known = {label["item"]: answer for label, answer in zip(train[1], answers(train), strict=True)}
    assert {label["item"]: answer for label, answer in zip(test[1], answers(test), strict=True)} == known
    openings = {text.split()[0] for text in test[0]}
    assert openings == {"the"}
    assert all("value first" not in label["constructions"] for label in test[1])


def test_answers_are_marked_in_bytes(bench, answers):
    recipe = Facts("tiny", repeats={6: 6})
    workbench = bench(GOOD)
    generator = recipe.generator(workbench)
    assert isinstance(generator, FactDraws)
    import numpy as np

    written = generator(np.arange(36))
    assert set(answers(written)) == {"Łódź", "Rome"}
    assert {tuple(known["constructions"]) for known in written[1]} == {
        ("home", "stated 6 times", "wording 1"),
        ("home", "stated 6 times", "value first", "wording 2"),
    }
    assert len({known["item"] for known in written[1]}) == 6


def test_too_few_names_are_refused(bench):
    with pytest.raises(RecipeError, match=r"tiny.toml makes 6 names and 7 are needed; add parts"):
        Facts("tiny", repeats={1: 7}).generator(bench(GOOD))


def test_the_identity_holds_the_files_content(bench):
    recipe = Facts("tiny", repeats={1: 2})
    one = recipe.identity(bench(GOOD))
    assert one != recipe.identity(bench(GOOD.replace("Rome", "Bonn")))
    assert one == recipe.identity(bench("# a comment\n" + GOOD))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("names =", "nams =", "has a field 'nams'"),
        ('[["Ada", "Bo"], ["X", "Y", "Z"]]', '["Ada"]', "names are lists of parts"),
        ('["Łódź", "Rome"]', '["Rome", "Rome"]', "relation 'home': values must be a list of texts, all different"),
        ("the home of {subject} is {value} .", "the home is {value} .", "must hold {subject} and {value} once each"),
        ("the home of {subject} is {value} .", "{subject} lives in {value} .", "is held out and trained on"),
        ("held_out", "heldout", "must have values, train and held_out"),
    ],
)
def test_a_mistake_in_the_file_is_named(old, new, message, bench):
    assert old in GOOD
    with pytest.raises(RecipeError) as error:
        load_facts("tiny", bench(GOOD.replace(old, new)))
    assert str(error.value).startswith("data/facts/tiny.toml")
    assert message in str(error.value)


def test_a_file_without_relations_and_a_name_that_is_not_there(bench):
    with pytest.raises(RecipeError, match="has no relation"):
        load_facts("tiny", bench('names = [["Ada"]]'))
    with pytest.raises(UnknownNameError, match="'people'"):
        load_facts("peopl", Workbench())
