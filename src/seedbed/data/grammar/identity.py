"""What a recipe asks of its grammar, and what stands for it in a hash: read for a plan, without any datatrove."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.recipe import Grammar
from seedbed.data.grammar.request import Request, check
from seedbed.workbench import Workbench


def request_of(recipe: Grammar) -> Request:
    """What a recipe asks of its grammar."""
    return Request(
        task=recipe.task,
        select=recipe.selected(),
        shares=dict(recipe.shares),
        without=recipe.without,
        depth_shares=dict(recipe.depth_shares),
        twin=recipe.twin,
        max_words=recipe.max_words,
        lengths_like=None if recipe.lengths_like is None else request_of(recipe.lengths_like),
        split=recipe.split,
        held_out=recipe.held_out,
        seed=recipe.seed,
    )


def grammar_identity(recipe: Grammar, workbench: Workbench) -> dict[str, Any]:
    """Fields and the digest of the grammar, its lexicons and its meaning (comments aside)."""
    from seedbed.data.identity import recipe_fields

    grammar = load_grammar(recipe.name, workbench)
    check(grammar, request_of(recipe))
    like = recipe.lengths_like
    described = recipe_fields(replace(recipe, lengths_like=None)) | {"grammar_sha256": grammar.digest}
    return described if like is None else described | {"lengths_like": recipe_fields(like)}
