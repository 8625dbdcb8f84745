"""Documents written by a grammar, as a datatrove reader."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep

from seedbed.data.grammar.documents import Sampler
from seedbed.data.grammar.file import GrammarFile, load_grammar
from seedbed.data.grammar.recipe import Grammar
from seedbed.data.grammar.request import Request, check
from seedbed.workbench import Workbench

BLOCK = 8_192
KEPT = 4


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
    return [GrammarReader(load_grammar(recipe.name, workbench), request_of(recipe), documents=recipe.documents)]


def grammar_identity(recipe: Grammar, workbench: Workbench) -> dict[str, Any]:
    """Fields and the digest of the grammar, its lexicons and its meaning (comments aside)."""
    from seedbed.data.identity import recipe_fields

    grammar = load_grammar(recipe.name, workbench)
    check(grammar, request_of(recipe))
    like = recipe.lengths_like
    described = recipe_fields(replace(recipe, lengths_like=None)) | {"grammar_sha256": grammar.digest}
    return described if like is None else described | {"lengths_like": recipe_fields(like)}


_MADE: dict[tuple[str, str], Sampler] = {}


def _sampler(grammar: GrammarFile, request: Request) -> Sampler:
    """The sampler of a request; the last few are kept, because the tasks of one process ask for the same one."""
    key = (grammar.digest, repr(request))
    if key not in _MADE:
        while len(_MADE) >= KEPT:
            del _MADE[next(iter(_MADE))]
        _MADE[key] = Sampler(grammar, request)
    return _MADE[key]


class _Shown:
    """A grammar that shows as its name: datatrove writes down every field of a step, and this one has a lexicon."""

    def __init__(self, file: GrammarFile) -> None:
        self.file = file

    def __str__(self) -> str:
        return f"{self.file.name} ({self.file.digest[:12]})"


class GrammarReader(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Writes documents 0 to `documents` - 1 of a grammar; tasks take turns by blocks, which changes no document."""

    type = "📖 - READER"
    name = "grammar"
    behaviour_version = 1

    def __init__(self, grammar: GrammarFile, request: Request, *, documents: int) -> None:
        super().__init__()
        self.grammar = _Shown(grammar)
        self.request = request
        self.documents = documents

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yield what came before, then this task's blocks."""
        if data:
            yield from data
        sampler = _sampler(self.grammar.file, self.request)
        sampler.check_count(self.documents)
        for start in range(rank * BLOCK, self.documents, world_size * BLOCK):
            block = sampler.documents(start, min(start + BLOCK, self.documents))
            self.stat_update("documents", value=len(block.texts), unit="block")
            for at, (text, known) in enumerate(zip(block.texts, block.labels, strict=True)):
                yield Document(text=text, id=str(start + at), metadata=known)
