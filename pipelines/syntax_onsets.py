"""When does a small model learn syntax, and would another seed?

A model of 0.2 million parameters reads 1.2 MB of our broad English grammar, one sentence a document, in 2,400
updates. At 41 evenly spaced steps it is asked: does some head attend along the gold parse (`attention-syntax`)? May
"ever" and "any" stand here (`npi`: no licensor at all; a licensor in the wrong place)? Does the verb agree with its
subject across up to three nouns of the other number (`agreement`)? Does a clause or question with "who" or "what"
lack an object where it should (`filler-gap`)? And is it still no more than an n-gram model of its own text
(`strategy`)?

The control `shuffled` holds sentences of the same grammar, the words of each in random order: the same words with the
same company, without syntax. For what it can do, co-occurrence within a sentence is enough.

Expectations, written before the full run, when one run of `natural` (seed 0, 1,500 updates, fewer items) had been
seen, which set the length. Attention comes first in every seed, within 300 updates; clearest in its weight on the
gold head, as the share of heads found is high in any causal model and turns early with attention to the word before.
Then fillers and gaps, suddenly; then licensors, gradually; then agreement across nouns, suddenly, after 900 updates
and at steps that differ most between seeds; the place of licensors last, and not in every seed. The model leaves
trigrams behind before any of these but attention. Bits per byte of held-out text fall smoothly all the while. In
`shuffled` attention, agreement, gaps and the place of licensors stay near chance, and licensors alone rise above it.
(This stands as it was written. One run of `shuffled`, 600 updates, was then seen before the full run: its attention
rose as in `natural`, and licensors did not.)
"""

from seedbed import Component, Grammar, Mixture, Question, Seeds, Study, model, option, probe, tokenizer
from seedbed.data.matched import Matched
from seedbed.data.transforms.recipes import WordOrder
from seedbed.errors import UnknownNameError

STEPS = int(option("steps", "2400"))
EVALUATIONS = 40
MAX_WORDS = 14
ATTENTION = "attention-syntax/all/weight"
LICENSOR = "npi/contrast.licensor/accuracy_sum"

sentences = Grammar("english_broad", task="sentence", max_words=MAX_WORDS, documents=30_000)
ARMS = {
    "natural": [sentences],
    "shuffled": [sentences, WordOrder("shuffled", keep=True)],
}


def mixture(name: str) -> Mixture:
    """The sentences of an arm, as many bytes of them."""
    component = Component(name, ARMS[name], language="en")
    # As many updates of as many sentences; by which of them a mixture takes, bytes differ by a few in a hundred.
    return Mixture(name, total_bytes=1_200_000, shares={component: 1}, matched=Matched("updates", counted="steps"))


def chosen() -> list[str]:
    """The arms of this run."""
    names = option("arms", "natural,shuffled").split(",")
    for name in names:
        if name not in ARMS:
            raise UnknownNameError("arm of this study", name, ARMS)
    return names


study = Study(
    name="syntax-onsets",
    mixtures=[mixture(name) for name in chosen()],
    tokenizers=[tokenizer("word")],
    models=[model("nano", steps=STEPS, batch_size=32, context=32)],
    probes=[
        probe(
            "attention-syntax",
            grammar={"name": "english_broad", "task": "sentence", "split": "held-out", "max_words": MAX_WORDS},
            texts=300,
            min_words=40,
        ),
        probe("npi", pairs_per_paradigm=40),
        probe("agreement-depth", name="agreement", paradigms=("agreement_attractors_*",), pairs_per_paradigm=40),
        probe(
            "agreement-depth",
            name="filler-gap",
            location="grammar:english_broad",
            paradigms=("wh_*",),
            pairs_per_paradigm=40,
        ),
        probe("strategy", contexts=500, fit_tokens=400_000),
        probe("bits-per-byte", bytes_per_source=8_000),
        probe("weights"),
    ],
    probe_points=(0, EVALUATIONS),
    probe_budget=0.6,
    seeds=Seeds(int(option("seeds", "8"))),
    needs={
        LICENSOR: (ATTENTION,),
        "npi/contrast.scope/accuracy_sum": (ATTENTION, LICENSOR),
        "agreement": (ATTENTION,),
        "filler-gap": (ATTENTION,),
    },
    questions=[
        Question("Does word order teach where a polarity item may stand?", "npi/contrast.scope/accuracy_sum"),
        Question("Does it teach agreement across other nouns?", "agreement/mean/accuracy_sum"),
        Question("Does it teach where an object is missing?", "filler-gap/mean/accuracy_sum"),
    ],
)
