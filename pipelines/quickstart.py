"""Center embedding and question formation: seen in minutes.

Every question in this study's training text can be formed by two rules: front the main auxiliary (by hierarchy), or
front the first one (by line). No question has a relative clause on its subject, so nothing in the questions tells the
rules apart. What differs between the two mixtures is the declaratives beside them: in one their relative clause stands
at the end ("the newt does see the yak that doesn't sleep ."), in the other inside, on the subject ("the newt that
doesn't see the yak does sleep ."). The two kinds are matched in length, word for word. Then the model is asked for
questions it never saw: with a relative clause on the subject, where the two rules part.

An equal share of real code, from this machine's own Python standard library, stands in both mixtures.
"""

from seedbed import Component, Grammar, Mixture, PythonStdlib, Question, Seeds, Study, model, probe, tokenizer

questions = Component("questions", Grammar("english", task="question", documents=40_000), distinct=True)
right_branching = Component(
    "right-branching",
    Grammar("english", task="copy", subject="plain", object="relative clause", documents=40_000),
    distinct=True,
)
center_embedded = Component(
    "center-embedded",
    Grammar("english", task="copy", subject="relative clause", object="plain", documents=40_000),
    distinct=True,
)
code = Component("code", PythonStdlib(document_bytes=130), distinct=True)

study = Study(
    name="quickstart",
    mixtures=[
        Mixture("right", total_bytes=1_600_000, shares={questions: 0.41, right_branching: 0.49, code: 0.10}),
        Mixture("center", total_bytes=1_600_000, shares={questions: 0.41, center_embedded: 0.49, code: 0.10}),
    ],
    tokenizers=[tokenizer("bpe-512"), tokenizer("byte")],
    models=[model("quickstart", steps=500)],
    probes=[probe("question-formation"), probe("grammar-agreement"), probe("bits-per-byte")],
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
