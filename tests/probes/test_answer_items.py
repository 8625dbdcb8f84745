import numpy as np
import pytest

from seedbed.data.formal.recipes import Addition, ModularArithmetic, RandomStrings, SkipTrigrams
from seedbed.data.formal.word_recipes import Spelling
from seedbed.errors import RecipeError, SourceError, UnknownNameError
from seedbed.probes.answer_items import AnswerItem, addends, rules, shuffled, source_items, strata, sum_columns
from seedbed.probes.recipes import ExactAnswers, formal_sources, probe


def items(*texts):
    return [AnswerItem(text, text.index("= ") + 2, len(text)) for text in texts]


SUMS = items("1 + 2 = 3", "5 + 5 = 10", "99 + 1 = 100", "19 + 22 = 41", "999 + 999 = 1998")


def test_columns_of_sums():
    columns = {name: each.tolist() for name, each in sum_columns(addends(SUMS)).items()}
    assert columns == {
        "carries": [0, 1, 2, 1, 3],
        "answer_longer": [False, True, True, False, True],
        "digits": [1, 1, 2, 2, 3],
        "equal_digits": [True, True, False, True, True],
    }


def test_every_kind_of_stratum_divides_the_items():
    found = strata(SUMS)
    assert next(iter(found)) == "all"
    for kind in ("carries-", "digits-", "answer-", "addends-"):
        parts = [rows for name, rows in found.items() if name.startswith(kind)]
        assert np.sum(parts, axis=0).tolist() == [1] * 5


def test_others_fall_into_constructions():
    drills = [AnswerItem("spell ab : a b", 11, 14, "spell"), AnswerItem("count a ab : 1", 13, 14, "count (letters)")]
    assert {name: rows.tolist() for name, rows in strata(drills).items()} == {
        "all": [True, True],
        "count-letters": [False, True],
        "spell": [True, False],
    }


def test_a_shuffled_answer_is_never_the_right_one():
    dealt = shuffled(SUMS)
    assert [item.question for item in dealt] == [item.question for item in SUMS]
    assert all(wrong.answer != right.answer for wrong, right in zip(dealt, SUMS, strict=True))
    assert {item.answer for item in dealt} <= {item.answer for item in SUMS}
    assert shuffled(items("1 + 2 = 3", "2 + 1 = 3")) == []
    mostly = shuffled(items("1 + 2 = 3", "2 + 1 = 3", "4 + 4 = 8"))
    assert [item.answer for item in mostly] == ["8", "8", "3"]


def test_rules():
    found = rules(items("1 + 1 = 2", "0 + 2 = 2", "5 + 0 = 5", "5 + 5 = 10"))
    # Of the answers with one character two are 2 and one is 5: (2/3 + 2/3 + 1/3 + 1) / 4.
    assert found == {"commonest": 0.5, "frequencies": pytest.approx(2 / 3), "largest-number": 0.5}


@pytest.mark.parametrize(
    "source",
    [
        ModularArithmetic(7, split="held-out"),
        Spelling(tokens=12, dose=0.5, split="held-out", documents=50),
        SkipTrigrams(split="held-out", held_out_gaps=(8,), documents=20),
    ],
    ids=["modular", "spelling", "skip-trigrams"],
)
def test_items_of_formal_sources(source, workbench):
    found = source_items(source, 10, workbench)
    assert len({item.text for item in found}) == len(found) == 10
    generator = source.generator(workbench)
    marked = {
        text: text.encode()[known["answer_start"] : known["answer_end"]].decode()
        for text, known in zip(*generator(np.arange(generator.documents)), strict=True)
    }
    assert all(item.answer == marked[item.text] for item in found)


def test_fewer_documents_than_items_are_all_taken(workbench):
    source = ModularArithmetic(5, split="held-out", train_share=0.6)
    documents = source.generator(workbench).documents
    assert len(source_items(source, 1_000, workbench)) == documents


def test_a_source_without_answers_is_refused(workbench):
    with pytest.raises(SourceError, match="no document of RandomStrings marks an answer"):
        source_items(RandomStrings(16, 4, documents=5), 3, workbench)


def test_the_recipe_refuses_what_training_sees():
    with pytest.raises(RecipeError, match=r"Addition as it is trained on; give it split='held-out'"):
        ExactAnswers("sums", source=Addition())
    with pytest.raises(RecipeError, match="RandomStrings as it is trained on"):
        ExactAnswers("sums", source=RandomStrings())
    with pytest.raises(RecipeError, match="give exactly one of source= and component="):
        ExactAnswers("sums")
    with pytest.raises(RecipeError, match="give exactly one"):
        ExactAnswers("sums", component="x", source=ModularArithmetic(7, split="held-out"))
    with pytest.raises(UnknownNameError, match=r"kind of formal source.*Additoin.*Addition"):
        ExactAnswers("sums", source={"kind": "Additoin"})


def test_every_formal_source_can_stand_on_the_shelf():
    assert {"Addition", "ModularArithmetic", "Dyck", "Spelling", "Facts", "Skills"} <= formal_sources().keys()


def test_the_shelf_and_the_recipe_say_the_same(workbench):
    recipe = probe("addition")
    source = Addition(digits=(1, 2, 3), held_out_share=0.05, split="held-out", documents=2_000)
    assert recipe == ExactAnswers("addition", source=source)
    assert recipe.identity(workbench)["source"] == source.identity(workbench)
    changed = probe("addition", source=Addition(digits=(2,), split="held-out"))
    assert changed.identity(workbench) != recipe.identity(workbench)
