"""What a person says about data: sources, components, mixtures.

A source says where documents come from, a component names them and says how they are kept, a mixture says how many
bytes of each component a model sees. Nothing is read when these are written; `steps` and `identity` do that, later,
with a workbench to find files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, TypeAlias, runtime_checkable

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import ArgsKwargs

from seedbed.data.grammar.recipe import Grammar as Grammar  # noqa: PLC0414  # re-exported, which mypy wants said
from seedbed.data.matched import Matched
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from datatrove.pipeline.base import PipelineStep

    from seedbed.workbench import Workbench

JSON: TypeAlias = Any
ANY: Literal["any"] = "any"
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*")
MIXTURE_NAME = re.compile(r"[a-z0-9][a-z0-9._%-]*")
SUFFIX_FORMATS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".conllu": "conllu",
    ".txt": "text",
    ".md": "text",
    ".py": "text",
}
COMPRESSED = (".gz", ".zst", ".bz2", ".xz")


def nearest_choice(*choices: str) -> Callable[[Any], Any]:
    """A check that answers a wrong word with the nearest of the allowed ones."""

    def check(value: Any) -> Any:
        if value in choices:
            return value
        near = get_close_matches(str(value), choices, n=2, cutoff=0.5)
        mend = " or ".join(repr(other) for other in near) if near else "one of " + ", ".join(map(repr, choices))
        raise ValueError(f"no such choice; did you mean {mend}?" if near else f"no such choice; write {mend}")

    return check


FORMATS = ("jsonl", "parquet", "text", "conllu")

Errors = Annotated[Literal["strict", "skip"], BeforeValidator(nearest_choice("strict", "skip"))]
Format = Annotated[Literal["jsonl", "parquet", "text", "conllu"], BeforeValidator(nearest_choice(*FORMATS))]


@recipe(version=1)
class PythonStdlib:
    """The running interpreter's standard library, tests left out: real code that every machine has.

    document_bytes: files are cut at line borders into documents of at most so many bytes.
    """

    _: KW_ONLY
    document_bytes: int = Field(kw_only=True, default=2_048, ge=64)

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove reader of this source. Errors: SourceError if this Python came without its sources."""
        from seedbed.data.sources import stdlib_steps

        return stdlib_steps(self, workbench)

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this source in a hash: its fields and a digest over the files' contents."""
        from seedbed.data.identity import stdlib_identity

        return stdlib_identity(self, workbench)


@recipe(version=2)
class Files:
    """Documents in local files: `Files("books.jsonl.gz", "more/*.jsonl", where={"lang": "de"})`.

    locations: files, folders or patterns, relative to the workbench. format: None goes by the suffix; .gz, .zst, .bz2
    and .xz are read through. text_column: the column of JSON lines or Parquet that holds the text. where: keep only
    records whose columns hold these values (or one of several). document_bytes: cut texts longer than this at line
    borders (CoNLL-U between sentences); None leaves documents whole. sentences: of CoNLL-U, one document per sentence
    and not per `# newdoc`.
    errors: "strict" stops at input that cannot be read, "skip" leaves it out and counts it.
    """

    locations: tuple[str, ...]
    format: Format | None = None
    text_column: str = "text"
    where: Mapping[str, str | int | float | bool | tuple[str | int | float | bool, ...]] | None = None
    document_bytes: int | None = Field(kw_only=True, default=None, ge=64)
    sentences: bool = False
    errors: Errors = "strict"

    if TYPE_CHECKING:  # locations are given one by one, which a dataclass has no way to say

        def __init__(
            self,
            *locations: str,
            format: str | None = None,
            text_column: str = "text",
            where: Mapping[str, Any] | None = None,
            document_bytes: int | None = None,
            sentences: bool = False,
            errors: str = "strict",
        ) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _gather_locations(cls, given: Any) -> Any:
        if isinstance(given, ArgsKwargs) and "locations" not in (given.kwargs or {}):
            return ArgsKwargs((), {"locations": tuple(map(str, given.args)), **(given.kwargs or {})})
        return given

    @model_validator(mode="after")
    def _one_format(self) -> Files:
        if not self.locations:
            raise ValueError("no location given; name at least one file, folder or pattern")
        if self.format is None and any(format_of(location) is None for location in self.locations):
            unknown = next(location for location in self.locations if format_of(location) is None)
            raise ValueError(
                f"the format of {unknown!r} cannot be told from its suffix; write format='jsonl' or the like"
            )
        format_ = self.file_format()
        if self.where is not None and format_ not in ("jsonl", "parquet"):
            raise ValueError(f"where= needs columns and {format_} has none; leave it out")
        return self

    def file_format(self) -> str:
        """The format all locations share. Errors: ValueError if they differ."""
        formats = {self.format or format_of(location) for location in self.locations}
        if len(formats) != 1:
            raise ValueError(f"{' and '.join(sorted(map(str, formats)))} in one source; make one source of each")
        return str(formats.pop())

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove reader of this source. Errors: SourceError if a location matches no file."""
        from seedbed.data.sources import files_steps

        return files_steps(self, workbench)

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this source in a hash: its fields without locations, and the digest of the contents."""
        from seedbed.data.identity import files_identity

        return files_identity(self, workbench)


@recipe(version=1)
class HubDataset:
    """A data set of the Hugging Face hub: `HubDataset("org/name", split="train", config="de")`.

    revision: branch, tag or commit; the commit it stands for enters the identity. text_column as in `Files`.
    """

    id: str = Field(pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?$")
    _: KW_ONLY
    split: str = "train"
    config: str | None = None
    text_column: str = "text"
    revision: str = "main"

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove reader of this source."""
        from seedbed.data.sources import hub_steps

        return hub_steps(self, workbench)

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this source in a hash: its fields and the commit. Errors: SourceError if it is unknown."""
        from seedbed.data.identity import hub_identity

        return hub_identity(self, workbench)


@runtime_checkable
class StepsRecipe(Protocol):
    """What stands in a component for datatrove steps: a source, a transform, a filter, an annotator."""

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove steps, made when the component is built."""

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for them in a hash; never a path."""


def format_of(location: str) -> str | None:
    """The format a location's suffix stands for, compression aside; None if it stands for none."""
    name = PurePosixPath(location)
    while name.suffix.lower() in COMPRESSED:
        name = name.with_suffix("")
    return SUFFIX_FORMATS.get(name.suffix.lower())


def source(location: str) -> Files | HubDataset:
    """A source from one line: "hub:org/name[:config][@split]", or a file location, read by its suffix.

    Errors: RecipeError for a location whose format cannot be told.
    """
    if not location.startswith("hub:"):
        return Files(location)
    name, _, split = location.removeprefix("hub:").partition("@")
    id_, _, config = name.partition(":")
    return HubDataset(id_, split=split or "train", config=config or None)


@recipe(version=1)
class Component:
    """Documents under one name: a source of ours, a location for `source`, or a list of steps.

    A list holds datatrove steps and plain functions of them, and sources of ours where it reads something.

    language: a BCP 47 tag, "und" if it is none or many; labels of single documents come before it. distinct: drop
    documents with equal text. heldout_share: the share of documents, last in hash order, that no mixture takes; bits
    per byte are measured on them.
    """

    name: str
    source: Any
    _: KW_ONLY
    language: str = Field(kw_only=True, default="und", min_length=1)
    distinct: bool = False
    heldout_share: float = Field(kw_only=True, default=0.02, ge=0, le=0.5)

    @field_validator("name")
    @classmethod
    def _slug(cls, name: str) -> str:
        if not SLUG.fullmatch(name):
            raise ValueError(
                "a component's name becomes a folder: write it in a-z, 0-9, - and _, beginning with a letter or digit"
            )
        return name

    @field_validator("source", mode="before")
    @classmethod
    def _source_or_steps(cls, given: Any) -> Any:
        if isinstance(given, str):
            return source(given)
        if isinstance(given, StepsRecipe) and not isinstance(given, type):
            return given
        steps = tuple(given) if isinstance(given, Iterable) else ()
        if not steps:
            raise ValueError(
                "neither a source, a location nor a list of datatrove steps; write Files(...) or [JsonlReader(...)]"
            )
        for step in steps:
            if isinstance(step, type) or not (callable(step) or isinstance(step, StepsRecipe)):
                raise ValueError(
                    f"{str(step)[:60]!r} in the list is no datatrove step; write an instance such as JsonlReader(...)"
                )
        return steps

    def __hash__(self) -> int:
        return hash(("Component", self.name))

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The datatrove steps that yield this component's documents."""
        steps: list[PipelineStep] = []
        for step in self.source if isinstance(self.source, tuple) else (self.source,):
            steps += step.steps(workbench) if isinstance(step, StepsRecipe) else [step]
        return steps

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this component in a hash; see `seedbed.data.identity`."""
        from seedbed.data.identity import component_identity

        return component_identity(self, workbench)


@recipe(version=1)
class Mixture:
    """What one arm is trained on: total bytes, and each component's share of them.

    shares: component -> share of the bytes, summing to 1. repeat_up_to: a component that is too short may be seen this
    many times; 1 refuses it. matched: what this arm has equal with those it is compared with; None: all bytes seen.
    against: the mixtures that verdicts compare it with; none: the study's first. steps_times: its runs take so many
    times the steps of the study's model (an arm that is larger on purpose reads what it adds in steps of its own).
    """

    name: str
    _: KW_ONLY
    total_bytes: int = Field(kw_only=True, ge=1)
    shares: Mapping[Any, float]
    repeat_up_to: int = Field(kw_only=True, default=1, ge=1)
    matched: Matched | None = None
    against: tuple[str, ...] = ()
    steps_times: float = Field(kw_only=True, default=1.0, gt=0, allow_inf_nan=False)

    @field_validator("name")
    @classmethod
    def _slug(cls, name: str) -> str:
        if not MIXTURE_NAME.fullmatch(name):
            raise ValueError(
                "a mixture's name becomes a folder: write it in a-z, 0-9, and . _ % -, beginning with a letter or digit"
            )
        return name

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> Mixture:
        if not self.shares:
            raise ValueError("no component; write shares={component: 1.0}")
        for component, share in self.shares.items():
            if not isinstance(component, Component):
                raise ValueError(f"{str(component)[:60]!r} is no Component; the keys of shares are Component objects")
            if not 0 <= share <= 1:
                raise ValueError(f"the share of {component.name!r} is {share:g}; a share lies between 0 and 1")
        names = [component.name for component in self.shares]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two components are called {name!r}; give each its own name")
        weights = None if self.matched is None else self.matched.weights
        if weights is not None and not any(weights.get(c.name, 0) * share for c, share in self.shares.items()):
            raise ValueError(
                f"matched counts {', '.join(weights)}, and this mixture holds none of it; name its components"
            )
        total = sum(self.shares.values())
        if abs(total - 1) > 1e-9:
            raise ValueError(f"shares sum to {total:.10g}, not to 1; change them by {1 - total:+.10g} in all")
        return self

    def __hash__(self) -> int:
        return hash(("Mixture", self.name))
