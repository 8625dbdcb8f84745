"""One component of every formal source, as docs/formal.md shows them: seedbed preview docs/formal_sources.py -n 1."""

from seedbed import Component, Mixture, Study, model, tokenizer
from seedbed.data.formal.recipes import (
    Addition,
    CompositeParity,
    Dyck,
    ModularArithmetic,
    RandomStrings,
    SkipTrigrams,
    SparseParity,
)
from seedbed.data.formal.word_recipes import Facts, Skills, Spelling

N = 500
SPELLING = ("contains", "count", "insert", "delete", "substitute", "swap", "swap words")

components = [
    Component("dyck", Dyck(2, depths={1: 0.2, 3: 0.8}, lengths=(12,), documents=N)),
    Component("dyck-cross-serial", Dyck(2, depths=(3,), lengths=(12,), order="cross-serial", documents=N)),
    Component("modular-arithmetic", ModularArithmetic(113, "+", train_share=0.3, documents=N)),
    Component("addition", Addition(digits=(2, 3), held_out_digits=(3,), documents=N)),
    Component("addition-held-out", Addition(digits=(2, 3), held_out_digits=(3,), documents=N, split="held-out")),
    Component("sparse-parity", SparseParity(8, bits=12, size=3, alpha=1.5, documents=N)),
    Component("composite-parity", CompositeParity(2, atom_bits=3, bits=12, atom_examples=200, composite_examples=100)),
    Component("random-strings", RandomStrings(2_048, 8, documents=N)),
    Component("skip-trigrams", SkipTrigrams(16, gaps=(1, 2, 4), documents=N)),
    Component("facts", Facts("people", repeats={1: 100, 10: 20, 100: 2})),
    Component("facts-held-out", Facts("people", repeats={1: 100, 10: 20, 100: 2}, split="held-out")),
    Component("spelling", Spelling(never_drilled=12, dose=0.5, documents=N)),
    Component("spelling-never-drilled", Spelling(never_drilled=12, documents=N, split="never-drilled")),
    *(
        Component(f"spelling-{task.replace(' ', '-')}", Spelling("en", tasks=(task,), documents=N), language="en")
        for task in SPELLING
    ),
    Component("skills", Skills("tree", alpha=1.0, documents=N)),
]

study = Study(
    name="formal-sources",
    mixtures=[Mixture("all", total_bytes=20_000, shares={each: 1 / len(components) for each in components})],
    tokenizers=[tokenizer("byte")],
    models=[model("nano", steps=1, warmup_steps=0)],
)
