"""The recipe `Grammar`: documents written by a grammar of the shelf `data/grammars`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator, model_validator

from seedbed.recipes import recipe

if TYPE_CHECKING:
    from datatrove.pipeline.base import PipelineStep

    from seedbed.workbench import Workbench

SPLITS = ("train", "held-out")


@recipe(version=2)
class Grammar:
    """Documents written by a grammar of the shelf `data/grammars`; docs/grammars.md explains its notation.

    name: the grammar's file. task: one of its tasks, or "either" in its own proportions. subject, object: selectors
    that the file declares ("any": no restriction); select: the others, {selector: value}. unambiguous: the selector of
    that name, value "yes".
    shares: construction -> the exact share of documents that contain it; index i does if and only if
    floor((i + 1) p) > floor(i p). without: constructions that no document contains. depth_shares: embedding depth ->
    exact share. twin: a construction whose matched twin corpus this is: the same documents where they are without it,
    and in the others the twin rules that the file names, or documents of equal length and task without it.
    documents: how many are written (before a component drops equal ones). seed: of the draw. split: "held-out" is what
    the file keeps from training for probes; it is in no "train" corpus. held_out: one kind of hold-out alone.
    max_words: documents of more words are drawn again (punctuation not counted; of the part that the file measures).
    lengths_like: another recipe of this grammar; document i is as long as document i of that one.
    """

    name: str
    _: KW_ONLY
    task: str = "either"
    subject: str = "any"
    object: str = "any"
    select: Mapping[str, str] = Field(kw_only=True, default_factory=dict)
    shares: Mapping[str, float] = Field(kw_only=True, default_factory=dict)
    without: tuple[str, ...] = ()
    depth_shares: Mapping[int, float] = Field(kw_only=True, default_factory=dict)
    twin: str | None = None
    documents: int = Field(kw_only=True, default=100_000, ge=1, le=2**40 - 1)
    seed: int = Field(kw_only=True, default=0, ge=0, lt=2**63)
    split: str = "train"
    held_out: str | None = None
    unambiguous: bool = False
    max_words: int | None = Field(kw_only=True, default=None, ge=1)
    lengths_like: Grammar | None = None

    @field_validator("split", mode="before")
    @classmethod
    def _known_split(cls, given: Any) -> Any:
        if given in SPLITS:
            return given
        near = get_close_matches(str(given), SPLITS, n=1, cutoff=0.3)
        raise ValueError(f"no such split; did you mean {near[0]!r}?" if near else "write 'train' or 'held-out'")

    @field_validator("without", mode="before")
    @classmethod
    def _one_or_many(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _lengths_of_a_plain_one(self) -> Grammar:
        if self.lengths_like is not None and self.lengths_like.lengths_like is not None:
            raise ValueError("lengths_like names a grammar that takes its lengths from a third; name that one here too")
        if self.lengths_like is not None and self.lengths_like.name != self.name:
            raise ValueError(f"lengths_like names grammar {self.lengths_like.name!r}; both must be {self.name!r}")
        if self.twin is not None and self.lengths_like is not None:
            raise ValueError("a twin has the lengths of its original; leave lengths_like out")
        return self

    @model_validator(mode="after")
    def _one_way_to_select(self) -> Grammar:
        for name in ("subject", "object"):
            if name in self.select and getattr(self, name) != "any":
                raise ValueError(f"{name}= and select= both say what {name} is; leave one out")
        return self

    def __hash__(self) -> int:
        return hash(("Grammar", self.name, self.task, self.seed, self.documents))

    def selected(self) -> dict[str, str]:
        """All selectors with their values."""
        asked = {"subject": self.subject, "object": self.object} | dict(self.select)
        asked |= {"unambiguous": "yes"} if self.unambiguous else {}
        return {name: value for name, value in asked.items() if value != "any"}

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove reader of this source. Errors: UnknownNameError, RecipeError for a faulty grammar file, or for
        something that the grammar does not have or cannot give."""
        from seedbed.data.readers.grammar import grammar_steps

        return grammar_steps(self, workbench)

    def identity(self, workbench: Workbench) -> dict[str, Any]:
        """What stands for this source in a hash: its fields and the digest of the grammar and its lexicons."""
        from seedbed.data.grammar.identity import grammar_identity

        return grammar_identity(self, workbench)
