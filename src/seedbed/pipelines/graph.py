"""From a study to its artifacts: what is built from what.

Components come first, tokenizers are trained on them, every pair of a component and a tokenizer is tokenized once, and
a run takes the token stores of its mixture. A run measures bits per byte on the held-out documents of *every* component
of the study, so that all arms are judged on the same text; those components are among its parents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seedbed.data.difficulty.recipes import Difficulty
from seedbed.data.order_wrappers import Within
from seedbed.data.orders import Order
from seedbed.data.recipes import Component
from seedbed.pipelines.identity import Json, describe
from seedbed.pipelines.store import Artifact
from seedbed.pipelines.study import Arm, Study, TokenizerLevel
from seedbed.workbench import Workbench

# Raised when the same recipes would give other bytes because of the code that joins them.
TOKENIZER_JOIN_VERSION = 1
TOKENS_JOIN_VERSION = 2  # 2: spans of answers beside the tokens
DIFFICULTY_JOIN_VERSION = 1
SIBLING_JOIN_VERSION = 1
RUN_JOIN_VERSION = 2  # 2: losses by label; every order reads the same part of a last epoch


@dataclass(frozen=True)
class RunPlan:
    """One run of a study: its arm, seeds and artifact."""

    arm: Arm
    seed: int
    init_seed: int
    order_seed: int
    artifact: Artifact
    name: str
    """Readable and unique in the study: the arm's name and the seed's."""


@dataclass(frozen=True)
class StudyGraph:
    """Every artifact of a study, by what it is made of."""

    study: Study
    components: dict[str, Artifact]
    """By component name."""
    tokenizers: dict[str, Artifact]
    """By tokenizer level (its name, and what it learns from where the study crosses that)."""
    tokens: dict[tuple[str, str], Artifact]
    """By component and tokenizer level."""
    arranged: dict[tuple[str, str, str], Artifact]
    """By component, tokenizer and `arrangement`: token stores of documents whose parts are in another order."""
    difficulties: dict[tuple[str, str], Artifact]
    """By component and measure: columns of their own, so that a new measure rebuilds nothing."""
    runs: list[RunPlan]

    def artifacts(self) -> Iterator[Artifact]:
        """All of them, parents before children, each once."""
        seen: set[str] = set()
        groups = (
            self.components.values(),
            self.tokenizers.values(),
            self.tokens.values(),
            self.arranged.values(),
            self.difficulties.values(),
            (run.artifact for run in self.runs),
        )
        for group in groups:
            for artifact in group:
                if artifact.fingerprint not in seen:
                    seen.add(artifact.fingerprint)
                    yield artifact

    def component(self, name: str) -> Component:
        """The recipe of a component."""
        return next(c for c in self.study.components if c.name == name)

    def tokenizer(self, name: str) -> TokenizerLevel:
        """The recipe of a tokenizer, and what it learns from."""
        return self.study.tokenizer_levels[name]

    def difficulty(self, artifact: Artifact) -> Difficulty:
        """The measure of a difficulty column."""
        found = next(key for key, other in self.difficulties.items() if other.fingerprint == artifact.fingerprint)
        return next(measure for measure in self.study.measured if measure.name == found[1])


def arrangement(order: Order) -> str:
    """What an order does within documents, as token stores are called by it; "" if it leaves them as they are."""
    shuffles = isinstance(order, Within) and order.parts == "shuffled"
    return f"{order.units}-shuffled-{order.seed}" if shuffles and isinstance(order, Within) else ""


def study_graph(study: Study, workbench: Workbench) -> StudyGraph:
    """Name every artifact of a study. Reads sources only to digest them; builds nothing.

    Errors: SourceError for a source that is missing, RecipeError for a value that cannot be hashed.
    """
    components = {c.name: _component(c, workbench) for c in study.components}
    tokenizers = {
        name: _tokenizer(level, study, components, workbench) for name, level in study.tokenizer_levels.items()
    }
    tokens = {(c, t): _tokens(c, t, components, tokenizers) for t in tokenizers for c in components}
    arranged = {
        (c, t, arrangement(order)): _tokens(c, t, components, tokenizers, order)
        for order in study.orders
        for t in tokenizers
        for c in components
        if arrangement(order)
    }
    measures = {measure.name: _measure(measure, workbench) for measure in study.measured}
    difficulties = {
        (c, name): _difficulty(c, name, described, components)
        for name, described in measures.items()
        for c in components
    }
    heldout: Json = [artifact.description for artifact in components.values()]
    probes = describe(study.probes, workbench)
    runs = []
    for arm in study.arms():
        names = [c.name for c in arm.mixture.shares]
        parents = {
            **{
                f"{role}.{name}": arranged[name, level, arrangement(arm.order)]
                if arrangement(arm.order)
                else tokens[name, level]
                for role, level in _token_roles(arm)
                for name in names
            },
            **{f"difficulty.{c}.{measure}": artifact for (c, measure), artifact in difficulties.items()},
            **{f"component.{name}": artifact for name, artifact in components.items()},
            "tokenizer": tokenizers[arm.tokenizer_level],
        }
        recipe: dict[str, Json] = {
            "version": RUN_JOIN_VERSION,
            "mixture": {
                "total_bytes": arm.mixture.total_bytes,
                "repeat_up_to": arm.mixture.repeat_up_to,
                "shares": {c.name: share for c, share in arm.mixture.shares.items()},
                "components": {name: components[name].description for name in names},
            },
            "tokenizer": tokenizers[arm.tokenizer_level].description,
            "order": describe(arm.order, workbench),
            "training": describe(arm.model, workbench),
            "probes": probes,
            "probe_points": list(study.probe_points),
            "heldout": heldout,
        }
        if measures:
            recipe["difficulty"] = measures
        if arm.computed is not None:
            recipe["matched"] = {
                "version": SIBLING_JOIN_VERSION,
                "in": arm.computed,
                "with": tokenizers[arm.reference].description,
            }
        for seed, init_seed, order_seed in study.seeds.pairs():
            seeds: dict[str, Json] = {"init_seed": init_seed, "order_seed": order_seed}
            name = f"{arm.name}.{study.seeds.run_name(seed, init_seed, order_seed)}"
            # A miniature must never be taken for the run itself when somebody asks for it by name.
            artifact = Artifact.of("run", f"{'smoke.' if study.is_smoke else ''}{name}", recipe | seeds, parents)
            runs.append(RunPlan(arm, seed, init_seed, order_seed, artifact, name))
    return StudyGraph(study, components, tokenizers, tokens, arranged, difficulties, runs)


def _token_roles(arm: Arm) -> list[tuple[str, str]]:
    """(role, tokenizer level) of the token stores that a run reads: a sibling's steps follow from those of both."""
    own = [("tokens", arm.tokenizer_level)]
    return own if arm.computed is None else [*own, ("reference", arm.reference)]


def _measure(measure: Difficulty, workbench: Workbench) -> dict[str, Json]:
    """A measure, with the fingerprint of the run it is the loss of. Errors: UnknownNameError, StoreError."""
    described: dict[str, Json] = {"measure": describe(measure, workbench)}
    if measure.run is not None:
        from seedbed.pipelines.checkpoints import find_run

        described["run"] = find_run(measure.run, workbench).name.rpartition("-")[2]
    return described


def _difficulty(component: str, measure: str, described: dict[str, Json], components: dict[str, Artifact]) -> Artifact:
    parents = {"component": components[component]}
    description = {"version": DIFFICULTY_JOIN_VERSION, "component": parents["component"].description, **described}
    return Artifact.of("difficulty", f"{component}.{measure}", description, parents)


def _component(component: Component, workbench: Workbench) -> Artifact:
    return Artifact.of("component", component.name, {"component": describe(component, workbench)})


def _tokenizer(level: TokenizerLevel, study: Study, components: dict[str, Artifact], workbench: Workbench) -> Artifact:
    recipe = describe(level.tokenizer, workbench)
    if not level.tokenizer.learns:  # no text is part of what it is
        return Artifact.of("tokenizer", level.name, {"version": TOKENIZER_JOIN_VERSION, "tokenizer": recipe})
    shares = study.text_shares(level.text)
    trained_on: dict[str, Json] = {name: components[name].description for name in shares or components}
    description: dict[str, Json] = {
        "version": TOKENIZER_JOIN_VERSION,
        "tokenizer": recipe,
        "trained_on": trained_on,
    }
    if shares is None:
        description["bytes_of_each"] = study.tokenizer_bytes
    else:
        description["shares"] = dict(shares)
        description["bytes_in_all"] = study.crossed_tokenizer_bytes
    parents = {f"component.{name}": components[name] for name in trained_on}
    return Artifact.of("tokenizer", level.name, description, parents)


def _tokens(
    component: str,
    tokenizer: str,
    components: dict[str, Artifact],
    tokenizers: dict[str, Artifact],
    order: Order | None = None,
) -> Artifact:
    parents = {"component": components[component], "tokenizer": tokenizers[tokenizer]}
    description: dict[str, Json] = {
        "version": TOKENS_JOIN_VERSION,
        "component": parents["component"].description,
        "tokenizer": parents["tokenizer"].description,
    }
    name = f"{component}.{tokenizer}"
    if isinstance(order, Within):
        description["parts"] = {"units": order.units, "shuffled_by": order.seed}
        name = f"{name}.{arrangement(order)}"
    return Artifact.of("tokens", name, description, parents)
