"""A second language in the diet: what does it do for the first, at an equal number of bytes?

Every arm reads 600 kB: 300 kB of English scenes, and 300 kB of something else. In the reference the rest
is the same English again; in the others it is more English, or the same kind of scenes in German, Russian or Mandarin,
or in the shifted copy of English: the same grammar in words of its own, told apart from a real language by nothing but
its having no relation to it in form. The shifted copy comes twice: of other sentences than the English half, and of the
very same (parallel), which is what alignment across languages needs most.

All languages are worded from one meaning (data/grammars/scenes.toml), so what they talk about is the same, and their
sentences have a gold alignment (seedbed.data.alignment). Steps are in proportion to the documents of an arm, so that
all see as many bytes; Russian has fewer of them, as its letters take two bytes.
"""

from seedbed import Component, Grammar, Mixture, Question, Seeds, Study, model, probe, tokenizer
from seedbed.data.shifted import Shifted

HALF_BYTES = 300_000
ENGLISH, OTHERS = 0, 1  # seeds: the documents of the English half, and those of what stands beside it


def scenes(name: str, grammar: str, seed: int, documents: int, *steps: object) -> Component:
    """Scenes in one language, a little more than half an arm holds."""
    return Component(name, [Grammar(grammar, seed=seed, documents=documents), *steps], distinct=True)


english = scenes("english", "scenes", ENGLISH, 7_400)
more_english = scenes("more-english", "scenes", OTHERS, 7_400)
german = scenes("german", "german", OTHERS, 6_700)
russian = scenes("russian", "russian", OTHERS, 4_500)
mandarin = scenes("mandarin", "mandarin", OTHERS, 7_700)
shifted = scenes("shifted", "scenes", OTHERS, 7_400, Shifted())
parallel = scenes("shifted-parallel", "scenes", ENGLISH, 7_400, Shifted())


def beside(name: str, other: Component, steps_times: float = 1.0) -> Mixture:
    """Half English, half something else."""
    shares = {english: 0.5, other: 0.5}
    return Mixture(name, total_bytes=2 * HALF_BYTES, shares=shares, steps_times=steps_times)


study = Study(
    name="languages",
    mixtures=[
        Mixture("english-twice", total_bytes=HALF_BYTES, shares={english: 1.0}),
        beside("more-english", more_english),
        beside("german", german, 0.950),  # documents of the arm over those of the reference
        beside("russian", russian, 0.802),
        beside("mandarin", mandarin, 1.004),
        beside("shifted", shifted),
        beside("shifted-parallel", parallel),
    ],
    # In all but Russian nearly every word is one token. ("word" makes the copy the exact twin in other ids, but it
    # refuses a rare form that stands in held-out text alone, and Russian has such forms.)
    tokenizers=[tokenizer("bpe-words-1k", vocab_size=3_072)],
    models=[model("quickstart", steps=433, batch_size=32)],
    probes=[probe("scenes-agreement", pairs_per_paradigm=60), probe("bits-per-byte", bytes_per_source=4_000)],
    probe_points=(3, 4),
    seeds=Seeds(4),
    questions=[
        Question(
            "Does another language beside English change how well its verbs agree?",
            "minimal-pairs/scenes-agreement/mean/accuracy_sum",
        ),
        Question("Does it change how well English is predicted?", "bits-per-byte/english"),
    ],
)
