"""The recipe of the probe "languages": does a model hold sentences of one meaning alike, whatever their language?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, field_validator

from seedbed.probes.recipe_base import NAME, At, Headline, ProbeRecipe
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe

SMOKE_SENTENCES = 30
SMOKE_LENS = 10


@recipe(version=1)
class Languages(ProbeRecipe):
    """Sentence retrieval, CKA and the languages of the logit lens, layer by layer, on parallel sentences.

    grammars: two or more grammars that word one meaning, whose held-out sentences are taken. files: instead, parallel
    text, {language: location}, of which line i says the same in each (plain or gzip). sentences: so many different
    meanings; of files, those whose hashes are smallest. lens_sentences: the first so many of them for the logit lens;
    0: none. neighbours: of CSLS. seed: of the grammars' documents and of the shuffled pairs. at: measure at "all" steps
    or at the "last" alone.
    """

    local = ("files",)

    name: str = Field(default="languages", pattern=NAME)
    grammars: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    sentences: int = Field(default=200, ge=4)
    lens_sentences: int = Field(default=50, ge=0)
    neighbours: int = Field(default=10, ge=1)
    seed: int = Field(default=0, ge=0)
    at: At = "all"

    @field_validator("files", mode="before")
    @classmethod
    def _pairs(cls, files: Any) -> Any:
        return tuple(files.items()) if isinstance(files, Mapping) else files

    def __post_init__(self) -> None:
        if bool(self.grammars) == bool(self.files):
            raise ValueError("sentences come from grammars or from files; give exactly one of grammars= and files=")
        names = self.grammars or tuple(name for name, _ in self.files)
        if len(names) < 2 or len(set(names)) < len(names):
            raise ValueError(f"two different languages or more are compared, and {', '.join(names)} are not")
        for name in names:
            if "/" in name or "." in name:
                raise ValueError(f"the language {name!r} has a '/' or '.' in it, which metrics part names with")

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """Retrieval at the best layer, both ways and over all pairs; the soft form is its margin."""
        soft = f"{self.name}/all/margin" if self.at == "all" else None
        return (
            Headline(
                f"{self.name}/all/retrieval",
                "better",
                "share of sentences",
                soft,
                soft_able=0.1,
                soft_unit="share of cosine",
            ),
        )

    def smoke(self) -> Self:
        """The same probe on a few sentences."""
        return replace(
            self,
            sentences=min(self.sentences, SMOKE_SENTENCES),
            lens_sentences=min(self.lens_sentences, SMOKE_LENS),
        )

    def prepare(self, material: Material) -> PreparedProbe:
        """Draw or read the sentences and encode them. Errors: SeedbedError where none can be scored."""
        from seedbed.probes.languages import prepare

        return prepare(self, material)
