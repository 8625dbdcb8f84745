"""Documents written by a grammar, as a datatrove reader."""

from __future__ import annotations

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep

from seedbed.data.grammar.plans import Plan, plan_of, with_lengths
from seedbed.data.grammar.rules_file import Rules
from seedbed.data.grammar.sampler import Sampler

BLOCK = 16_384


class GrammarReader(PipelineStep):  # type: ignore[misc]  # datatrove has no types
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
