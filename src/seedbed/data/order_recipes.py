"""What an order is: recipes, each with a name and the permutation it stands for.

`permutation` is a pure function of the documents, a seed and an epoch. Every order reads every document of an epoch
once, so arms that differ in order alone hold the same multiset of documents; a run certifies that (see
`seedbed.data.certificate`). Where a run ends within an epoch, the documents of that last part are drawn by the seed
alone, before any order arranges them: its multiset, too, is that of every other order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from seedbed.data.difficulty.recipes import Difficulty
from seedbed.data.recipes import SLUG, Component, nearest_choice
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.data.permutations import Documents, Floats, Ints

PACING_NAMES = (
    "linear",
    "root",
    "geometric",
    "quadratic",
    "plain_root",
    "exponential",
    "logarithmic",
    "step",
)
Pacing = Annotated[
    Literal["linear", "root", "geometric", "quadratic", "plain_root", "exponential", "logarithmic", "step"],
    BeforeValidator(nearest_choice(*PACING_NAMES)),
]
Unscored = Annotated[Literal["refuse", "easy", "hard"], BeforeValidator(nearest_choice("refuse", "easy", "hard"))]


@dataclass(frozen=True)
class Asked:
    """What an order is asked for: the documents of one epoch, in the seed's random order.

    seed, epoch: what may be drawn from. step: the update at which the epoch begins. An order that follows the training
    (loss in a band, say) would be told the step, and what was measured up to it, here.
    """

    documents: Documents
    seed: int
    epoch: int = 0
    step: int = 0


class Order:
    """What every order has. A new one is a recipe with a name and `arrange`."""

    @property
    def name(self) -> str:
        """What tables and folders call it; it holds whatever differs from the defaults."""
        raise NotImplementedError

    @property
    def difficulties(self) -> tuple[Difficulty, ...]:
        """The measures it needs."""
        return ()

    def arrange(self, asked: Asked) -> Ints:
        """Places of the documents asked about, in the order they are read: int64[n], a permutation."""
        raise NotImplementedError

    def requested_rank(self, progress: Floats) -> Floats | None:
        """The rank share of difficulty that it asks for at points of an epoch (0 to 1); NaN where it asks for none.

        None: it asks for none anywhere.
        """
        return None

    def permutation(
        self, documents: Documents, seed: int, epoch: int = 0, *, take: int | None = None, step: int = 0
    ) -> Ints:
        """The documents' numbers in the order they are read in an epoch: int64[take], each at most once.

        take: how many documents are read, by default all; which ones is decided by seed and epoch alone. step: the
        update at which the epoch begins; only an order that follows the training looks at it.
        """
        from seedbed.data.permutations import uniform

        drawn = uniform(len(documents), seed, epoch)[:take]
        return drawn[self.arrange(Asked(documents.at(drawn), seed, epoch, step))]


class _ByDifficulty(Order):
    """What orders by one measure have in common."""

    difficulty: Difficulty
    unscored: Unscored

    @property
    def difficulties(self) -> tuple[Difficulty, ...]:
        """Its measure."""
        return (self.difficulty,)

    def _ranked(self, documents: Documents, *, hard_first: bool = False) -> Ints:
        """Places by difficulty, ties by priority. Errors: SourceError for documents without a score."""
        from seedbed.data.permutations import by_difficulty, scored

        difficulty = scored(documents, self.difficulty.name, self.unscored)
        return by_difficulty(difficulty, documents.priority, hard_first=hard_first)

    def _ending(self) -> str:
        """The end of its name."""
        return self.difficulty.name + ("" if self.unscored == "refuse" else f"-unscored-{self.unscored}")


@recipe(version=1)
class Shuffled(Order):
    """Every document anywhere, by a uniform permutation, another one in every epoch."""

    @property
    def name(self) -> str:
        """`shuffled`."""
        return "shuffled"

    def arrange(self, asked: Asked) -> Ints:
        """As they come: in the seed's random order."""
        import numpy as np

        return np.arange(len(asked.documents), dtype=np.int64)

    def requested_rank(self, progress: Floats) -> Floats | None:
        """One half, always."""
        return progress * 0 + 0.5


@recipe(version=1)
class Sorted(_ByDifficulty):
    """From easy to hard, or from hard to easy. Ties go by hash priority.

    unscored: documents without a score are refused, or count as the easiest or the hardest.
    """

    difficulty: Difficulty
    hard_first: bool = False
    unscored: Unscored = "refuse"

    @property
    def name(self) -> str:
        """`easy-first-MEASURE` or `hard-first-MEASURE`."""
        return f"{'hard' if self.hard_first else 'easy'}-first-{self._ending()}"

    def arrange(self, asked: Asked) -> Ints:
        """Sorted by difficulty."""
        return self._ranked(asked.documents, hard_first=self.hard_first)

    def requested_rank(self, progress: Floats) -> Floats | None:
        """The progress itself, or what it lacks to 1."""
        return 1 - progress if self.hard_first else progress


@recipe(version=1)
class Bucketed(_ByDifficulty):
    """Buckets of equal numbers of documents from easy to hard, shuffled within each.

    labels: "difficulty" reads the buckets in their order, "random" in an order drawn from the seed: the control with
    the same blocks of like documents and no curriculum.
    """

    difficulty: Difficulty
    buckets: int = Field(default=10, ge=2)
    labels: Annotated[Literal["difficulty", "random"], BeforeValidator(nearest_choice("difficulty", "random"))] = (
        "difficulty"
    )
    hard_first: bool = False
    unscored: Unscored = "refuse"

    @property
    def name(self) -> str:
        """`buckets-MEASURE`, `hard-buckets-MEASURE` or `random-buckets-MEASURE`; `buckets-7-MEASURE` if not 10."""
        kind = "random-" if self.labels == "random" else "hard-" if self.hard_first else ""
        number = f"-{self.buckets}" if self.buckets != 10 else ""
        return f"{kind}buckets{number}-{self._ending()}"

    def arrange(self, asked: Asked) -> Ints:
        """Bucket after bucket."""
        import numpy as np

        from seedbed.data.permutations import draws, in_blocks

        ranked = self._ranked(asked.documents, hard_first=self.hard_first)
        turns = draws(asked.seed, asked.epoch).permutation if self.labels == "random" else np.arange
        return in_blocks(ranked, self.buckets, turns(self.buckets))

    def requested_rank(self, progress: Floats) -> Floats | None:
        """The middle of the bucket; nothing where buckets come at random."""
        import numpy as np

        if self.labels == "random":
            return None
        middle = (np.minimum(np.floor(progress * self.buckets), self.buckets - 1) + 0.5) / self.buckets
        return 1 - middle if self.hard_first else middle


@recipe(version=1)
class Interleaved(Order):
    """Components side by side: every beginning holds them in their proportions, as exactly as whole documents allow."""

    @property
    def name(self) -> str:
        """`interleaved`."""
        return "interleaved"

    def arrange(self, asked: Asked) -> Ints:
        """The j-th of m documents of a component at (j + 1/2) / m of the way, in the random order within it."""
        from seedbed.data.permutations import evenly

        return evenly(asked.documents.component)


@recipe(version=1)
class Cycled(_ByDifficulty):
    """From easy to hard several times: each cycle holds an equal share of the documents, drawn at random."""

    difficulty: Difficulty
    cycles: int = Field(default=5, ge=2)
    unscored: Unscored = "refuse"

    @property
    def name(self) -> str:
        """`cycles-5-MEASURE`."""
        return f"cycles-{self.cycles}-{self._ending()}"

    def arrange(self, asked: Asked) -> Ints:
        """Cycle after cycle, each sorted."""
        import numpy as np

        from seedbed.data.permutations import blocks

        place = np.empty(len(asked.documents), dtype=np.int64)
        place[self._ranked(asked.documents)] = np.arange(len(place))
        return np.lexsort((place, blocks(len(place), self.cycles))).astype(np.int64, copy=False)

    def requested_rank(self, progress: Floats) -> Floats | None:
        """The progress within a cycle."""
        return progress * self.cycles % 1


@recipe(version=1)
class Staged(Order):
    """Components one after the other, shuffled within each: `order.staged(code, text)`."""

    components: tuple[str, ...] = Field(min_length=2)

    @field_validator("components", mode="before")
    @classmethod
    def _names(cls, given: Iterable[Any]) -> tuple[str, ...]:
        names = tuple(each.name if isinstance(each, Component) else str(each) for each in given)
        for name in names:
            if not SLUG.fullmatch(name):
                raise ValueError(f"{name[:40]!r} is no component's name; give Component objects or their names")
            if names.count(name) > 1:
                raise ValueError(f"{name!r} stands there twice; a component has one stage")
        return names

    @property
    def name(self) -> str:
        """`staged-FIRST-SECOND`."""
        return "staged-" + "-".join(self.components)

    def arrange(self, asked: Asked) -> Ints:
        """Stage after stage. Errors: SourceError where stages and the mixture's components differ."""
        import numpy as np

        from seedbed.errors import SourceError

        documents = asked.documents
        odd = sorted(set(documents.component_names) ^ set(self.components))
        if odd:
            raise SourceError(
                f"{self.name} and the mixture differ in {', '.join(odd)}; name every component of the mixture once"
            )
        stage = np.array([self.components.index(name) for name in documents.component_names], dtype=np.int64)
        return np.argsort(stage[documents.component], kind="stable").astype(np.int64, copy=False)


@recipe(version=1)
class Paced(_ByDifficulty):
    """A growing set: each document is drawn uniformly from the easiest share that the pacing allows by then.

    pacing: see `seedbed.data.permutations.competence`. start: the share allowed at first. full_at: the point of an
    epoch from which all are. Documents are drawn *without* replacement, so every one is read once per epoch and the
    multiset is that of every other order; where the pacing allows fewer than were read, the next easiest is taken.
    (With replacement, as it was published, easy documents would be read several times and hard ones never: other data,
    not another order.) ranks: "random" grows the set in a random order of the documents instead, the control for what
    growing does by itself; drawn without replacement that is one more uniformly random order, and must show nothing.
    """

    difficulty: Difficulty
    _: KW_ONLY
    pacing: Pacing = "root"
    start: float = Field(kw_only=True, default=0.01, gt=0, lt=1)
    full_at: float = Field(kw_only=True, default=1.0, gt=0, le=1)
    ranks: Annotated[Literal["difficulty", "random"], BeforeValidator(nearest_choice("difficulty", "random"))] = (
        "difficulty"
    )
    unscored: Unscored = "refuse"

    @property
    def name(self) -> str:
        """`paced-root-MEASURE`, with start and full_at where they are not the defaults."""
        kind = "random-growing" if self.ranks == "random" else "paced"
        start = f"-from-{self.start:g}" if self.start != 0.01 else ""
        full = f"-full-at-{self.full_at:g}" if self.full_at != 1 else ""
        pacing = self.pacing.replace("_", "-")
        return f"{kind}-{pacing}{start}{full}-{self._ending()}"

    def arrange(self, asked: Asked) -> Ints:
        """Drawn one after the other."""
        import numpy as np

        from seedbed.data.permutations import competence, draws, grown

        n = len(asked.documents)
        generator = draws(asked.seed, asked.epoch)
        ranked = generator.permutation(n) if self.ranks == "random" else self._ranked(asked.documents)
        return grown(ranked, competence(self.pacing, np.arange(n) / max(n, 1), self.start, self.full_at), generator)

    def requested_rank(self, progress: Floats) -> Floats | None:
        """Half of what is allowed, the mean of a draw with replacement."""
        from seedbed.data.permutations import competence

        if self.ranks == "random":
            return progress * 0 + 0.5
        return competence(self.pacing, progress, self.start, self.full_at) / 2
