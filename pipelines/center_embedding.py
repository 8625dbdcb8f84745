"""Center embedding: how much of it, and how deep, before a small model forms questions by hierarchy?

Every question in the training text can be formed by two rules, front the main auxiliary or front the first one: no
question has a relative clause on its subject. All arms hold the same questions in the same number of bytes. What
differs is the declaratives beside them:

dose     0, 10 or 100 % of their bytes have a relative clause on the subject ("the newt that doesn't sleep does admire
         the yak ."); the rest have none there, and lengths in words have the same distribution.
depth    all of them are clauses within clauses, one to three deep ("the newt that the yaks that the zebra does amuse
         don't admire does sleep ."), against their matched twin, sentence for sentence with the same nouns and
         auxiliaries and as many clauses, one at the end of the other ("the newt does admire the yaks that don't amuse
         the zebra that does sleep .").

Then the model is asked for questions it never saw, with a relative clause on the subject, where the two rules part.
"""

from seedbed import Component, Grammar, Mixture, Question, Seeds, Study, model, probe, tokenizer

TOTAL_BYTES = 1_200_000
QUESTIONS = 0.35
DOSES = (0, 0.1, 1)
DEPTHS = {1: 1 / 3, 2: 1 / 3, 3: 1 / 3}

questions = Component("questions", Grammar("english", task="question", documents=20_000), distinct=True)
centered = Grammar("english", task="copy", subject="relative clause", max_words=14, documents=20_000)
branching = Grammar("english", task="copy", subject="no relative clause", lengths_like=centered, documents=20_000)
deep = Grammar("english", task="center", depth_shares=DEPTHS, documents=20_000)
center_embedded = Component("center-embedded", centered, distinct=True)
right_branching = Component("right-branching", branching, distinct=True)
center_deep = Component("center-deep", deep, distinct=True)
branching_deep = Component(
    "branching-deep", Grammar("english", task="center", depth_shares=DEPTHS, twin="center embedding", documents=20_000)
)


def mixture(name: str, declaratives: dict[Component, float], against: tuple[str, ...] = ()) -> Mixture:
    """The same questions, and these declaratives in these shares."""
    shares = {questions: QUESTIONS} | {c: (1 - QUESTIONS) * share for c, share in declaratives.items() if share}
    return Mixture(name, total_bytes=TOTAL_BYTES, shares=shares, against=against)


study = Study(
    name="center-embedding",
    mixtures=[
        *(mixture(f"dose-{dose:.0%}", {center_embedded: dose, right_branching: 1 - dose}) for dose in DOSES),
        mixture("deep-branching", {branching_deep: 1}),
        mixture("deep-center", {center_deep: 1}, against=("deep-branching", "dose-100%")),
    ],
    tokenizers=[tokenizer("word")],
    models=[model("quickstart", steps=1_000)],
    probes=[
        probe("question-formation", items_per_set=48),
        probe("grammar-agreement", pairs_per_paradigm=24),
        probe("bits-per-byte", bytes_per_source=2_500),
    ],
    probe_points=(3, 6),
    seeds=Seeds(5),
    questions=[
        Question(
            "Do center-embedded declaratives make a model form questions by hierarchy, and does depth add to that?",
            metric="question-formation/ood-hard/hierarchical",
        ),
        Question(
            "Is that the hierarchy, or moving the last auxiliary?",
            metric="question-formation/ood-three/hierarchical",
        ),
        Question(
            "Do they make it agree across attractors?", metric="minimal-pairs/grammar-agreement/mean/accuracy_sum"
        ),
    ],
)
