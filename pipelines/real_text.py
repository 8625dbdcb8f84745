"""Real text: English, German, French and Spanish, and what a small model makes of them in ten minutes.

English comes from public-domain books and the English Web Treebank, the other languages from public-domain books. Each
location can be replaced on the command line, by a file or by a dataset of the Hugging Face hub:

    seedbed run pipelines/real_text.py --set german=hub:some-name/some-dataset@train --set french=my_text.parquet

One tokenizer is trained on all of it, and a small model is scored on all 67 BLiMP paradigms and on bits per byte in
each language. With two seeds nothing is compared; the study shows a component built from steps of datatrove and of
seedbed side by side, and gives a first model of real text.
"""

from datatrove.data import Document
from datatrove.pipeline.filters import LambdaFilter
from datatrove.pipeline.readers import JsonlReader

from seedbed import Component, Mixture, Seeds, Study, model, option, probe, source, tokenizer

SHARED = "../shared/data"


def is_prose(document: Document) -> bool:
    """Leave out passages that are mostly not letters: tables, contents, rows of asterisks."""
    return sum(map(str.isalpha, document.text)) > 0.6 * len(document.text)


def books(name: str, language: str, location: str) -> Component:
    """Passages of books, read by seedbed (which names the line of a fault) and filtered by datatrove."""
    return Component(name, [source(option(name, location)), LambdaFilter(is_prose)], language=language)


own_english = option("english", "")
english_steps = [source(own_english)] if own_english else [JsonlReader(f"{SHARED}/text", glob_pattern="en_books_pd*")]
english = Component("english-books", [*english_steps, LambdaFilter(is_prose)], language="en")
treebank = Component("english-web", source(option("treebank", f"{SHARED}/ud/en_ewt/en_ewt-ud-train.conllu.gz")))
german = books("german", "de", f"{SHARED}/text/de_books.jsonl.gz")
french = books("french", "fr", f"{SHARED}/text/fr_books.jsonl.gz")
spanish = books("spanish", "es", f"{SHARED}/text/es_books.jsonl.gz")

study = Study(
    name="real-text",
    mixtures=[
        Mixture(
            "four-languages",
            total_bytes=3_600_000,
            shares={english: 0.13, treebank: 0.25, german: 0.20, french: 0.21, spanish: 0.21},
        )
    ],
    tokenizers=[tokenizer("bpe-4k")],
    models=[model("micro", steps=200, warmup_steps=40)],
    probes=[probe("blimp"), probe("bits-per-byte", bytes_per_source=10_000)],
    probe_points=(3, 3),
    seeds=Seeds(2),
)
