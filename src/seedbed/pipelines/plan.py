"""The plan: for every artifact whether it is reused or built, why, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from seedbed.pipelines.graph import RunPlan, StudyGraph
from seedbed.pipelines.identity import differences
from seedbed.pipelines.store import Artifact, Kind, Store
from seedbed.training.recipes import flops_per_token, parameter_counts

Action = Literal["reuse", "build", "rebuild"]

# Used until a store holds something measured; both are stated as estimates.
BYTES_PER_TOKEN = {"byte": 1.0, "bpe": 3.3, "word": 5.5}
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
class Plan:
    """The steps of a study, parents first."""

    study: str
    steps: list[Step]

    def count(self, action: Action) -> int:
        """How many artifacts get this action."""
        return sum(step.action == action for step in self.steps)

    @property
    def seconds_to_go(self) -> float:
        """Core seconds of what is not reused."""
        return sum(step.seconds for step in self.steps if step.action != "reuse")

    def as_json(self) -> dict[str, Any]:
        """Plain values, for `seedbed plan --json`."""
        return {"study": self.study, "steps": [asdict(step) for step in self.steps]}


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
    return Plan(graph.study.name, steps)


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
        arm = run.arm
        per_token, mean_document, estimated = self._text_statistics(run)
        if arm.model.layout == "documents":
            total_bytes = arm.model.steps * arm.model.batch_size * mean_document
            tokens = total_bytes / per_token
            length = max(1, round(mean_document / per_token))
        else:
            length = arm.model.model.context
            tokens = float(arm.model.steps * arm.model.batch_size * arm.model.model.context)
            total_bytes = tokens * per_token
        vocab = arm.tokenizer.vocab_size or 1_000
        flops = tokens * flops_per_token(arm.model.model, vocab, length)
        rate = self.measured.get(_rate_key(run))
        seconds = tokens / rate if rate else flops / FLOPS_PER_SECOND_AND_CORE
        return {
            "total_bytes": round(total_bytes),
            "tokens": round(tokens),
            "flops": flops,
            "seconds": seconds,
            "estimated": estimated or rate is None,
        }

    def _text_statistics(self, run: RunPlan) -> tuple[float, float, bool]:
        """(bytes per token, mean bytes of a document, whether a part was guessed), weighted by the mixture's shares."""
        arm = run.arm
        per_token = mean_document = 0.0
        estimated = False
        for component, share in arm.mixture.shares.items():
            built = self.counts.get(self.graph.components[component.name].fingerprint)
            tokens = self.counts.get(self.graph.tokens[component.name, arm.tokenizer.name].fingerprint)
            estimated = estimated or built is None or tokens is None
            per_token += share * (
                float(tokens["bytes_per_token"]) if tokens else BYTES_PER_TOKEN.get(arm.tokenizer.kind, 3.3)
            )
            mean_document += share * (built["total_bytes"] / max(built["documents"], 1) if built else 100.0)
        return per_token, mean_document, estimated


def _rate_key(run: RunPlan) -> str:
    return f"{run.arm.model.name} {run.arm.tokenizer.name}"


def counts_of_model(run: RunPlan) -> dict[str, int]:
    """The parameter split of a run's model, for tables; a vocabulary not yet known counts as 1,000."""
    return parameter_counts(run.arm.model.model, run.arm.tokenizer.vocab_size or 1_000)


def describe_reason(because: list[tuple[str, str, str]], most: int = 3) -> str:
    """`field mixture.shares.centered: 0.1 → 0.2`, a few of them, in one line."""
    shown = [f"{name}: {old} → {new}" for name, old, new in because[:most]]
    more = f" (and {len(because) - most} more)" if len(because) > most else ""
    return "field " + "; ".join(shown) + more if shown else ""
