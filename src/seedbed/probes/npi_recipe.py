"""The recipe of the probe of negative polarity items."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field

from seedbed.probes.recipe_base import NAME, At, Headline, ProbeRecipe
from seedbed.probes.recipes import SMOKE_ITEMS
from seedbed.recipes import recipe
from seedbed.workbench import Workbench

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe


@recipe(version=1)
class PolarityItems(ProbeRecipe):
    """Does a model know where negative polarity items such as "ever" may stand?

    grammar: of the shelf, which writes the pairs: its paradigms whose names begin with "npi". location: instead, a file
    or folder of pairs (BLiMP's, CLAMS's; see `seedbed.probes.pair_files`), of which the paradigms with "npi" in their
    name are read. paradigms: those to score, * and ? allowed; empty for all of these. polarity_items: those that are
    looked for. pairs_per_paradigm: of a grammar in turn over the items; of files those with the smallest hash.
    vocabulary, unseen, known_words, training_tokens: as of GrammarSuite. seed: of the grammar's draw. tie_nats: scores
    closer than this count as equal. at: measure at "all" steps or at the "last" alone.
    """

    local = ("location",)

    name: str = Field(default="npi", pattern=NAME)
    grammar: str = "english_pairs"
    location: str = ""
    paradigms: tuple[str, ...] = ()
    polarity_items: tuple[str, ...] = Field(default=("ever", "any", "at all", "yet", "anymore"), min_length=1)
    pairs_per_paradigm: int = Field(default=100, ge=1)
    vocabulary: tuple[str, ...] = ()
    unseen: Literal["sentence", "combination"] = "sentence"
    known_words: Literal["tokenizer", "training"] = "tokenizer"
    training_tokens: int = Field(default=1_000_000, ge=1)
    seed: int = Field(default=0, ge=0)
    tie_nats: float = Field(default=1e-4, ge=0)
    at: At = "all"

    def __post_init__(self) -> None:
        if self.location and self.vocabulary:
            raise ValueError("vocabulary= is about what a grammar draws; of files use known_words='training'")

    @property
    def needs_study(self) -> bool:
        """Whether it asks which words training had."""
        return self.known_words == "training"

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The mean over paradigms; of a grammar also the contrasts of scope and of licensor, each by itself."""
        parts = ("mean",) if self.location or self.paradigms else ("contrast.scope", "contrast.licensor", "mean")
        return tuple(
            Headline(
                f"{self.name}/{part}/accuracy_sum",
                "better",
                "share of pairs",
                f"{self.name}/{part}/margin_nats" if self.at == "all" else None,
            )
            for part in parts
        )

    def identity(self, workbench: Workbench) -> dict[str, Any]:
        """What stands for the probe in a hash; a grammar by its digest, files of every format by theirs."""
        from seedbed.data.grammar.file import load_grammar
        from seedbed.probes.pair_files import suite_digests

        described = super().identity(workbench)
        if self.location:
            return described | {"location": suite_digests(self.location, workbench), "grammar": None}
        return described | {"grammar": [self.grammar, load_grammar(self.grammar, workbench).digest]}

    def _content(self, value: Any, workbench: Workbench) -> Any:
        return None

    def smoke(self) -> Self:
        """The same probe on a handful of pairs."""
        return replace(self, pairs_per_paradigm=min(self.pairs_per_paradigm, SMOKE_ITEMS))

    def prepare(self, material: Material) -> PreparedProbe:
        """Draw or read the pairs and encode them. Errors: SeedbedError, for bad files or if none can be scored."""
        from seedbed.probes.npi import prepare

        return prepare(self, material)
