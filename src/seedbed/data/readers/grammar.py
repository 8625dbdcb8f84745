"""Documents written by a grammar, as a datatrove reader."""

from __future__ import annotations

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep

from seedbed.data.grammar.documents import Sampler
from seedbed.data.grammar.file import GrammarFile, load_grammar
from seedbed.data.grammar.identity import request_of
from seedbed.data.grammar.recipe import Grammar
from seedbed.data.grammar.request import Request
from seedbed.workbench import Workbench

BLOCK = 8_192
KEPT = 4


def grammar_steps(recipe: Grammar, workbench: Workbench) -> list[PipelineStep]:
    """The reader of a grammar. Errors: UnknownNameError; RecipeError for a faulty file or what it cannot give."""
    return [GrammarReader(load_grammar(recipe.name, workbench), request_of(recipe), documents=recipe.documents)]


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
