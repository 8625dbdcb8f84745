"""Real text: English, German, French and Spanish books, and what a small model makes of them.

English comes from public-domain books and the English Web Treebank, the other languages from public-domain books. Each
location can be replaced on the command line, by a file or by a dataset of the Hugging Face hub:

    seedbed run pipelines/real_text.py --set german=hub:some-name/some-dataset@train --set french=my_text.parquet

One tokenizer is trained on all of it, and a small model is scored on all 67 BLiMP paradigms and on bits per byte in
each language.
"""

from seedbed import Component, Mixture, Seeds, Study, model, option, probe, source, tokenizer

SHARED = "../shared/data"

books = Component("english-books", source(option("english", f"{SHARED}/text/en_books_pd.jsonl.gz")), language="en")
treebank = Component(
    "english-web", source(option("treebank", f"{SHARED}/ud/en_ewt/en_ewt-ud-train.conllu.gz")), language="en"
)
german = Component("german", source(option("german", f"{SHARED}/text/de_books.jsonl.gz")), language="de")
french = Component("french", source(option("french", f"{SHARED}/text/fr_books.jsonl.gz")), language="fr")
spanish = Component("spanish", source(option("spanish", f"{SHARED}/text/es_books.jsonl.gz")), language="es")

study = Study(
    name="real-text",
    mixtures=[
        Mixture(
            "four-languages",
            total_bytes=4_000_000,
            shares={books: 0.10, treebank: 0.30, german: 0.20, french: 0.20, spanish: 0.20},
        )
    ],
    tokenizers=[tokenizer("bpe-4k")],
    models=[model("micro", steps=600, layout="packed")],
    probes=[probe("blimp"), probe("bits-per-byte")],
    seeds=Seeds(2),
)
