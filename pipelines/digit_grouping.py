"""Does it matter where a tokenizer cuts numbers? Addition with digits grouped from the right, from the left, or alone.

After Singh and Strouse (2024), who met it in finished models: sums go wrong where the answer is longer than the
addends, if digits are grouped from the left. There the groups of the answer do not stand over those of the addends, and
every digit of a group depends on what falls into another. Here models are trained on nothing but sums, with the loss on
the answer, and tested on sums that no training text holds. Groups have two digits, not three, so that a group's sums
are a table of 100 x 100, which a small model learns in minutes, and not one of 1,000 x 1,000.

The arms read the same sums in the same order. Expect grouping from the right to win by half of all sums, single digits
to lie between and to vary, and grouping from the left to be near zero where the sum is longer, and little better
elsewhere, as addends of unequal length do not line up either. Two controls: every question with another one's answer
("shuffled"), which no arm may give; and, with `--set numbers=same-cuts`, sums of four-digit numbers without a carry,
which both groupings cut alike, so that their runs must agree to the last bit.
"""

from seedbed import Component, Mixture, Question, Seeds, Study, model, option, probe
from seedbed.data.formal.recipes import Addition
from seedbed.errors import UnknownNameError
from seedbed.tokenizers.recipes import Tokenizer

# Beside 256 bytes, the end of document and the groups there is " +" and " =" to learn, and no more.
FROM_THE_LEFT = Tokenizer("bpe", digits="left to right", digit_group=2, vocab_size=359, name="from-the-left")
FROM_THE_RIGHT = Tokenizer("bpe", digits="right to left", digit_group=2, vocab_size=359, name="from-the-right")
SINGLE = Tokenizer("bpe", digits="single", vocab_size=259, name="single-digits")

NUMBERS: dict[str, dict[str, tuple[int, ...]]] = {
    "sums": {"digits": (3, 4)},
    "same-cuts": {"digits": (4,), "carries": (0,)},
}
numbers = option("numbers", "sums")
if numbers not in NUMBERS:
    raise UnknownNameError("numbers of this study", numbers, NUMBERS)

# About as many sums as are read, so that hardly any is read twice; those that are asked are in no training text.
sums = Component(numbers, Addition(**NUMBERS[numbers], documents=160_000), heldout_share=0)
held_out = Addition(**NUMBERS[numbers], split="held-out", documents=2_000)

study = Study(
    name="digit-grouping" if numbers == "sums" else f"digit-grouping-{numbers}",
    mixtures=[Mixture(numbers, total_bytes=2_700_000, repeat_up_to=2, shares={sums: 1.0})],
    tokenizers=[FROM_THE_LEFT, FROM_THE_RIGHT, SINGLE],
    models=[
        model(
            "nano",
            steps=2_500,
            batch_size=64,
            warmup_steps=100,
            layers=3,
            context=24,
            mlp="gelu",
            positions="learned",
            loss_on="answer",
        )
    ],
    probes=[probe("addition", source=held_out, items=400)],
    probe_points=(2, 5),
    seeds=Seeds(int(option("seeds", "5"))),
    questions=[
        Question("Does it matter where numbers are cut?", "addition/all/exact", "tokenizer"),
        Question("Where the sum is longer than the addends?", "addition/answer-longer/exact", "tokenizer"),
        Question("Where it is as long?", "addition/answer-as-long/exact", "tokenizer"),
    ]
    if numbers == "sums"
    else [Question("Does a name matter, where numbers are cut alike?", "addition/all/exact", "tokenizer")],
)
