"""Does filtered text teach more than as many bytes of unfiltered text taken at random?

The raw text is a small web as one finds it: the English Web Treebank (blogs, mail, reviews, answers), a part of this
machine's Python library, and public-domain books that stand in it twice. Four arms read equally many bytes:

- random: a random part of the raw text, as long as what the filters leave of it (the control);
- filtered: what datatrove's Gopher filters leave (they were made for web pages and drop code, lists and short texts);
- deduplicated: the raw text without near-duplicates, which here are the repeated books;
- both: filters first, then near-duplicates.

All arms are without documents that share 13 words in a row with the text they are measured on: the treebank's
development and test parts (more of the same web) and inaugural addresses (edited prose that no arm has).

The files are not part of seedbed; give others with `--set books=FILE`, `web`, `web_test` and `speeches`.
"""

from seedbed import Component, Files, Mixture, PythonStdlib, Question, Seeds, Study, model, option, probe, tokenizer
from seedbed.data.filters.recipes import decontaminated, deduplicated, quality, random_subset

SHARED = "../shared/data"
books = Files(option("books", f"{SHARED}/text/en_books_pd.jsonl.gz"))
web = Files(option("web", f"{SHARED}/ud/en_ewt/en_ewt-ud-train.conllu.gz"))
web_test = [Files(option("web_test", f"{SHARED}/ud/en_ewt/en_ewt-ud-test.conllu.gz"))]
speeches = [Files(option("speeches", f"{SHARED}/text/en_inaugural.jsonl.gz"), document_bytes=2_048)]
code = random_subset(PythonStdlib(), like=books)

raw = [web, books, books, code, decontaminated([web_test, speeches], n=13)]
filters = quality("gopher-repetition", "gopher-quality")
arms = {
    "random": random_subset(raw, like=filters),
    "filtered": [*raw, filters],
    "deduplicated": deduplicated(raw, "minhash"),
    "both": deduplicated([*raw, filters], "minhash"),
}
components = {name: Component(name, source, language="en") for name, source in arms.items()}
measured_on = {
    Component("web", web_test, language="en", heldout_share=0.5): 0.0,
    Component("speeches", speeches, language="en", heldout_share=0.5): 0.0,
}

study = Study(
    name="data-quality",
    mixtures=[
        Mixture(name, total_bytes=1_000_000, shares={component: 1.0, **measured_on})
        for name, component in components.items()
    ],
    tokenizers=[tokenizer("byte")],  # a token is a byte, so equal updates are equal bytes whatever the text is like
    models=[model("nano", layout="packed", batch_size=16, context=256, steps=240)],  # 240 x 16 x 256 bytes
    probes=[probe("bits-per-byte", bytes_per_source=30_000)],
    probe_points=(2, 4),
    seeds=Seeds(4),
    questions=[
        Question("Do the arms differ on more text of the same web?", metric="bits-per-byte/web"),
        Question("Do they differ on edited prose that none of them has?", metric="bits-per-byte/speeches"),
    ],
)
