"""Documents written by a grammar, as a datatrove reader."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep

from seedbed.data.grammar import documents as documents_
from seedbed.data.grammar.file import GrammarFile, load_grammar
from seedbed.data.grammar.plans import Plan, plan_of, with_lengths
from seedbed.data.grammar.recipe import Grammar
from seedbed.data.grammar.request import Request
from seedbed.data.grammar.rules_file import Rules
from seedbed.data.grammar.sampler import Sampler
from seedbed.recipes import read_toml
from seedbed.workbench import Workbench

BLOCK = 16_384


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


def grammar_steps(recipe: Grammar, workbench: Workbench) -> list[PipelineStep]:
    """The reader of a grammar. Errors: UnknownNameError; RecipeError for a faulty file or what it cannot give."""
    if _is_old(recipe, workbench):
        from seedbed.data.sources import grammar_steps as question_steps

        return question_steps(recipe, workbench)
    return [GrammarReader(load_grammar(recipe.name, workbench), request_of(recipe), documents=recipe.documents)]


def grammar_identity(recipe: Grammar, workbench: Workbench) -> dict[str, Any]:
    """Fields and the digest of the grammar, its lexicons and its meaning (comments aside)."""
    from seedbed.data.identity import grammar_identity as question_identity
    from seedbed.data.identity import recipe_fields

    if _is_old(recipe, workbench):
        return question_identity(recipe, workbench)
    grammar = load_grammar(recipe.name, workbench)
    documents_.Sampler(grammar, request_of(recipe))
    like = recipe.lengths_like
    described = recipe_fields(replace(recipe, lengths_like=None)) | {"grammar_sha256": grammar.digest}
    return described if like is None else described | {"lengths_like": recipe_fields(like)}


def _is_old(recipe: Grammar, workbench: Workbench) -> bool:
    return "held_out_share" in read_toml(workbench.shelf_file("data/grammars", recipe.name))


class GrammarReader(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Writes documents 0 to `documents` - 1 of a grammar; tasks take turns by blocks, which changes no document."""

    type = "📖 - READER"
    name = "grammar"
    behaviour_version = 1

    def __init__(self, grammar: GrammarFile, request: Request, *, documents: int) -> None:
        super().__init__()
        self.grammar = grammar
        self.request = request
        self.documents = documents

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yield what came before, then this task's blocks."""
        if data:
            yield from data
        sampler = documents_.Sampler(self.grammar, self.request)
        for start in range(rank * BLOCK, self.documents, world_size * BLOCK):
            block = sampler.documents(start, min(start + BLOCK, self.documents))
            self.stat_update("documents", value=len(block.texts), unit="block")
            for at, (text, known) in enumerate(zip(block.texts, block.labels, strict=True)):
                yield Document(text=text, id=str(start + at), metadata=known)


class QuestionReader(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Writes documents 0 to `documents` - 1 of a grammar; tasks take turns by blocks, which changes no document.

    The arguments are those of the recipe `Grammar`; rules: the grammar's file, read; lengths_like: that grammar's plan.
    """

    type = "📖 - READER"
    name = "grammar"

    def __init__(
        self,
        rules: Rules,
        *,
        task: str,
        subject: str,
        object: str,
        documents: int,
        seed: int,
        split: str,
        unambiguous: bool,
        max_words: int | None = None,
        lengths_like: Plan | None = None,
    ) -> None:
        super().__init__()
        self.rules = rules
        self.plan = plan_of(rules, task, subject, object, unambiguous=unambiguous)
        if max_words is not None or lengths_like is not None:
            self.plan = with_lengths(rules, self.plan, max_words, lengths_like)
        self.documents = documents
        self.seed = seed
        self.split = split

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yield what came before, then this task's blocks."""
        if data:
            yield from data
        sampler = Sampler(self.rules, self.plan, seed=self.seed, split=self.split)
        for start in range(rank * BLOCK, self.documents, world_size * BLOCK):
            texts, labels = sampler.documents(start, min(start + BLOCK, self.documents))
            self.stat_update("documents", value=len(texts), unit="block")
            for at, (text, known) in enumerate(zip(texts, labels, strict=True)):
                yield Document(text=text, id=str(start + at), metadata=known.copy())
