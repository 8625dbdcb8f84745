"""What a pipeline file says about what is left out of a component.

`Without`, `quality` and `decontaminated` stand in a component's list behind its source. `deduplicated`,
`RandomRemoval` and `random_subset` have to see every document before any goes on, so they are given the source and
stand in its place:

    books = [Files("books.jsonl.gz"), Annotate("npi")]
    Component("full", books)
    Component("filtered", [*books, Without("npi")])
    Component("control", RandomRemoval(books, like=Without("npi")))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import ArgsKwargs

from seedbed.data.recipes import JSON, Component, StepsRecipe, nearest_choice
from seedbed.errors import SourceError
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from datatrove.pipeline.base import PipelineStep

    from seedbed.workbench import Workbench

QUALITY = ("gopher-repetition", "gopher-quality", "c4", "c4-paragraphs", "fineweb")
REFUSED_QUALITY = {
    "c4-badwords": "downloads its lists of words and keeps a share by chance, in the order documents come",
    "sampler": "draws by chance in the order documents come; random_subset(...) draws by a hash",
    "language": "downloads a model of its own; choose documents by their label with Files(..., where=)",
    "url": "needs URLs and lists that it downloads; put datatrove's URLFilter in the component's list yourself",
    "perplexity": "downloads a model of its own; a difficulty column by an n-gram model does the same here",
}
DUPLICATES = ("exact", "minhash", "sentence")
REFUSED_DUPLICATES = {
    "bloom": "may drop a document that it has never seen; 'exact' does the same without that",
    "substring": "needs a suffix array that an outside program builds; 'sentence' takes repeated sentences out",
    "url": "needs one URL per document; texts are compared by 'exact'",
}


def _choice(choices: tuple[str, ...], refused: Mapping[str, str]) -> Any:
    """A check of a word: one of the choices, refused with the reason, or answered with the nearest."""

    def check(value: Any) -> Any:
        if value in refused:
            raise ValueError(f"{value!r} {refused[value]}")
        return nearest_choice(*choices)(value)

    return check


def _all_positional(cls: Any, given: Any, name: str) -> Any:
    if isinstance(given, ArgsKwargs) and name not in (given.kwargs or {}):
        return ArgsKwargs((), {name: tuple(given.args), **(given.kwargs or {})})
    return given


def _source(given: Any) -> Any:
    """A source as a component takes it."""
    return Component("source", given).source


def _steps(source: Any, workbench: Workbench) -> list[Any]:
    return Component("source", source).steps(workbench)


def _identity(source: Any, workbench: Workbench) -> JSON:
    return Component("source", source).identity(workbench)["source"]


def _writer(dropped_to: str | None, name: str, workbench: Workbench) -> Any:
    if dropped_to is None:
        return None
    from datatrove.pipeline.writers import JsonlWriter

    return JsonlWriter(str(workbench.resolve(dropped_to) / name))


Source = Annotated[Any, BeforeValidator(_source)]


@recipe(version=1)
class Without:
    """Leaves out every document that contains one of these constructions: `Without("npi", "npi unlicensed")`.

    The documents say what they contain: a grammar's do, others after `Annotate`. dropped_to: a folder of the workbench
    for what is dropped, with the reason; it is no part of what the component is.
    """

    constructions: tuple[str, ...]
    dropped_to: str | None = None

    if TYPE_CHECKING:  # constructions are given one by one, which a dataclass has no way to say

        def __init__(self, *constructions: str, dropped_to: str | None = None) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, given: Any) -> Any:
        return _all_positional(cls, given, "constructions")

    @field_validator("constructions")
    @classmethod
    def _some(cls, constructions: tuple[str, ...]) -> tuple[str, ...]:
        if not constructions:
            raise ValueError("no construction named; write Without('npi')")
        return tuple(sorted(set(constructions)))

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The filter."""
        from seedbed.data.filters.constructions import ConstructionFilter

        return [ConstructionFilter(self.constructions, _writer(self.dropped_to, "constructions", workbench))]

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this filter in a hash."""
        return {"kind": "Without", "version": 1, "constructions": list(self.constructions)}


@recipe(version=1)
class Quality:
    """datatrove's quality filters, in the order given: `quality("gopher-repetition", "gopher-quality", "fineweb")`.

    language: whose words are counted. thresholds: of a single filter, arguments of datatrove's class that are not to be
    as they come. dropped_to: a folder of the workbench for what is dropped, with the reason.
    """

    names: tuple[Annotated[str, BeforeValidator(_choice(QUALITY, REFUSED_QUALITY))], ...]
    language: str = "en"
    thresholds: Mapping[str, Any] = Field(default_factory=dict)
    dropped_to: str | None = None

    if TYPE_CHECKING:  # names are given one by one, which a dataclass has no way to say

        def __init__(
            self,
            *names: str,
            language: str = "en",
            thresholds: Mapping[str, Any] = ...,
            dropped_to: str | None = None,
        ) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, given: Any) -> Any:
        return _all_positional(cls, given, "names")

    @model_validator(mode="after")
    def _whose_thresholds(self) -> Quality:
        if not self.names:
            raise ValueError(f"no filter named; name at least one of {', '.join(QUALITY)}")
        if self.thresholds and len(self.names) > 1:
            raise ValueError("thresholds belong to one filter and several are named; write one quality(...) for each")
        return self

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The filters. Errors: RecipeError for a threshold that is none, or a language that has no words."""
        from seedbed.data.filters.quality import quality_filter

        return [
            quality_filter(name, self.language, self.thresholds, _writer(self.dropped_to, name, workbench))
            for name in self.names
        ]

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for the filters in a hash: datatrove's release and every threshold. Errors as of `steps`."""
        from seedbed.data.filters.quality import quality_filter
        from seedbed.data.identity import step_identity

        filters = [quality_filter(name, self.language, self.thresholds) for name in self.names]
        return {"kind": "Quality", "version": 1, "filters": [step_identity(each, workbench) for each in filters]}


@recipe(version=1)
class Decontaminated:
    """Leaves out documents that share a run of words with test material: `decontaminated([Files("blimp/*.jsonl.gz",
    text_column="sentence_good")])`.

    against: sources of the test material (files, grammars with split="held-out", ...). n: words in a run; shorter
    texts, down to 4 words, count as a whole. dropped_to: a folder of the workbench for what is dropped.
    """

    against: tuple[Any, ...]
    _: KW_ONLY
    n: int = Field(kw_only=True, default=8, ge=1)
    dropped_to: str | None = None

    @field_validator("against", mode="before")
    @classmethod
    def _sources(cls, given: Any) -> tuple[Any, ...]:
        each = (given,) if isinstance(given, str | StepsRecipe) else tuple(given)
        if not each:
            raise ValueError("nothing to decontaminate against; name at least one source of test material")
        return tuple(map(_source, each))

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The filter. Errors: those of the sources of test material; SourceError if they hold nothing."""
        from seedbed.data.filters.overlap import OverlapFilter, runs_of
        from seedbed.data.filters.stage import texts_of

        texts = (text for source in self.against for text in texts_of(_steps(source, workbench), workbench))
        runs = runs_of(texts, self.n)
        if not runs:
            raise SourceError(
                f"the test material of decontaminated(...) holds no run of {self.n} words and no text of 4; "
                "check its location and text_column"
            )
        return [OverlapFilter(runs, _writer(self.dropped_to, "decontamination", workbench))]

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this filter in a hash: n and what it is held against."""
        against = [_identity(source, workbench) for source in self.against]
        return {"kind": "Decontaminated", "version": 1, "n": self.n, "against": against}


@recipe(version=1)
class Deduplicated:
    """A source without its duplicates: `deduplicated([Files("books.jsonl.gz")], "minhash")`.

    kind: "exact", "minhash" (near-duplicates) or "sentence" (repeated runs of three sentences), see
    `seedbed.data.filters.duplicates`. language: whose words and sentences are compared. dropped_to: a folder of the
    workbench for what is dropped.
    """

    source: Source
    kind: Annotated[
        Literal["exact", "minhash", "sentence"], BeforeValidator(_choice(DUPLICATES, REFUSED_DUPLICATES))
    ] = "exact"
    _: KW_ONLY
    language: str = "en"
    dropped_to: str | None = None

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """Reads the source and finds its duplicates; gives the reader of the rest. Errors: those of the source."""
        from seedbed.data.filters.duplicates import without_duplicates

        writer = _writer(self.dropped_to, f"duplicates-{self.kind}", workbench)
        return [without_duplicates(_steps(self.source, workbench), self.kind, self.language, workbench, writer)]

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this source in a hash: the source, the kind, and datatrove's release where it is used."""
        from importlib.metadata import version

        described = {"kind": "Deduplicated", "version": 1, "by": self.kind, "source": _identity(self.source, workbench)}
        if self.kind == "exact":
            return described
        return described | {"language": self.language, "datatrove": version("datatrove")}


@recipe(version=1)
class RandomRemoval:
    """The control of a filter: the source without exactly as many documents, chosen by a hash of their texts.

    source: unfiltered. like: the filter (or several, as a list), or a whole filtered source. Documents are counted as
    the source gives them: where a component drops equal ones (distinct=True), deduplicate the source of both arms.
    """

    source: Source
    _: KW_ONLY
    like: Source

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """Reads the source and counts; gives the reader of the rest. Errors: RecipeError if `like` drops nothing."""
        from seedbed.data.filters.draws import removed_at_random

        return [removed_at_random(_steps(self.source, workbench), _steps(self.like, workbench), workbench)]

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this source in a hash: the source, and what decides the number."""
        source, like = (_identity(each, workbench) for each in (self.source, self.like))
        return {"kind": "RandomRemoval", "version": 1, "source": source, "like": like}


@recipe(version=1)
class RandomSubset:
    """An equally long random part of a source: `random_subset(books, like=[*books, quality("fineweb")])`.

    source: unfiltered. like: the filtered source, or the filters alone. Documents are taken in the order of a hash of
    their texts until they hold as many bytes as `like` leaves: at least so many, by less than one document.
    """

    source: Source
    _: KW_ONLY
    like: Source

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """Reads the source and measures; gives the reader of the part. Errors: ShortSourceError."""
        from seedbed.data.filters.draws import drawn_at_random

        return [drawn_at_random(_steps(self.source, workbench), _steps(self.like, workbench), workbench)]

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """What stands for this source in a hash: the source, and what decides the number of bytes."""
        source, like = (_identity(each, workbench) for each in (self.source, self.like))
        return {"kind": "RandomSubset", "version": 1, "source": source, "like": like}


# Words that read as what they do to a source.
quality = Quality
decontaminated = Decontaminated
deduplicated = Deduplicated
random_subset = RandomSubset
