"""The recipe of the probe "attention syntax": does a head's attention follow the gold parse?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, field_validator

from seedbed.data.grammar.recipe import Grammar
from seedbed.errors import SourceError
from seedbed.probes.recipe_base import NAME, At, Headline, ProbeRecipe
from seedbed.recipes import recipe
from seedbed.workbench import Workbench

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe

SMOKE_TEXTS = 40
SMOKE_WORDS = 10


@recipe(version=1)
class AttentionSyntax(ProbeRecipe):
    """Does the attention of some head go from a word to its head in the gold parse, or back?

    Parses come from exactly one of these. grammar: a `Grammar` with split="held-out" (on the shelf a table of its
    fields). component: the held-out documents of one of the study's components that carry heads. treebank: a CoNLL-U
    file, or a folder of them (*.conllu, *.conllu.gz), read sentence by sentence.

    texts: at most so many different ones; of a treebank, those whose hashes are smallest. min_words: relations with
    fewer scored words are left out. subtypes: whether "acl:relcl" and "acl" are two relations. each_relation: whether
    every head is scored on every relation in both readings, too, in heads x relations x 4 more metrics. tie_weight:
    attention weights closer than this count as equal. seed: of the shuffled control. at: measure at "all" steps or at
    the "last" alone.
    """

    name: str = Field(default="attention-syntax", pattern=NAME)
    grammar: Grammar | None = None
    component: str = ""
    treebank: str = ""
    texts: int = Field(default=300, ge=2)
    min_words: int = Field(default=100, ge=1)
    subtypes: bool = False
    each_relation: bool = False
    tie_weight: float = Field(default=1e-6, ge=0)
    seed: int = Field(default=0, ge=0)
    at: At = "all"

    @field_validator("grammar", mode="before")
    @classmethod
    def _from_the_shelf(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return Grammar(**given) if given else None

    def __post_init__(self) -> None:
        if [self.grammar is not None, bool(self.component), bool(self.treebank)].count(True) != 1:
            raise ValueError("parses come from one place; give exactly one of grammar=, component= and treebank=")
        if self.grammar is not None and self.grammar.split == "train":
            raise ValueError("the grammar's texts may be trained on; give it split='held-out'")

    @property
    def needs_study(self) -> bool:
        """Whether the parses are those of a study's documents."""
        return bool(self.component)

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The share of words whose gold head is recovered; the soft form is the mean attention on it."""
        soft = f"{self.name}/all/weight" if self.at == "all" else None
        return (
            Headline(
                f"{self.name}/all/accuracy",
                "better",
                "share of words",
                soft,
                soft_able=0.5,
                soft_unit="share of attention",
            ),
            Headline(f"{self.name}/all/weight", "better", "share of attention", asked=False),
        )

    def smoke(self) -> Self:
        """The same probe on a handful of texts."""
        return replace(self, texts=min(self.texts, SMOKE_TEXTS), min_words=min(self.min_words, SMOKE_WORDS))

    def identity(self, workbench: Workbench) -> dict[str, Any]:
        """What stands for the probe in a hash; a treebank by the digests of its files. Errors: SourceError."""
        described = super().identity(workbench)
        if self.treebank:
            files = treebank_files(self.treebank, workbench)
            described["treebank"] = {file.name: workbench.digest(file) for file in files}
        return described

    def prepare(self, material: Material) -> PreparedProbe:
        """Read, encode and lay out the texts. Errors: SeedbedError where no text has a parse that can be scored."""
        from seedbed.probes.attention_syntax import prepare

        return prepare(self, material)


def treebank_files(location: str, workbench: Workbench) -> list[Path]:
    """The CoNLL-U files of a location, by name. Errors: SourceError if there is none."""
    path = workbench.resolve(location)
    files = [path] if path.is_file() else sorted(path.glob("*.conllu")) + sorted(path.glob("*.conllu.gz"))
    if not files:
        raise SourceError(f"{location!r} holds no CoNLL-U file (*.conllu, *.conllu.gz); check the location you gave")
    return files
