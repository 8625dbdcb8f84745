"""Does a model that counts the letters of *strawberry* count those of a *blueberry* that it never saw counted?

Drills on 1,200 real words ("count r strawberry : 3", spell, contains, first and last letter, insert, delete, swap) are
mixed at a stated share of bytes into sentences of our grammar. A fifth of the words is held out of every drill,
blueberry among them: the same share of every band of frequency and of every length. Lists of words, drilled and held
out, at the rates of their frequency, let tokenizers and models meet them all. The loss falls on all of the text, and of
drills on the answers.

The arms differ in the tokenizer: bytes, where every letter of a word can be seen; byte-level BPE with 320 and with 512
tokens, where words are pieces of two and more letters that other words share; Unigram with 512. (A tokenizer of
characters cuts this text as bytes do; `--set tokenizers=byte,bpe-2048` has words that are one token.)

Expectations, written before the full run, after single-seed trials that set the sizes: of bytes, where counting in
held-out words came after 600 to 800 updates, and one of bpe-512, where it did not come in 900. Under bytes a model
counts in held-out words about as well as in drilled ones, and begins to at the same step, as it has to compare letters
and nothing to remember of words. Under BPE and Unigram it has to learn the letters of every token first: counting comes
later, the later the larger the vocabulary, and perhaps not in these 1,300 updates, in drilled words no later than in
held-out ones. Where a model counts, words with a token that no drilled word has stay at the level of the rules that
never look into the word.

    seedbed run pipelines/letter_counting.py --set answers=dealt

is the control: every question has the answer of another one of its task, so that there is nothing to learn but how
often each answer is right. No arm may get above the rules there.

    seedbed run pipelines/letter_counting.py --set text=books

mixes the drills into public-domain books instead, from beside the project.
"""

from datatrove.data import DocumentsPipeline

from seedbed import Component, Grammar, Mixture, Question, Seeds, Study, model, option, probe, tokenizer
from seedbed.data.formal.word_recipes import LetterDrills
from seedbed.data.recipes import Files
from seedbed.errors import UnknownNameError

text = option("text", "grammar")
if text not in ("grammar", "books"):
    raise UnknownNameError("text of this study", text, ("grammar", "books"))
answers = option("answers", "true")
if answers not in ("true", "dealt"):
    raise UnknownNameError("answers of this study's drills", answers, ("true", "dealt"))
share = float(option("share", "0.9"))  # of the bytes, that drills take

# Mostly counts: an answer of one token weighs little beside the ten of a spelling.
TASKS = {
    "count": 0.72,
    "spell": 0.16,
    "contains": 0.04,
    "first letter": 0.02,
    "last letter": 0.02,
    "insert": 0.014,
    "delete": 0.013,
    "swap": 0.013,
}
WORDS = {
    "words": 1_200,
    "bands": (2_000, 8_000, 20_000),
    "held_out_share": 0.2,
    "always_drilled": ("strawberry",),
    "always_held_out": ("blueberry",),
}
STEPS, BATCH = int(option("steps", "1300")), 128


def all_of_it(documents: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
    """Mark the whole of each document as what the loss falls on."""
    for document in documents:
        document.metadata |= {"answer_start": 0, "answer_end": len(document.text.encode())}
        yield document


drills = LetterDrills(tasks=TASKS, answers=answers, documents=175_000, **WORDS)
mentions = Component("mentions", LetterDrills(tasks=("mention",), documents=15_000, **WORDS))
passages = (
    Grammar("english_broad", max_words=6, documents=15_000)
    if text == "grammar"
    else Files("../shared/data/text/en_books_pd.jsonl.gz", document_bytes=64)
)
sentences = Component("text", [passages, all_of_it], language="en")


rest = (1 - share) / 2  # of the bytes: half text, half words by their frequency
shares = {Component("drills", drills, heldout_share=0.002): share, mentions: rest, sentences: rest}

TOKENIZERS = {
    "byte": tokenizer("byte"),
    "bpe-320": tokenizer("bpe", vocab_size=320),
    "bpe-512": tokenizer("bpe", vocab_size=512),
    "bpe-2048": tokenizer("bpe", vocab_size=2_048),
    "unigram-512": tokenizer("unigram", vocab_size=512),
    "character": tokenizer("character"),
}


def chosen() -> list[str]:
    """The tokenizers of this run."""
    names = option("tokenizers", "byte,bpe-320,bpe-512,unigram-512").split(",")
    for each in names:
        if each not in TOKENIZERS:
            raise UnknownNameError("tokenizer of this study", each, TOKENIZERS)
    return names


study = Study(
    name="-".join(
        ["letter-counting", *(["books"] if text == "books" else []), *(["dealt"] if answers == "dealt" else [])]
    ),
    mixtures=[Mixture(f"{answers}-answers", total_bytes=3_700_000, repeat_up_to=8, shares=shares)],
    tokenizers=[TOKENIZERS[name] for name in chosen()],
    # So many bytes of the drills that tokenizers learn the words from their mentions, alike on both sides of the split.
    tokenizer_bytes=150_000,
    models=[
        model(
            "nano",
            steps=STEPS,
            batch_size=BATCH,
            warmup_steps=50,
            layers=2,
            context=80,
            mlp="gelu",
            positions="learned",
            init_std=0.06,  # letters are told apart from the start: from .02 they are found a thousand updates later
            embedding_init_std=0.3,
            loss_on="answer",
        )
    ],
    probes=[
        probe("letters", source=drills, items=150, seen_items=75, words=("strawberry", "blueberry")),
        probe(
            "letters",
            name="spelling",
            source=drills,
            tasks=tuple(sorted(TASKS.keys() - {"count"})),
            items=20,
            seen_items=0,
            at="last",
        ),
    ],
    probe_points=(1, 12),
    seeds=Seeds(int(option("seeds", "4"))),
    questions=[
        Question(
            "Does counting in held-out words depend on the tokenizer?", "letters/held-out.count/exact", "tokenizer"
        ),
        Question("Counting in drilled words?", "letters/seen.count/exact", "tokenizer"),
        Question("Counting in blueberry, held out?", "letters/word-blueberry/exact", "tokenizer"),
    ],
)
