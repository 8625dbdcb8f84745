"""The plan's tables beside its steps: where parameters sit, and what siblings take to see as much as the reference."""

from __future__ import annotations

from seedbed.pipelines.plan import Plan, PlannedArm, PlannedModel
from seedbed.pipelines.siblings import SHORT, outside_embedding
from seedbed.pipelines.table import Table, columns, count, percent


def plan_tables(plan: Plan) -> list[Table]:
    """The tables that have more than one row: with one model and one tokenizer there is nothing to compare."""
    return [table for table in (models_table(plan.models), arms_table(plan.arms)) if len(table.rows) > 1]


def models_table(models: list[PlannedModel]) -> Table:
    """Parameters by part for each model and tokenizer, and the vocabulary's share."""
    rows = tuple(
        (
            f"{each.model}, {each.tokenizer}",
            _about(each.estimated, count(each.vocab_size)),
            _about(each.estimated, count(each.parameters["embedding"])),
            *(count(each.parameters[part]) for part in ("attention", "mlp")),
            count(outside_embedding(each.parameters)),
            _about(each.estimated, percent(each.parameters["embedding"] / each.parameters["total"])),
        )
        for each in models
    )
    head = columns(
        ("model, tokenizer",), ("vocabulary", "embedding", "attention", "MLP", "all others", "embedding share")
    )
    return Table("parameters", "Parameters", head, rows, PARAMETER_CAPTION)


PARAMETER_CAPTION = (
    "Trainable parameters. Embedding: the vocabulary's, its output matrix where that is not tied, and learned "
    "positions. All others (attention, MLP, norms) are equal for one model under every tokenizer."
)


def arms_table(arms: list[PlannedArm]) -> Table:
    """What each arm is matched in, its steps, and what it sees as a multiple of what the reference sees."""
    by_name = {arm.arm: arm for arm in arms}
    rows = tuple(
        (
            arm.arm,
            ", ".join(SHORT[measure] for measure in arm.matched),
            _about(arm.estimated and arm.computed, count(arm.steps)),
            _about(arm.estimated and arm.computed, count(arm.batch_size)),
            *(
                _about(arm.estimated, f"{arm.seen(measure) / by_name[arm.reference].seen(measure):.2f}")
                for measure in ("bytes", "tokens", "flops")
            ),
        )
        for arm in arms
    )
    head = columns(("arm", "matched in"), ("steps", "batch", "× bytes", "× tokens", "× FLOPs"))
    caption = (
        "×: of what the reference tokenizer's arm sees. ~: steps of a sibling are computed from the token stores when "
        "its run begins, and are estimates before these are there."
    )
    return Table("matched-arms", "What arms are matched in", head, rows, caption)


def _about(estimated: bool, shown: str) -> str:
    return f"~{shown}" if estimated else shown
