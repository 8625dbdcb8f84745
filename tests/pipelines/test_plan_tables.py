from dataclasses import replace

from seedbed.pipelines.plan import Plan, PlannedArm, PlannedModel
from seedbed.pipelines.plan_tables import arms_table, models_table, plan_tables
from seedbed.training.recipes import Model, parameter_counts

MODEL = Model(1, 16, 2, context=32)
BPE = PlannedModel("nano", "bpe-400", 400, parameter_counts(MODEL, 400), estimated=False)
WORD = PlannedModel("nano", "word", 1_000, parameter_counts(MODEL, 1_000), estimated=True)
ALL = ("bytes", "tokens", "updates", "flops")
REFERENCE = PlannedArm("bpe-400", "bpe-400", ALL, "bpe-400", 100, 8, 1e5, 3e4, 1e9, computed=False, estimated=True)
SIBLING = replace(
    REFERENCE, arm="byte.matched-tokens", matched=("tokens",), steps=30, total_bytes=3e4, flops=8e8, computed=True
)


def test_the_vocabularys_share_is_shown_and_what_is_guessed_is_marked():
    rows = models_table([BPE, WORD]).rows
    assert rows[0] == ("nano, bpe-400", "400", "6,400", "1,024", "2,048", "3,120", "67.23 %")
    assert rows[1][:3] == ("nano, word", "~1,000", "~16,000")
    assert rows[0][5] == rows[1][5]


def test_arms_are_shown_beside_their_reference():
    rows = arms_table([REFERENCE, SIBLING]).rows
    assert rows[0] == ("bpe-400", "bytes, tokens, updates, FLOPs", "100", "8", "~1.00", "~1.00", "~1.00")
    assert rows[1] == ("byte.matched-tokens", "tokens", "~30", "~8", "~0.30", "~1.00", "~0.80")


def test_one_model_and_one_tokenizer_have_nothing_to_compare():
    assert plan_tables(Plan("s", [], [BPE], [])) == []
    assert [table.key for table in plan_tables(Plan("s", [], [BPE, WORD], [REFERENCE, SIBLING]))] == [
        "parameters",
        "matched-arms",
    ]
