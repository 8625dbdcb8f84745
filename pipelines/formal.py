"""Spelling: how many words must be spelled out before a small model can spell the others?

Made-up words of two strings of letters, each string one token: "spell qz kf : q z k f". A model can only know the
letters of a string that it has seen in some word that was spelled, and it has to carry them over to words that were
not. The arms differ in the share of words that are ever spelled, and in whether the loss is taken on all tokens or on
the answers alone; the number of documents is the same. All words are mentioned in every arm, spelled or not.

The pairs of probes/spelling.toml set the right spelling of a word that no arm spells against another word's. With them
come words of eight strings that are in no spelled word at all: nobody can know these, so they must stay at chance.
"""

from seedbed import Component, Mixture, Question, Seeds, Study, model, probe, tokenizer
from seedbed.data.formal.word_recipes import Spelling

SHAPE = {"layers": 2, "context": 16, "positions": "learned", "steps": 240, "warmup_steps": 30}


def spelled(dose: float) -> Mixture:
    """So many of the 1,600 words are spelled; four documents of five spell, the fifth mentions a word."""
    source = Spelling(
        tokens=48, never_drilled=8, spaced=True, dose=dose, tasks={"spell": 0.8, "mention": 0.2}, documents=16_000
    )
    drills = Component(f"spelled-{dose:.1%}".replace(".", "-").replace("%", ""), source, heldout_share=0)
    return Mixture(f"spelled-{dose:.1%}", total_bytes=300_000, shares={drills: 1.0})


study = Study(
    name="spelling-dose",
    mixtures=[spelled(0.01), spelled(0.03), spelled(0.5)],
    tokenizers=[tokenizer("word")],
    models=[
        model("nano", name="loss-on-answers", loss_on="answer", **SHAPE),
        model("nano", name="loss-on-all", **SHAPE),
    ],
    probes=[
        probe("spelling", paradigms=("new_words",)),
        probe("spelling", name="never-drilled", paradigms=("never_drilled",)),
    ],
    probe_points=(4, 6),
    seeds=Seeds(3),
    questions=[
        Question(
            "Do words that were never spelled gain from more words that were?",
            metric="minimal-pairs/spelling/new_words/margin_nats",
            factor="mixture",
        ),
        Question(
            "Does it matter whether the loss is taken on the answers alone?",
            metric="minimal-pairs/spelling/new_words/margin_nats",
            factor="model",
        ),
    ],
)
