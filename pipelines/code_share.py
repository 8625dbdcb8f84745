"""Code in the diet: does a small model learn grammar better or worse for reading Python?

Two designs, because each confounds what the other holds. *Competitive*: the total is fixed and code takes the place of
text, so more code is less text. *Additive*: the text is fixed and code comes on top, in steps of its own, so more code
is more training. Every additive arm has its controls: code whose tokens are shuffled within lines, brackets that nest
as the code's do, and no code at all but the same text read again until as much was seen.

The text is our grammar's (questions and copies of declaratives), the code this machine's own Python standard library,
cut so that its documents are as long as the text's: then equal steps are equal bytes under any tokenizer.
"""

from zlib import crc32

from datatrove.data import Document
from datatrove.pipeline.filters import LambdaFilter

from seedbed import Component, Grammar, PythonStdlib, Question, Seeds, Study, model, probe, tokenizer
from seedbed.data.designs import mixtures, repeated
from seedbed.data.transforms.recipes import BracketDyck, ShuffledCode

TEXT_BYTES = 1_000_000  # what 480 updates of 16 documents read once


def one_in_six(document: Document) -> bool:
    """The standard library holds ten times what is needed; a sixth is taken, by a hash of the text."""
    return crc32(document.text.encode()) % 6 == 0


library = [PythonStdlib(document_bytes=155), LambdaFilter(one_in_six)]
text = Component("text", Grammar("english", documents=12_000), distinct=True, language="en")
code = Component("code", library, distinct=True)
shuffled_code = Component("shuffled-code", [*library, ShuffledCode()], distinct=True)
brackets = Component("brackets", [*library, BracketDyck()], distinct=True)

HALF = "code-50%-additive"

study = Study(
    name="code-share",
    mixtures=[
        *mixtures({text: 1}, added=code, shares=(0, 0.25, 0.5), design="competitive", total_bytes=TEXT_BYTES),
        *mixtures({text: 1}, added=code, shares=(0.25, 0.5), design="additive", total_bytes=TEXT_BYTES),
        *mixtures(
            {text: 1},
            added=shuffled_code,
            shares=(0.5,),
            design="additive",
            total_bytes=TEXT_BYTES,
            against=("base", HALF),
        ),
        *mixtures(
            {text: 1}, added=brackets, shares=(0.5,), design="additive", total_bytes=TEXT_BYTES, against=("base", HALF)
        ),
        repeated({text: 1}, share=0.5, total_bytes=TEXT_BYTES, against=("base", HALF)),
    ],
    tokenizers=[tokenizer("bpe-words-1k")],  # one for all arms, trained on all of it
    models=[model("quickstart", steps=480)],
    probes=[
        probe("grammar-agreement", pairs_per_paradigm=24),
        probe("question-formation", items_per_set=48),
        probe("bits-per-byte", bytes_per_source=2_500),
    ],
    probe_points=(2, 4),
    seeds=Seeds(4),
    questions=[
        Question(
            "Does code change how well subjects and verbs agree?", "minimal-pairs/grammar-agreement/mean/accuracy_sum"
        ),
        Question("Does code change how well the text itself is predicted?", "bits-per-byte/text"),
    ],
)
