from __future__ import annotations

import pytest

from seedbed.data.formal.word_recipes import Facts, Skills, Spelling, spelling_tasks
from seedbed.errors import RecipeError


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (Facts, {"name": "people"}, "either repeats={...}, or facts and documents"),
        (Facts, {"name": "people", "facts": 3}, "either repeats={...}, or facts and documents"),
        (Facts, {"name": "people", "repeats": {1: 2}, "documents": 9}, "leave out facts and documents"),
        (Facts, {"name": "people", "repeats": {0: 2}}, "one of them stated at least once"),
        (Facts, {"name": "people", "repeats": {-1: 2}}, "repeats are {how often: how many facts}"),
        (Spelling, {"tasks": ("spel",)}, "no spelling task is called 'spel'; there are spell, contains"),
        (Spelling, {"tasks": ("mention",), "split": "held-out"}, "a test only mentions no words"),
        (Spelling, {"vocabulary": "en", "never_drilled": 2}, "never_drilled and spaced are about made-up words"),
        (Spelling, {"tokens": 677}, "there are fewer than 677 strings of 2 letters"),
        (Spelling, {"never_drilled": 60}, "no string is left to be drilled"),
        (Spelling, {"words": 4_000}, "the strings make 3600 words, fewer than 4000"),
        (Spelling, {"word_tokens": 4}, "the strings make 12960000 words; say how many"),
        (Spelling, {"split": "never-drilled"}, "never_drilled is 0"),
        (Spelling, {"alphabet": "aab"}, "an alphabet holds letters, each once"),
        (Skills, {"name": "tree", "symbols": 4, "split": "held-out"}, "keeps 0 of 4 inputs out of training"),
        (Skills, {"name": "tree", "symbols": 2, "held_out_share": 0.9}, "keeps 2 of 2 inputs out of training"),
    ],
)
def test_what_contradicts_itself_is_refused_with_the_mend(kind, fields, message):
    with pytest.raises(RecipeError) as error:
        kind(**fields)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_test_has_no_mentions():
    tasks = {"spell": 0.5, "mention": 0.5}
    assert spelling_tasks(Spelling(tasks=tasks)) == {"mention": 0.5, "spell": 0.5}
    assert spelling_tasks(Spelling(tasks=tasks, split="held-out")) == {"spell": 0.5}
