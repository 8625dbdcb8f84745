"""From a study to its artifacts: what is built from what.

Components come first, tokenizers are trained on them, every pair of a component and a tokenizer is tokenized once, and
a run takes the token stores of its mixture. A run measures bits per byte on the held-out documents of *every* component
of the study, so that all arms are judged on the same text; those components are among its parents.

Where two trainings of one recipe may differ, what is made with a tokenizer is named after the file that was trained:
its digest is part of what they are, so one that is trained anew never stands beside token stores and runs of another.
Until it is trained, their names are not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from seedbed.data.difficulty.recipes import Difficulty
from seedbed.data.order_wrappers import Within
from seedbed.data.orders import Order
from seedbed.data.recipes import Component, Mixture
from seedbed.pipelines.identity import Json, describe
from seedbed.pipelines.store import Artifact, Store
from seedbed.pipelines.study import Arm, Study, TokenizerLevel
from seedbed.tokenizers.recipes import Tokenizer, full_size
from seedbed.workbench import Workbench

# Raised when the same recipes would give other bytes because of the code that joins them.
TOKENIZER_JOIN_VERSION = 1
TOKENS_JOIN_VERSION = 2  # 2: spans of answers beside the tokens
DIFFICULTY_JOIN_VERSION = 1
SIBLING_JOIN_VERSION = 1
TRAINER_VERSIONS = {"unigram": 2, "wordpiece": 2}  # 2: ties go by name, not by the order in which words are met
RUN_JOIN_VERSION = 2  # 2: losses by label; every order reads the same part of a last epoch
LARGER = "larger"
"""Role of the tokenizer that another is cut from."""
CONTENT = "content_sha256"


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
    larger: dict[str, TokenizerLevel] = field(default_factory=dict)
    """By fingerprint: tokenizers that those of the study are cut from."""
    untrained: tuple[Artifact, ...] = ()
    """Tokenizers after whose content others are named, and which are not there yet."""

    def artifacts(self) -> Iterator[Artifact]:
        """All of them, parents before children, each once."""
        seen: set[str] = set()
        groups = (
            self.components.values(),
            (each.parents[LARGER] for each in self.tokenizers.values() if LARGER in each.parents),
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

    def tokenizer(self, artifact: Artifact) -> TokenizerLevel:
        """The recipe of a tokenizer, and what it learns from."""
        return self.larger.get(artifact.fingerprint) or self.study.tokenizer_levels[artifact.name]

    def difficulty(self, artifact: Artifact) -> Difficulty:
        """The measure of a difficulty column."""
        found = next(key for key, other in self.difficulties.items() if other.fingerprint == artifact.fingerprint)
        return next(measure for measure in self.study.measured if measure.name == found[1])


def arrangement(order: Order) -> str:
    """What an order does within documents, as token stores are called by it; "" if it leaves them as they are."""
    shuffles = isinstance(order, Within) and order.parts == "shuffled"
    return f"{order.units}-shuffled-{order.seed}" if shuffles and isinstance(order, Within) else ""


def study_graph(study: Study, workbench: Workbench) -> StudyGraph:
    """Name every artifact of a study. Reads sources only to digest them, and what the store says; builds nothing.

    Errors: SourceError for a source that is missing, RecipeError for a value that cannot be hashed.
    """
    components = {c.name: _component(c, workbench) for c in study.components}
    tokenizers = {
        name: _tokenizer(level, study, components, workbench) for name, level in study.tokenizer_levels.items()
    }
    store = Store.of(workbench)
    unsure = {
        name: tokenizers[name] for name, level in study.tokenizer_levels.items() if not level.tokenizer.deterministic
    }
    named = tokenizers | {name: _by_content(artifact, store) for name, artifact in unsure.items()}
    tokens = {(c, t): _tokens(c, t, components, named) for t in tokenizers for c in components}
    arranged = {
        (c, t, arrangement(order)): _tokens(c, t, components, named, order)
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
        parents = {
            **{
                f"{role}.{name}": arranged[name, level, arrangement(arm.order)]
                if arrangement(arm.order)
                else tokens[name, level]
                for role, level, held in _token_roles(arm)
                for name in held
            },
            **{f"difficulty.{c}.{measure}": artifact for (c, measure), artifact in difficulties.items()},
            **{f"component.{name}": artifact for name, artifact in components.items()},
            "tokenizer": tokenizers[arm.tokenizer_level],
        }
        recipe: dict[str, Json] = {
            "version": RUN_JOIN_VERSION,
            "mixture": _mixture(arm.mixture, components),
            "tokenizer": named[arm.tokenizer_level].description,
            "order": describe(arm.order, workbench),
            "training": describe(arm.model, workbench),
            "probes": probes,
            "probe_points": list(study.probe_points),
            "heldout": heldout,
        }
        if study.probe_budget is not None:
            recipe["probe_budget"] = study.probe_budget
        if measures:
            recipe["difficulty"] = measures
        if arm.computed is not None and arm.reference is not None:
            recipe["matched"] = {
                "version": SIBLING_JOIN_VERSION,
                "in": arm.computed,
                "with": {
                    "tokenizer": named[arm.reference.tokenizer].description,
                    "mixture": _mixture(arm.reference.mixture, components),
                    "steps_times": arm.reference.mixture.steps_times,
                },
            }
        for seed, init_seed, order_seed in study.seeds.pairs():
            seeds: dict[str, Json] = {"init_seed": init_seed, "order_seed": order_seed}
            name = f"{arm.name}.{study.seeds.run_name(seed, init_seed, order_seed)}"
            # A miniature must never be taken for the run itself when somebody asks for it by name.
            artifact = Artifact.of("run", f"{'smoke.' if study.is_smoke else ''}{name}", recipe | seeds, parents)
            runs.append(RunPlan(arm, seed, init_seed, order_seed, artifact, name))
    return StudyGraph(
        study,
        components,
        tokenizers,
        tokens,
        arranged,
        difficulties,
        runs,
        larger={
            tokenizers[name].parents[LARGER].fingerprint: _whole(level, study)
            for name, level in study.tokenizer_levels.items()
            if LARGER in tokenizers[name].parents
        },
        untrained=tuple(artifact for artifact in unsure.values() if not store.has(artifact)),
    )


def _token_roles(arm: Arm) -> list[tuple[str, str, list[str]]]:
    """(role, tokenizer level, components) of token stores that a run reads: a sibling's steps follow from two sets."""
    found = [("tokens", arm.tokenizer_level, [component.name for component in arm.mixture.shares])]
    if arm.computed is not None and arm.reference is not None:
        names = [component.name for component in arm.reference.mixture.shares]
        found.append(("reference", arm.reference.tokenizer, names))
    return found


def _mixture(mixture: Mixture, components: dict[str, Artifact]) -> dict[str, Json]:
    return {
        "total_bytes": mixture.total_bytes,
        "repeat_up_to": mixture.repeat_up_to,
        "shares": {component.name: share for component, share in mixture.shares.items()},
        "components": {component.name: components[component.name].description for component in mixture.shares},
    }


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
    if level.tokenizer.kind in TRAINER_VERSIONS:
        description["trainer_version"] = TRAINER_VERSIONS[level.tokenizer.kind]
    parents = {f"component.{name}": components[name] for name in trained_on}
    if isinstance(level.tokenizer, Tokenizer) and level.tokenizer.cut_from is not None:
        parents[LARGER] = _tokenizer(_whole(level, study), study, components, workbench)
    return Artifact.of("tokenizer", level.name, description, parents)


def _whole(level: TokenizerLevel, study: Study) -> TokenizerLevel:
    """What a tokenizer is cut from: that of the study, by its name there, if the study has it."""
    assert isinstance(level.tokenizer, Tokenizer)
    whole = full_size(level.tokenizer)
    others = [other for other in study.tokenizer_levels.values() if other.text == level.text]
    here = [each for each in others if isinstance(each.tokenizer, Tokenizer) and full_size(each.tokenizer) == whole]
    return next(
        (each for each in here if each.tokenizer.vocab_size == whole.vocab_size), level._replace(tokenizer=whole)
    )


def _by_content(tokenizer: Artifact, store: Store) -> Artifact:
    """The tokenizer, with the digest of the file that was trained in its description: None until it is there."""
    content = str(store.manifest(tokenizer)["counts"]["sha256"]) if store.has(tokenizer) else None
    return replace(tokenizer, description={**tokenizer.description, CONTENT: content})


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
