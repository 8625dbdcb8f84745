"""The plan: for every artifact whether it is reused or built, why, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from seedbed.data.recipes import Mixture
from seedbed.pipelines.graph import RunPlan, StudyGraph
from seedbed.pipelines.identity import differences
from seedbed.pipelines.sibling_steps import PerUpdate, matched_training, run_flops
from seedbed.pipelines.siblings import Measure
from seedbed.pipelines.store import Artifact, Kind, Store
from seedbed.pipelines.study import Arm
from seedbed.training.recipes import Training, parameter_counts

Action = Literal["reuse", "build", "rebuild"]

# Used until a store holds something measured; both are stated as estimates.
BYTES_PER_TOKEN = {"byte": 1.0, "bpe": 3.3, "word": 5.5}
VOCABULARY = 1_000
FLOPS_PER_SECOND_AND_CORE = 2.5e10
BUILD_BYTES_PER_SECOND = 4e6


@dataclass(frozen=True)
class Step:
    """What happens to one artifact."""

    kind: Kind
    name: str
    fingerprint: str
    action: Action
    because: list[tuple[str, str, str]] = field(default_factory=list)
    """(field, old, new) against the newest artifact of the same kind and name; empty unless rebuilt."""
    total_bytes: int = 0
    tokens: int = 0
    flops: float = 0.0
    seconds: float = 0.0
    """Core seconds; an estimate, measured where the store holds a like run."""
    estimated: bool = True


@dataclass(frozen=True)
class PlannedModel:
    """Trainable parameters of a model under one tokenizer, by part (see `parameter_counts`).

    estimated: the vocabulary is not known before the tokenizer is trained, and was taken for 1,000.
    """

    model: str
    tokenizer: str
    vocab_size: int
    parameters: dict[str, int]
    estimated: bool


@dataclass(frozen=True)
class PlannedArm:
    """What an arm is matched in, the steps and batch that it takes for it, and what it sees, all its steps together."""

    arm: str
    tokenizer: str
    matched: tuple[Measure, ...]
    reference: str
    """The reference tokenizer's arm; its own name for that arm itself."""
    steps: int
    batch_size: int
    total_bytes: float
    tokens: float
    flops: float
    computed: bool
    """Whether its steps follow from what it is matched in, not from the recipe."""
    estimated: bool

    def seen(self, measure: Measure) -> float:
        """How much of a measure this comes to."""
        found = {"bytes": self.total_bytes, "tokens": self.tokens, "updates": self.steps, "flops": self.flops}
        return float(found[measure])


@dataclass(frozen=True)
class Plan:
    """The steps of a study, parents first; its models; and its arms, where they are matched in something asked for."""

    study: str
    steps: list[Step]
    models: list[PlannedModel] = field(default_factory=list)
    arms: list[PlannedArm] = field(default_factory=list)
    probe_budget: float | None = None
    """What probing may cost at most, as a share of training."""

    def count(self, action: Action) -> int:
        """How many artifacts get this action."""
        return sum(step.action == action for step in self.steps)

    @property
    def seconds_to_go(self) -> float:
        """Core seconds of what is not reused."""
        return sum(step.seconds for step in self.steps if step.action != "reuse")

    def as_json(self) -> dict[str, Any]:
        """Plain values, for `seedbed plan --json`."""
        return asdict(self)


def make_plan(graph: StudyGraph, store: Store) -> Plan:
    """Compare a study's artifacts with what the store holds."""
    manifests: dict[Kind, list[dict[str, Any]]] = {}
    runs = {run.artifact.fingerprint: run for run in graph.runs}
    rates = _Rates(graph, store)
    steps = []
    for artifact in graph.artifacts():
        cost = rates.of_run(runs[artifact.fingerprint]) if artifact.kind == "run" else rates.of_build(artifact)
        action: Action = "reuse"
        because: list[tuple[str, str, str]] = []
        if not store.has(artifact):
            if artifact.kind not in manifests:
                manifests[artifact.kind] = store.manifests(artifact.kind)
            old = next((m for m in manifests[artifact.kind] if m["name"] == artifact.name), None)
            action = "rebuild" if old else "build"
            because = differences(old["recipe"], artifact.description) if old else []
        steps.append(Step(artifact.kind, artifact.name, artifact.fingerprint, action, because, **cost))
    arms = list(graph.study.arms())
    models = {(arm.model.name, arm.tokenizer_level): rates.model(arm) for arm in arms}
    matched = [rates.matched(arm) for arm in arms if arm.matched]
    return Plan(graph.study.name, steps, list(models.values()), matched, graph.study.probe_budget)


class _Rates:
    """Costs, from manifests where the store has them."""

    def __init__(self, graph: StudyGraph, store: Store) -> None:
        self.graph = graph
        self.store = store
        self.counts: dict[str, Mapping[str, Any]] = {}
        for artifact in graph.artifacts():
            if artifact.kind != "run" and store.has(artifact):
                self.counts[artifact.fingerprint] = store.manifest(artifact)["counts"]
        self.measured = self._measured_rates()

    def _measured_rates(self) -> dict[str, float]:
        """Training tokens per second by model name and tokenizer name, from finished runs of this study."""
        rates: dict[str, float] = {}
        for run in self.graph.runs:
            key = _rate_key(run)
            if key not in rates and self.store.has(run.artifact):
                counts = self.store.manifest(run.artifact)["counts"]
                seconds = float(sum(counts["seconds"].values()))
                if seconds > 0:
                    rates[key] = float(counts["tokens"]) / seconds
        return rates

    def of_build(self, artifact: Artifact) -> dict[str, Any]:
        """Cost of a component, tokenizer or token store."""
        counts = self.counts.get(artifact.fingerprint)
        if counts is None:
            return {}
        total = int(counts.get("total_bytes", 0))
        return {
            "total_bytes": total,
            "tokens": int(counts.get("tokens", 0)),
            "seconds": total / BUILD_BYTES_PER_SECOND,
            "estimated": False,
        }

    def of_run(self, run: RunPlan) -> dict[str, Any]:
        """Bytes, tokens and FLOPs that a run sees."""
        training, each, estimated = self._training(run.arm)
        rate = self.measured.get(_rate_key(run))
        tokens, flops = training.steps * each.tokens, training.steps * each.flops
        return {
            "total_bytes": round(training.steps * each.bytes),
            "tokens": round(tokens),
            "flops": flops,
            "seconds": tokens / rate if rate else flops / FLOPS_PER_SECOND_AND_CORE,
            "estimated": estimated or rate is None,
        }

    def model(self, arm: Arm) -> PlannedModel:
        """The parameter split of an arm's model."""
        vocab_size, known = self._vocabulary(arm.tokenizer_level)
        counts = parameter_counts(arm.model.model, vocab_size)
        return PlannedModel(arm.model.name, arm.tokenizer_level, vocab_size, counts, not known)

    def matched(self, arm: Arm) -> PlannedArm:
        """What an arm takes, to see what the reference does."""
        training, each, estimated = self._training(arm)
        return PlannedArm(
            arm=arm.name,
            tokenizer=arm.tokenizer_level,
            matched=arm.matched,
            reference=arm.name if arm.reference is None else arm.reference.arm,
            steps=training.steps,
            batch_size=training.batch_size,
            total_bytes=training.steps * each.bytes,
            tokens=training.steps * each.tokens,
            flops=training.steps * each.flops,
            computed=arm.computed is not None,
            estimated=estimated,
        )

    def _training(self, arm: Arm) -> tuple[Training, PerUpdate, bool]:
        """The training that an arm takes, what each of its updates sees, and whether a part was guessed."""
        own, guessed = self._per_update(arm.model, arm.mixture, arm.tokenizer_level)
        if arm.computed is None or arm.reference is None:
            return arm.model, own, guessed
        reference, also = self._per_update(arm.model, arm.reference.mixture, arm.reference.tokenizer)
        training = matched_training(arm.model, arm.computed, reference, own)
        share = training.batch_size / arm.model.batch_size
        return training, PerUpdate(share * own.bytes, share * own.tokens, share * own.flops), guessed or also

    def _per_update(self, training: Training, mixture: Mixture, level: str) -> tuple[PerUpdate, bool]:
        """What an update would see of a mixture under a tokenizer, and whether a part was guessed."""
        per_token, mean_document, estimated = self._text_statistics(mixture, level)
        if training.layout == "documents":
            read = training.batch_size * mean_document
            tokens, documents = read / per_token, float(training.batch_size)
        else:
            tokens = float(training.batch_size * training.model.context)
            read = tokens * per_token
            documents = read / mean_document
        flops = run_flops(training, self._vocabulary(level)[0], tokens, documents)
        return PerUpdate(read, tokens, flops), estimated

    def _vocabulary(self, level: str) -> tuple[int, bool]:
        """The vocabulary of a tokenizer, and whether it is known: stated, or told by the tokenizer that was built."""
        stated = self.graph.study.tokenizer_levels[level].tokenizer.vocab_size
        built = self.counts.get(self.graph.tokenizers[level].fingerprint)
        size = built["vocab_size"] if built else stated
        return (VOCABULARY, False) if size is None else (int(size), True)

    def _text_statistics(self, mixture: Mixture, level: str) -> tuple[float, float, bool]:
        """(bytes per token, mean bytes of a document, whether a part was guessed), weighted by the mixture's shares."""
        per_token = mean_document = 0.0
        estimated = False
        kind = self.graph.study.tokenizer_levels[level].tokenizer.kind
        for component, share in mixture.shares.items():
            built = self.counts.get(self.graph.components[component.name].fingerprint)
            tokens = self.counts.get(self.graph.tokens[component.name, level].fingerprint)
            estimated = estimated or built is None or tokens is None
            # Ends of documents are tokens too, and are read as such.
            per_token += share * (
                tokens["total_bytes"] / max(tokens["tokens"], 1) if tokens else BYTES_PER_TOKEN.get(kind, 3.3)
            )
            mean_document += share * (built["total_bytes"] / max(built["documents"], 1) if built else 100.0)
        return per_token, mean_document, estimated


def _rate_key(run: RunPlan) -> str:
    return f"{run.arm.model.name} {run.arm.tokenizer_level}"


def describe_reason(because: list[tuple[str, str, str]], most: int = 3) -> str:
    """`field mixture.shares.centered: 0.1 → 0.2`, a few of them, in one line."""
    shown = [f"{name}: {old} → {new}" for name, old, new in because[:most]]
    more = f" (and {len(because) - most} more)" if len(because) > most else ""
    return "field " + "; ".join(shown) + more if shown else ""
