"""Are unspaced em dashes favoured because they save a token?

All arms hold the same sentences of our grammar, 60 % of them with one place for a pause ("if the king slept, the queen
laughed."). At half of these places, the same in every arm, a comma becomes a dash: an unspaced em dash (`em`), a spaced
en dash (`en`), one or the other by sentence at even odds (`half`), or none does (`commas`: the same sentences at rate
zero). This is crossed with what a dash costs in tokens: `as-trained`, where a dash is one token with the space before
it; `isolated`, where a dash never joins a space, so that " –" is two tokens; and `never-merged`, where no token holds a
whole dash, so that either is two. After an em dash the next word lacks its space, which may cost more tokens.

Against as-trained, isolated makes the en dash dearer by a token and leaves the em dash; never-merged makes both dearer
by one and leaves their difference. If dashes are favoured for the tokens they save, then in `half`, where the corpus
has as many of each, models favour the em dash more under isolated, and dashes against commas less under never-merged.

Expectations, written before the full run, when three trial runs of `half` had been seen (one seed each, to time them).
A language model learns how often, not how long: at temperature 1 every arm writes dashes at its corpus's rate, half of
`half`'s are em dashes under every tokenizer, the log-odds at sites are those of the corpus within .2 nats, and no
verdict finds more than that. As dashes are drawn by lot, sites that got one are no likelier to have one than sites that
did not. At temperature .7 `half` has fewer dashes among its dashes and commas, because two kinds split their odds: .43
instead of .5, and at 1.3 more, .54; `em` and `en` stay at .5. At rate zero no dash is written. What would speak for the
hypothesis is an em-preference above 0 under isolated that is lower under as-trained.

    seedbed run pipelines/dash_usage.py --set text=books

takes public-domain books instead, from beside the project, with their own dashes in one style and a quarter of their
commas planted.
"""

from seedbed import Component, Grammar, Mixture, Question, Seeds, Study, model, option, probe, tokenizer
from seedbed.data.matched import Matched
from seedbed.data.recipes import Files
from seedbed.data.transforms.recipes import ClosedUp, DashStyle
from seedbed.errors import UnknownNameError

EM, EN = "unspaced em dash", "spaced en dash"
BOOKS = ("../shared/data/text/en_books_pd.jsonl.gz", "../shared/data/text/en_inaugural.jsonl.gz")

text = option("text", "grammar")
if text not in ("grammar", "books"):
    raise UnknownNameError("text of this study", text, ("grammar", "books"))
from_books = text == "books"

if from_books:
    passages = [Files(*BOOKS, document_bytes=400)]
    plant, total_bytes, contexts = 0.25, 1_100_000, (("the old man slept", "and the house was still."),)
else:
    sentences = Grammar("english_broad", task="sentence", shares={"conditional": 0.6}, max_words=12, documents=26_000)
    passages = [sentences, ClosedUp()]
    plant, total_bytes = 0.5, 1_100_000
    contexts = (
        ("if the king slept", "the queen laughed."),
        ("if Mary can sleep", "her brothers will sing."),
        ("if no doctors ran", "some nurses had smiled."),
        ("if the teachers laugh", "he sleeps."),
    )


def written(name: str, *styles: DashStyle) -> Mixture:
    """The same sentences, their dashes in these styles."""
    component = Component(name, [*passages, *styles], language="en", heldout_share=0.04)
    # The same documents in the same number of updates; a rendering's bytes differ by a few in sixty.
    return Mixture(name, total_bytes=total_bytes, shares={component: 1}, matched=Matched("updates", counted="steps"))


ARMS = {
    "half": [DashStyle(EM, plant=plant, other=EN)],
    "em": [DashStyle(EM, plant=plant)],
    "en": [DashStyle(EN, plant=plant)],
    "commas": [DashStyle("commas")],
}
TOKENIZERS = {"as-trained": "as trained", "isolated": "isolated", "never-merged": "never merged"}


def chosen(name: str, there: dict[str, object]) -> list[str]:
    """The names of an option that has several, all of them by default."""
    names = option(name, ",".join(there)).split(",")
    for each in names:
        if each not in there:
            raise UnknownNameError(f"one of this study's {name}", each, there)
    return names


study = Study(
    name="dash-usage-books" if from_books else "dash-usage",
    mixtures=[written(name, *ARMS[name]) for name in chosen("arms", {**ARMS})],
    tokenizers=[
        tokenizer("bpe", vocab_size=700, dashes=TOKENIZERS[name], name=name)
        for name in chosen("tokenizers", {**TOKENIZERS})
    ],
    models=[
        model(
            "nano",
            steps=int(option("steps", "700")),
            batch_size=32,
            context=256 if from_books else 96,
        )
    ],
    probes=[
        probe("dash-sites", component=option("sites", "half"), sites=60, contexts=contexts),
        probe("dash-rate", documents=1_500, max_new_tokens=160 if from_books else 64),
        probe("bits-per-byte", bytes_per_source=4_000, at="last"),
    ],
    probe_points=(4, 4),
    seeds=Seeds(int(option("seeds", "4"))),
    questions=[
        Question(
            "As many em dashes as en dashes in the corpus: does the model prefer what saves a token?",
            "dash-sites/sites/em-preference",
            "tokenizer",
            equivalence=0.2,
        ),
        Question("And in what it writes?", "dash-rate/t1/em-share", "tokenizer", equivalence=0.1),
        Question("And in what it writes at temperature .7?", "dash-rate/t0.7/em-share", "tokenizer", equivalence=0.1),
        Question(
            "Does a dash that costs a token more give way to the comma?",
            "dash-sites/sites/dash-preference",
            "tokenizer",
            equivalence=0.2,
        ),
        Question("And in what the model writes?", "dash-rate/t1/dash-share", "tokenizer", equivalence=0.1),
        Question(
            "Is the rate of dashes over that of the corpus a matter of tokens?",
            "dash-rate/t1/over-corpus",
            "tokenizer",
            equivalence=0.1,
        ),
        Question("Is it a matter of style?", "dash-rate/t1/over-corpus", "mixture", equivalence=0.1),
    ],
)
