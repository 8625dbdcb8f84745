"""The recipe of grammar suites: minimal pairs of many paradigms, from a grammar of the shelf or from files."""

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

GRAMMAR = "grammar:"
"""What a location begins with that names a grammar of the shelf instead of a file."""


@recipe(version=1)
class GrammarSuite(ProbeRecipe):
    """Does a model give good sentences more probability than bad ones, paradigm by paradigm and language by language?

    location: "grammar:NAME" for the pairs that a grammar of the shelf writes (docs/grammars.md); else a file or folder
    (with the folders in it, one for each language) of pairs as JSON lines, tab-separated, marked True and False as
    CLAMS does, or in lines that take turns as in Zorro (see `seedbed.probes.pair_files`). paradigms: those to score, *
    and ? allowed; empty for all. pairs_per_paradigm: so many of each: of a grammar the first ones, of files those with
    the smallest hash, as files may be in any order; None for all that files hold. vocabulary: of a grammar: only
    sentences of these words are drawn, so that a model of few words can be asked; empty for all. unseen: of a grammar:
    "sentence", or "combination" of words and constructions, must be new to training. known_words: "tokenizer": pairs
    with a word that the tokenizer lacks are left out; "training": also those with a word that is not in the first
    `training_tokens` of the run's own mixture. first_line: of text files. add_stop: " ." goes after every sentence,
    where training had one and the pairs have none (CLAMS). score_end, optional, seed, tie_nats, at: as of MinimalPairs.
    """

    local = ("location",)

    name: str = Field(pattern=NAME)
    location: str = Field(min_length=1)
    paradigms: tuple[str, ...] = ()
    pairs_per_paradigm: int | None = Field(default=100, ge=1)
    vocabulary: tuple[str, ...] = ()
    unseen: Literal["sentence", "combination"] = "sentence"
    known_words: Literal["tokenizer", "training"] = "tokenizer"
    training_tokens: int = Field(default=1_000_000, ge=1)
    first_line: Literal["bad", "good"] = "bad"
    add_stop: bool = False
    score_end: bool = False
    optional: bool = False
    seed: int = Field(default=0, ge=0)
    tie_nats: float = Field(default=1e-4, ge=0)
    at: At = "all"

    def __post_init__(self) -> None:
        if self.grammar is not None and self.pairs_per_paradigm is None:
            raise ValueError(
                "the grammar makes as many pairs as it is asked for; say pairs_per_paradigm=100, for example"
            )
        if self.grammar is None and self.vocabulary:
            raise ValueError("vocabulary= is about what a grammar draws; of files use known_words='training'")

    @property
    def grammar(self) -> str | None:
        """The name of the grammar that writes the pairs; None if they are read from files."""
        return self.location.removeprefix(GRAMMAR) if self.location.startswith(GRAMMAR) else None

    @property
    def needs_study(self) -> bool:
        """Whether it asks which words training had."""
        return self.known_words == "training"

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The mean over paradigms."""
        mean = f"{self.name}/mean"
        soft = f"{mean}/margin_nats" if self.at == "all" else None
        return (Headline(f"{mean}/accuracy_sum", "better", "share of pairs", soft),)

    def _content(self, value: Any, workbench: Workbench) -> Any:
        """Files of every format by their digest, and a grammar by its own."""
        from seedbed.data.grammar.file import load_grammar
        from seedbed.probes.pair_files import suite_digests

        if self.grammar is not None:
            return [value, load_grammar(self.grammar, workbench).digest]
        return suite_digests(value, workbench, missing_is_fine=self.optional)

    def smoke(self) -> Self:
        """The same probe on a handful of pairs."""
        return replace(self, pairs_per_paradigm=min(self.pairs_per_paradigm or SMOKE_ITEMS, SMOKE_ITEMS))

    def prepare(self, material: Material) -> PreparedProbe:
        """Draw or read the pairs and encode them. Errors: SeedbedError, for bad files or if none can be scored."""
        from seedbed.probes.suites import prepare

        return prepare(self, material)
