"""Center embedding and question formation: seen in minutes.

Every question in this study's training text can be formed by two rules: front the main auxiliary (by hierarchy), or
front the first one (by line). No question has a relative clause on its subject, so nothing in the questions tells the
rules apart. What differs between the two mixtures is the declaratives beside them: in one no subject has a relative
clause ("the newt does admire the yak that doesn't sleep ."), in the other every subject has one ("the newt that doesn't
sleep does admire the yak ."). The two kinds have the same distribution of lengths in words. Then the model is asked for
questions it never saw: with a relative clause on the subject, where the two rules part.

An equal share of real code, from this machine's own Python standard library, stands in both mixtures.
"""

from seedbed import Component, Grammar, Mixture, PythonStdlib, Question, Seeds, Study, model, probe, tokenizer

questions = Component("questions", Grammar("english", task="question", documents=20_000), distinct=True)
centered = Grammar("english", task="copy", subject="relative clause", max_words=14, documents=20_000)
branching = Grammar("english", task="copy", subject="no relative clause", lengths_like=centered, documents=20_000)
center_embedded = Component("center-embedded", centered, distinct=True)
right_branching = Component("right-branching", branching, distinct=True)
code = Component("code", PythonStdlib(document_bytes=130), distinct=True)

study = Study(
    name="quickstart",
    mixtures=[
        Mixture("right", total_bytes=1_500_000, shares={questions: 0.32, right_branching: 0.65, code: 0.03}),
        Mixture("center", total_bytes=1_500_000, shares={questions: 0.32, center_embedded: 0.65, code: 0.03}),
    ],
    tokenizers=[tokenizer("bpe-words-1k"), tokenizer("byte")],
    models=[model("quickstart")],
    probes=[
        probe("question-formation", items_per_set=48),
        probe("grammar-agreement", pairs_per_paradigm=24),
        probe("bits-per-byte", bytes_per_source=2_500),
    ],
    probe_points=(3, 6),
    seeds=Seeds(3),
    questions=[
        Question(
            "Do center-embedded declaratives make a small model form questions by hierarchy?",
            metric="question-formation/ood-hard/hierarchical",
            factor="mixture",
        ),
        Question(
            "Does it matter for that whether the model reads bytes or pieces of words?",
            metric="question-formation/ood-hard/hierarchical",
            factor="tokenizer",
        ),
    ],
)
