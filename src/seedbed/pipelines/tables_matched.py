"""Tables of what arms have in common: what siblings are matched in, and where parameters sit."""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.pipelines.matching import seen
from seedbed.pipelines.results import RunResult, StudyResults
from seedbed.pipelines.siblings import MEASURES, SHORT, Measure, outside_embedding
from seedbed.pipelines.table import NOTHING, Table, columns, count, number, percent

MULTIPLES: tuple[Measure, ...] = ("bytes", "tokens", "flops")


def matched_table(results: StudyResults) -> Table:
    """Of every arm that is matched in something: what was promised, its steps, and what it saw of each measure."""
    rows = []
    for arm in results.arms:
        runs = [run for run in results.of_arm(arm) if run.status == "FINISHED"]
        if not runs or not runs[0].matched:
            continue
        reference = [run for run in results.of_arm(runs[0].reference) if run.status == "FINISHED"]
        taken = runs[0].outcome.get("matched") or {}
        rows.append(
            (
                arm,
                ", ".join(SHORT[measure] for measure in MEASURES if measure in runs[0].matched),
                count(_mean(runs, "updates")),
                str(taken.get("batch_size") or runs[0].parameters.get("training.batch_size", NOTHING)),
                *(_times(runs, reference, measure) for measure in MULTIPLES),
            )
        )
    head = columns(("arm", "matched in"), ("updates", "batch", "× bytes", "× tokens", "× FLOPs"))
    caption = (
        "×: of what the reference saw (means over finished runs). Where an arm is matched in a measure "
        "it is 1, as nearly as whole steps and the documents of a last epoch allow; verdicts refuse over 2 %."
    )
    return Table("matched", "What arms are matched in: promised and achieved", head, tuple(rows), caption)


def _times(runs: Sequence[RunResult], reference: Sequence[RunResult], measure: Measure) -> str:
    return number(_mean(runs, measure) / _mean(reference, measure)) if reference else NOTHING


def _mean(runs: Sequence[RunResult], measure: Measure) -> float:
    return sum(seen(run, measure) for run in runs) / len(runs)


def parameters_table(results: StudyResults) -> Table:
    """Trainable parameters by part, for each model and tokenizer, and the embedding's share."""
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    for run in results.runs:
        split = run.outcome.get("parameters")
        if isinstance(split, dict):
            parts = tuple(count(split.get(part)) for part in ("embedding", "attention", "mlp", "norm", "total"))
            share = percent(split["embedding"] / split["total"])
            model, tokenizer = run.factors["model"], run.factors["tokenizer"]
            row = (model, tokenizer, *parts, count(outside_embedding(split)), share)
            rows.setdefault((model, tokenizer), row)
    numbers = ("embedding", "attention", "MLP", "norm", "total", "all but embedding", "embedding share")
    caption = (
        "Trainable parameters. Embedding: the vocabulary's, its output matrix where that is not tied, and learned "
        "positions. Arms of one model must be equal in all others; where models differ, every verdict says by how many."
    )
    head = columns(("model", "tokenizer"), numbers)
    return Table("parameters", "Parameters", head, tuple(rows.values()), caption, grouped=1)
