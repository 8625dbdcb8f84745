"""Are unspaced em dashes favoured because they save a token?"""

from seedbed import Component, Grammar, Mixture, Question, Seeds, Study, model, option, probe, tokenizer
from seedbed.data.matched import Matched
from seedbed.data.transforms.recipes import ClosedUp, DashStyle

PLANTED = 0.5
EM, EN = "unspaced em dash", "spaced en dash"
TOTAL_BYTES = 2_000_000

sentences = Grammar("english_broad", task="sentence", shares={"conditional": 0.6}, documents=42_000)


def written(name: str, *styles: DashStyle) -> Component:
    return Component(name, [sentences, ClosedUp(), *styles], language="en", heldout_share=0.02)


arms = [
    written("half", DashStyle(EM, plant=PLANTED, other=EN)),
    written("em", DashStyle(EM, plant=PLANTED)),
    written("en", DashStyle(EN, plant=PLANTED)),
    written("commas"),
]

study = Study(
    name="dash-usage",
    mixtures=[
        Mixture(c.name, total_bytes=TOTAL_BYTES, shares={c: 1.0}, matched=Matched("updates", counted="steps"))
        for c in arms
    ],
    tokenizers=[
        tokenizer("bpe", vocab_size=700, name="as-trained"),
        tokenizer("bpe", vocab_size=700, dashes="isolated", name="isolated"),
        tokenizer("bpe", vocab_size=700, dashes="never merged", name="never-merged"),
    ],
    models=[model("nano", steps=int(option("steps", "1000")), context=128)],
    probes=[
        probe("dash-sites", component="half", sites=60, contexts=[("if the king slept", "the queen laughed."), ("if Mary sleeps", "the boys run.")]),
        probe("dash-rate"),
        probe("bits-per-byte", bytes_per_source=4_000, at="last"),
    ],
    probe_points=(2, 3),
    seeds=Seeds(int(option("seeds", "4"))),
    questions=[Question("x", "dash-sites/gold/em-share", "tokenizer")],
)
