"""What a pipeline file says about parses: `Annotate` reads one, `Parsed` makes one with spaCy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import field_validator, model_validator
from pydantic_core import ArgsKwargs

from seedbed.data.recipes import JSON, nearest_choice
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from datatrove.pipeline.base import PipelineStep

    from seedbed.workbench import Workbench

ANNOTATIONS = ("depth", "npi", "questions")
ENGLISH = ("npi", "questions")


@recipe(version=1)
class Annotate:
    """Labels what is in parsed documents: `Annotate("npi", "questions", "depth")`, after a source with parses.

    "depth" sets `embedding_depth` and the construction "center embedding"; "npi" and "questions" (English) set
    constructions such as "npi", "ever" and "polar question"; see `seedbed.data.annotators`. keep_morphology: leave
    parts of speech, lemmas and features in the documents' metadata (as `morphology`); otherwise only heads, relations
    and labels reach it.
    """

    names: tuple[str, ...]
    language: str = "en"
    keep_morphology: bool = False

    if TYPE_CHECKING:  # names are given one by one, which a dataclass has no way to say

        def __init__(self, *names: str, language: str = "en", keep_morphology: bool = False) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _gather_names(cls, given: Any) -> Any:
        if isinstance(given, ArgsKwargs) and "names" not in (given.kwargs or {}):
            return ArgsKwargs((), {"names": tuple(given.args), **(given.kwargs or {})})
        return given

    @field_validator("names")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names:
            raise ValueError(f"nothing to annotate; name at least one of {', '.join(ANNOTATIONS)}")
        return tuple(sorted({nearest_choice(*ANNOTATIONS)(name) for name in names}))

    @model_validator(mode="after")
    def _in_a_language_that_is_known(self) -> Annotate:
        for name in self.names:
            if name in ENGLISH and self.language.partition("-")[0] != "en":
                raise ValueError(f"{name!r} is known for English only, not for {self.language!r}; leave it out")
        return self

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The annotators, in alphabetical order."""
        from seedbed.data.annotators.base import KeepMorphology

        keep = [KeepMorphology()] if self.keep_morphology else []
        return [*(kind() for kind in self._kinds()), *keep]

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """Fields, and the behaviour version of each annotator."""
        from seedbed.data.identity import recipe_fields

        return recipe_fields(self) | {"annotators": [kind.behaviour_version for kind in self._kinds()]}

    def _kinds(self) -> list[Any]:
        from seedbed.data.annotators.depth import DepthAnnotator
        from seedbed.data.annotators.npis import NpiAnnotator
        from seedbed.data.annotators.questions import QuestionAnnotator

        kinds = {"depth": DepthAnnotator, "npi": NpiAnnotator, "questions": QuestionAnnotator}
        return [kinds[name] for name in self.names]


@recipe(version=1)
class Parsed:
    """Parses raw text with a spaCy model of the user's: `Parsed("en_core_web_sm")`, after a source of text.

    model: the name of an installed model, or the location of a model's folder in the workbench. spaCy and its models
    are not part of seedbed: `pip install "seedbed[spacy]"`, then `python -m spacy download en_core_web_sm`. The model's
    name and version and spaCy's enter the identity, of a folder its content.
    """

    model: str = "en_core_web_sm"

    def steps(self, workbench: Workbench) -> list[PipelineStep]:
        """The parser. Errors: SourceError if spaCy or the model is not there, with the command that gets it."""
        from seedbed.data.annotators.spacy_parser import SpacyParser, find_model

        return [SpacyParser(find_model(self.model, workbench).location)]

    def identity(self, workbench: Workbench) -> dict[str, JSON]:
        """Fields, the model's name and version, spaCy's version. Errors as of `steps`."""
        from seedbed.data.annotators.spacy_parser import find_model
        from seedbed.data.identity import recipe_fields

        described = recipe_fields(self)
        del described["model"]
        return described | find_model(self.model, workbench).identity
