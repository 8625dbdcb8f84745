"""Does it matter in which order a model reads, among documents or within them? Easy first by five bytes' surprisal.

Two by two: documents shuffled or easy first, the lines of each kept or shuffled. The text is the standard library of
the Python that runs, in pieces of about 600 bytes; a document is easy if an n-gram model of the other half of the text
predicts it well. Beside these stands what a curriculum has to be told from: the same blocks of like documents in a
random order, and every arm once more at a constant learning rate, because a rate that falls gives what comes late less
weight.

All arms of a seed read the same bytes, which their certificates show. They are judged on held-out documents with their
lines in place, by difficulty, at the end and over all of training; training losses are never compared, as each order
makes its own. Expect the order within documents to matter (the test has its lines in place) and that among them to
matter little: published effects are small, and smaller for larger models.
"""

from seedbed import Component, Mixture, PythonStdlib, Question, Seeds, model, order, probe, tokenizer
from seedbed.pipelines.comparison import order_study

EASE = order.Difficulty("surprisal")
BY_EASE = "bits-per-byte-by-surprisal"

code = Component("code", PythonStdlib(document_bytes=600), distinct=True, heldout_share=0.02)

study = order_study(
    name="difficulty-order",
    mixtures=[Mixture("code", total_bytes=600_000, shares={code: 1.0})],
    tokenizers=[tokenizer("byte")],
    orders=[
        *order.two_by_two(EASE, units="lines"),
        order.within(order.bucketed_random(EASE), "kept", units="lines"),
    ],
    models=[
        # Rows are packed, so that documents of every length weigh as their bytes do; 160 x 12 x 256 bytes are read.
        model("nano", steps=160, batch_size=12, layout="packed", context=256, warmup_steps=16, layers=2),
    ],
    probes=[probe("bits-per-byte", bytes_per_source=8_000)],
    probe_points=(3, 4),
    seeds=Seeds(5),
    questions=[
        Question("Does the order change what is left to learn at the end?", "bits-per-byte/total", "order"),
        Question("And on the hardest fifth of the text?", f"{BY_EASE}/5-of-5", "order"),
        Question("Does it change how fast the hardest fifth is learnt?", f"{BY_EASE}/5-of-5/area", "order"),
        Question("Or the easiest?", f"{BY_EASE}/1-of-5/area", "order"),
        Question(
            "Does it matter more to begin with the easy where lines are in their place?",
            "bits-per-byte/total",
            "order",
            square=(
                ("shuffled-lines-shuffled", "easy-first-surprisal-lines-shuffled"),
                ("shuffled-lines-kept", "easy-first-surprisal-lines-kept"),
            ),
        ),
    ],
)
