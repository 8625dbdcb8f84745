"""What the grammars of the shelf write, pinned: a change of these bytes needs another version of the recipe."""

from __future__ import annotations

import hashlib

import pytest

from seedbed.data.recipes import Grammar
from seedbed.workbench import Workbench

DOCUMENTS = 400
# Raise the version of the recipe `Grammar` when one of these changes: stores hold what the engine wrote before.
GOLDEN: dict[int, dict[str, str]] = {
    2: {
        "english": "20c9f3641e229939",
        "english-center": "318d40cd670868e6",
        "english-twin": "c247993804cb3e97",
        "english-tense": "0528f19b7ee10265",
        "english-broad": "5ef7eb4076caa59f",
        "german": "31bda6592f17c819",
        "russian-held-out": "a0e114821737270d",
    }
}
RECIPES = {
    "english": Grammar("english", documents=DOCUMENTS),
    "english-center": Grammar("english", task="center", depth_shares={1: 0.5, 3: 0.5}, documents=DOCUMENTS),
    "english-twin": Grammar(
        "english", task="center", depth_shares={1: 0.5, 3: 0.5}, twin="center embedding", documents=DOCUMENTS
    ),
    "english-tense": Grammar("english_tense", documents=DOCUMENTS),
    "english-broad": Grammar("english_broad", task="sentence", shares={"npi": 0.1}, documents=DOCUMENTS),
    "german": Grammar("german", documents=DOCUMENTS),
    "russian-held-out": Grammar("russian", split="held-out", documents=DOCUMENTS),
}


def digest(recipe: Grammar) -> str:
    texts = [document.text for document in recipe.steps(Workbench())[0].run()]
    assert len(texts) == DOCUMENTS
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", RECIPES)
def test_golden_documents(name: str):
    assert digest(RECIPES[name]) == GOLDEN[Grammar.recipe_version][name]
