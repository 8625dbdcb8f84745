"""From a study to its artifacts: what is built from what.

Components come first, tokenizers are trained on them, every pair of a component and a tokenizer is tokenized once, and
a run takes the token stores of its mixture. A run measures bits per byte on the held-out documents of *every* component
of the study, so that all arms are judged on the same text; those components are among its parents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seedbed.data.recipes import Component
from seedbed.pipelines.identity import Json, describe
from seedbed.pipelines.store import Artifact
from seedbed.pipelines.study import Arm, Study
from seedbed.tokenizers.recipes import Tokenizer
from seedbed.workbench import Workbench

# Raised when the same recipes would give other bytes because of the code that joins them.
TOKENIZER_JOIN_VERSION = 1
TOKENS_JOIN_VERSION = 2  # 2: spans of answers beside the tokens
RUN_JOIN_VERSION = 1


@dataclass(frozen=True)
class RunPlan:
    """One run of a study: its arm, seeds and artifact."""

    arm: Arm
    seed: int
    init_seed: int
    order_seed: int
    artifact: Artifact

    @property
    def name(self) -> str:
        """Readable and unique in the study."""
        return f"{self.arm.name}.seed-{self.seed}"


@dataclass(frozen=True)
class StudyGraph:
    """Every artifact of a study, by what it is made of."""

    study: Study
    components: dict[str, Artifact]
    """By component name."""
    tokenizers: dict[str, Artifact]
    """By tokenizer name."""
    tokens: dict[tuple[str, str], Artifact]
    """By component and tokenizer name."""
    runs: list[RunPlan]

    def artifacts(self) -> Iterator[Artifact]:
        """All of them, parents before children, each once."""
        seen: set[str] = set()
        groups = (
            self.components.values(),
            self.tokenizers.values(),
            self.tokens.values(),
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

    def tokenizer(self, name: str) -> Tokenizer:
        """The recipe of a tokenizer."""
        return next(t for t in self.study.tokenizers if t.name == name)


def study_graph(study: Study, workbench: Workbench) -> StudyGraph:
    """Name every artifact of a study. Reads sources only to digest them; builds nothing.

    Errors: SourceError for a source that is missing, RecipeError for a value that cannot be hashed.
    """
    components = {c.name: _component(c, workbench) for c in study.components}
    tokenizers = {t.name: _tokenizer(t, study, components, workbench) for t in study.tokenizers}
    tokens = {(c, t): _tokens(c, t, components, tokenizers) for t in tokenizers for c in components}
    heldout: Json = [artifact.description for artifact in components.values()]
    probes = describe(study.probes, workbench)
    runs = []
    for arm in study.arms():
        names = [c.name for c in arm.mixture.shares]
        parents = {
            **{f"tokens.{name}": tokens[name, arm.tokenizer.name] for name in names},
            **{f"component.{name}": artifact for name, artifact in components.items()},
            "tokenizer": tokenizers[arm.tokenizer.name],
        }
        recipe: dict[str, Json] = {
            "version": RUN_JOIN_VERSION,
            "mixture": {
                "total_bytes": arm.mixture.total_bytes,
                "repeat_up_to": arm.mixture.repeat_up_to,
                "shares": {c.name: share for c, share in arm.mixture.shares.items()},
                "components": {name: components[name].description for name in names},
            },
            "tokenizer": tokenizers[arm.tokenizer.name].description,
            "order": describe(arm.order, workbench),
            "training": describe(arm.model, workbench),
            "probes": probes,
            "probe_points": list(study.probe_points),
            "heldout": heldout,
        }
        for seed, init_seed, order_seed in study.seeds.pairs():
            seeds: dict[str, Json] = {"init_seed": init_seed, "order_seed": order_seed}
            # A miniature must never be taken for the run itself when somebody asks for it by name.
            name = f"{'smoke.' if study.is_smoke else ''}{arm.name}.seed-{seed}"
            artifact = Artifact.of("run", name, recipe | seeds, parents)
            runs.append(RunPlan(arm, seed, init_seed, order_seed, artifact))
    return StudyGraph(study, components, tokenizers, tokens, runs)


def _component(component: Component, workbench: Workbench) -> Artifact:
    return Artifact.of("component", component.name, {"component": describe(component, workbench)})


def _tokenizer(tokenizer: Tokenizer, study: Study, components: dict[str, Artifact], workbench: Workbench) -> Artifact:
    recipe = describe(tokenizer, workbench)
    if tokenizer.kind == "byte":  # learns nothing, so no text is part of what it is
        return Artifact.of("tokenizer", tokenizer.name, {"version": TOKENIZER_JOIN_VERSION, "tokenizer": recipe})
    trained_on: dict[str, Json] = {name: artifact.description for name, artifact in components.items()}
    description: dict[str, Json] = {
        "version": TOKENIZER_JOIN_VERSION,
        "tokenizer": recipe,
        "trained_on": trained_on,
        "bytes_of_each": study.tokenizer_bytes,
    }
    parents = {f"component.{name}": artifact for name, artifact in components.items()}
    return Artifact.of("tokenizer", tokenizer.name, description, parents)


def _tokens(
    component: str, tokenizer: str, components: dict[str, Artifact], tokenizers: dict[str, Artifact]
) -> Artifact:
    parents = {"component": components[component], "tokenizer": tokenizers[tokenizer]}
    description: dict[str, Json] = {
        "version": TOKENS_JOIN_VERSION,
        "component": parents["component"].description,
        "tokenizer": parents["tokenizer"].description,
    }
    return Artifact.of("tokens", f"{component}.{tokenizer}", description, parents)
