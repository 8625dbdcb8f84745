"""Probe recipes: what is measured on a model, on which items, and when.

A recipe prepares itself once for a tokenizer and a context length (`prepare`); what comes back measures any model of
that tokenizer. Nothing heavy is imported before that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from pydantic import Field, field_validator

from seedbed.data.formal.base import FormalSource
from seedbed.errors import RecipeError, UnknownNameError
from seedbed.probes.recipe_base import NAME, At, Headline, ProbeRecipe, ReadsHeldOut
from seedbed.recipes import read_toml, recipe
from seedbed.workbench import Workbench

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe

QuestionSet: TypeAlias = Literal["in-distribution", "object-rc", "ood-easy", "ood-hard", "ood-three"]
ASKED_SETS: tuple[QuestionSet, ...] = ("ood-hard", "ood-three", "in-distribution")
"""The sets a person looks at first: McCoy et al.'s test, the set on which hierarchy and move-last part, and whether
questions are formed at all. Sets of files come after them."""
QUESTION_SETS: tuple[QuestionSet, ...] = ("in-distribution", "object-rc", "ood-easy", "ood-hard", "ood-three")
GRAMMAR_AGREEMENT = "grammar:agreement"
"""The location that stands for the agreement pairs of our grammar."""

SMOKE_ITEMS = 12
SMOKE_BYTES = 2_000


@recipe(version=1)
class QuestionFormation(ProbeRecipe):
    """Which auxiliary does a model put first when it turns a declarative into a question?

    sets: item sets of the grammar, all from its held-out split (see `seedbed.data.grammar.items`). items_per_set: items
    of each set, and of each file, balanced over the kinds of relative clause on the subject. files: further sets by
    name: tab-separated files as McCoy et al. published them; a balanced sample is drawn by a hash of the sentence, as
    those files are not in random order. optional: a file that is not there is left out, with the reason in the table's
    metadata, instead of being an error. seed: of the drawing of items. tie_nats: log-probabilities closer than this
    count as equal. at: measure at "all" steps or at the "last" alone.
    """

    local = ("files",)

    name: str = Field(default="question-formation", pattern=NAME)
    sets: tuple[QuestionSet, ...] = QUESTION_SETS
    items_per_set: int = Field(default=200, ge=1)
    files: tuple[tuple[str, str], ...] = ()
    optional: bool = False
    seed: int = Field(default=0, ge=0)
    tie_nats: float = Field(default=1e-4, ge=0)
    at: At = "all"

    @field_validator("files", mode="before")
    @classmethod
    def _pairs(cls, files: Any) -> Any:
        return tuple(sorted(files.items())) if isinstance(files, Mapping) else files

    @field_validator("files")
    @classmethod
    def _new_names(cls, files: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        names = [name for name, _ in files]
        for name in names:
            if name in QUESTION_SETS or names.count(name) > 1 or not name or "/" in name or "." in name:
                raise ValueError(f"the set name {name!r} is taken, or has a '/' or '.' in it; choose another")
        return files

    def __post_init__(self) -> None:
        if not self.sets and not self.files:
            raise ValueError("there is no set to score; name one of sets, or a file")
        if len(set(self.sets)) < len(self.sets):
            raise ValueError("a set is named twice in sets; name it once")

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The sets that are asked about, then whether questions are formed at all."""
        scored = (*self.sets, *(name for name, _ in self.files))
        return tuple(
            Headline(
                f"{self.name}/{items}/hierarchical",
                "better",
                "share of items",
                f"{self.name}/{items}/margin" if self.at == "all" else None,
                asked=items != "in-distribution",
            )
            for items in (*ASKED_SETS, *(name for name, _ in self.files))
            if items in scored
        )

    def smoke(self) -> Self:
        """The same probe on a handful of items."""
        return replace(self, items_per_set=min(self.items_per_set, SMOKE_ITEMS))

    def prepare(self, material: Material) -> PreparedProbe:
        """Draw and encode the items once. Errors: SeedbedError, for a missing file or an item longer than `context`."""
        from seedbed.probes.question_formation import prepare

        return prepare(self, material.encoder, context=material.context, workbench=material.workbench)


@recipe(version=1)
class MinimalPairs(ProbeRecipe):
    """Does a model give the good sentence of a pair more probability than the bad one?

    name: the suite's, as metrics show it. location: a file or a folder of files in BLiMP's format (JSON lines with
    `sentence_good`, `sentence_bad`, `UID`; plain or gzip), or "grammar:agreement" for the agreement pairs of our
    grammar. paradigms: those to score, empty for all. pairs_per_paradigm: the first so many of each (a prefix: BLiMP's
    files are in random order, others may not be), None for all. score_end: whether the end of the document is scored
    after each sentence. optional: a location that is not there gives no scores, with the reason in the table's
    metadata, instead of being an error. seed: of the drawing of grammar pairs. tie_nats: scores closer than this count
    as equal. at: measure at "all" steps or at the "last" alone.
    """

    local = ("location",)

    name: str = Field(pattern=NAME)
    location: str = Field(min_length=1)
    paradigms: tuple[str, ...] = ()
    pairs_per_paradigm: int | None = Field(default=None, ge=1)
    score_end: bool = False
    optional: bool = False
    seed: int = Field(default=0, ge=0)
    tie_nats: float = Field(default=1e-4, ge=0)
    at: At = "all"

    def __post_init__(self) -> None:
        if self.location == GRAMMAR_AGREEMENT and self.pairs_per_paradigm is None:
            raise ValueError(
                "the grammar makes as many pairs as it is asked for; say pairs_per_paradigm=100, for example"
            )

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The mean over paradigms."""
        mean = f"minimal-pairs/{self.name}/mean"
        soft = f"{mean}/margin_nats" if self.at == "all" else None
        return (Headline(f"{mean}/accuracy_sum", "better", "share of pairs", soft),)

    def is_location(self, value: str) -> bool:
        """Whether the pairs are read from files."""
        return value != GRAMMAR_AGREEMENT

    def smoke(self) -> Self:
        """The same probe on a handful of pairs."""
        return replace(self, pairs_per_paradigm=min(self.pairs_per_paradigm or SMOKE_ITEMS, SMOKE_ITEMS))

    def prepare(self, material: Material) -> PreparedProbe:
        """Read and encode the pairs once. Errors: SeedbedError, for bad files or a sentence longer than `context`."""
        from seedbed.probes.minimal_pairs import prepare

        return prepare(self, material.encoder, context=material.context, workbench=material.workbench)


@recipe(version=1)
class BitsPerByte(ReadsHeldOut):
    """How many bits does a model need for a byte of held-out text, in total and for each component?

    bytes_per_source: held-out documents are taken whole, in catalogue order, as long as they fit into so many bytes; if
    the first alone is longer it is cut at the last white space before. So every tokenizer is scored on the same bytes.
    reread_share: a document longer than the context is read in pieces; this share of the context is read again (and
    not scored again) before each further piece. at: measure at "all" steps or at the "last" alone.
    """

    name: str = Field(default="bits-per-byte", pattern=NAME)
    bytes_per_source: int = Field(default=20_000, ge=1)
    reread_share: float = Field(default=0.0, ge=0, lt=1)
    at: At = "all"

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The total; it is soft already, and what onset it has is not one of an ability."""
        return (Headline(f"{self.name}/total", "worse", "bits per byte"),)

    def smoke(self) -> Self:
        """The same probe on a few documents."""
        return replace(self, bytes_per_source=min(self.bytes_per_source, SMOKE_BYTES))

    def prepare(self, material: Material) -> PreparedProbe:
        """Encode the held-out documents (texts by component) once. Errors: SourceError where a component has none."""
        from seedbed.probes.bits_per_byte import prepare

        return prepare(self, material.encoder, context=material.context, heldout=material.heldout)


def formal_sources() -> dict[str, type[FormalSource]]:
    """Every kind of formal source by its name. They are imported when they are asked for: most studies need none."""
    from seedbed.data.formal import recipes, word_recipes

    return {
        name: kind
        for module in (recipes, word_recipes)
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, FormalSource) and kind is not FormalSource
    }


@recipe(version=1)
class ExactAnswers(ProbeRecipe):
    """Does a model answer questions such as "12 + 39 = " exactly, and how sure is it?

    source: a formal source in a split that training never sees ("held-out"; of Spelling also "never-drilled"), with the
    seed, the shares and the sizes that the training source has. On the shelf it is a table whose `kind` names it.
    component: instead of a source, the held-out documents of one of the study's components; whatever stands behind
    `answer_after` is the answer. (Documents that say the same as one that is trained on are kept out only if the
    component is distinct.) items: the first so many different documents. at: measure at "all" steps or at the "last".
    """

    name: str = Field(pattern=NAME)
    source: FormalSource | None = None
    component: str = ""
    answer_after: str = Field(default=" = ", min_length=1)
    items: int = Field(default=300, ge=1)
    at: At = "all"

    @field_validator("source", mode="before")
    @classmethod
    def _from_the_shelf(cls, source: Any) -> Any:
        if not isinstance(source, Mapping):
            return source
        stated = dict(source)
        kind = stated.pop("kind", None)
        kinds = formal_sources()
        if kind not in kinds:
            raise UnknownNameError("kind of formal source", str(kind), kinds)
        return kinds[kind](**stated)

    def __post_init__(self) -> None:
        if (self.source is None) == (not self.component):
            raise ValueError("items come from a source or from a component; give exactly one of source= and component=")
        if self.source is not None and getattr(self.source, "split", "train") == "train":
            raise ValueError(
                f"the source is {type(self.source).__name__} as it is trained on; give it split='held-out', with the "
                "seed, shares and sizes of the training source (or name a component)"
            )

    @property
    def needs_study(self) -> bool:
        """Whether the items are held-out documents of a study's component."""
        return self.source is None

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The share of all items that are answered exactly."""
        soft = f"{self.name}/all/margin" if self.at == "all" else None
        return (Headline(f"{self.name}/all/exact", "better", "share of items", soft),)

    def smoke(self) -> Self:
        """The same probe on a handful of items."""
        return replace(self, items=min(self.items, SMOKE_ITEMS))

    def prepare(self, material: Material) -> PreparedProbe:
        """Draw and encode the items once. Errors: SeedbedError without items, or for one longer than `context`."""
        from seedbed.probes.exact_answer import prepare

        return prepare(
            self,
            material.encoder,
            context=material.context,
            workbench=material.workbench,
            heldout=material.heldout,
        )


KINDS: dict[str, str] = {
    "question formation": "seedbed.probes.recipes:QuestionFormation",
    "minimal pairs": "seedbed.probes.recipes:MinimalPairs",
    "bits per byte": "seedbed.probes.recipes:BitsPerByte",
    "exact answers": "seedbed.probes.recipes:ExactAnswers",
    "weight statistics": "seedbed.probes.inside_recipes:WeightStatistics",
    "sharpness": "seedbed.probes.inside_recipes:Sharpness",
    "selectivity": "seedbed.probes.inside_recipes:Selectivity",
    "dimension": "seedbed.probes.inside_recipes:Dimension",
    "npi": "seedbed.probes.npi_recipe:PolarityItems",
    "grammar suite": "seedbed.probes.suites_recipe:GrammarSuite",
    "tense reinflection": "seedbed.probes.tense_recipe:TenseReinflection",
    "center embedding": "seedbed.probes.center_recipe:CenterEmbedding",
    "dyck": "seedbed.probes.dyck_recipe:Brackets",
    "loss by slice": "seedbed.probes.slices_recipe:LossBySlice",
    "attention syntax": "seedbed.probes.attention_syntax_recipe:AttentionSyntax",
    "induction": "seedbed.probes.induction_recipe:Induction",
    "n-gram strategy": "seedbed.probes.strategy_recipe:NgramStrategy",
    "languages": "seedbed.probes.languages_recipe:Languages",
    "dash rate": "seedbed.probes.dash_rate_recipe:DashRate",
    "dash sites": "seedbed.probes.dash_sites_recipe:DashSites",
    "letter questions": "seedbed.probes.letters_recipe:LetterQuestions",
    "byte patterns": "seedbed.probes.byte_patterns_recipe:BytePatterns",
}
"""Every kind of probe and where its recipe lies, which is imported when it is asked for."""


def recipe_of_kind(kind: str) -> type[ProbeRecipe]:
    """The recipe of a kind. Errors: UnknownNameError with the nearest kinds."""
    if kind not in KINDS:
        raise UnknownNameError("kind of probe", kind, KINDS)
    module, _, name = KINDS[kind].partition(":")
    found: type[ProbeRecipe] = getattr(import_module(module), name)
    return found


def probe(name: str, /, **changes: Any) -> ProbeRecipe:
    """The recipe of a name on the probes shelf, with some of its fields changed.

    Metrics carry the shelf name; give `name=` to use a shelf file twice in one study.
    Errors: UnknownNameError with the nearest names; RecipeError for a field or value that the recipe does not take.
    """
    path = Workbench().shelf_file("probes", name)
    found = read_toml(path)
    kind = found.pop("kind", None)
    if kind not in KINDS:
        raise RecipeError(f"probes/{path.name}: kind = {kind!r}; it is one of: {', '.join(KINDS)}")
    return recipe_of_kind(kind)(**({"name": name} | found | changes))
