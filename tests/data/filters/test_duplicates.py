from __future__ import annotations

import numpy as np

from seedbed.data.filters.recipes import deduplicated
from seedbed.data.recipes import Component, Files

# Letters alone: to datatrove all numbers are one word.
WORDS = [a + b + c for a in "bdfgk" for b in "aeiou" for c in "lmnprstz"]


def sentences(seed, number):
    chosen = np.random.default_rng(seed).choice(WORDS, (number, 9))
    return " ".join(" ".join(words).capitalize() + "." for words in chosen)


def test_near_duplicates(build, jsonl, workbench):
    passages = [" ".join(np.random.default_rng(seed).choice(WORDS, 60)) for seed in range(12)]
    near = [f"{passage} and so on" for passage in passages[:5]]
    location = jsonl("near.jsonl", passages + near)
    stored, receipt = build(Component("c", deduplicated([Files(location)], "minhash")))
    assert receipt.skipped == {"duplicates (minhash)": 5}
    found = sorted(stored.iter_texts())
    for passage, copy in zip(passages, near, strict=False):
        assert (passage in found) != (copy in found)
    assert set(passages[5:]) <= set(found)


def test_repeated_sentences(build, jsonl):
    shared = "The harbour was full of boats. Nobody was there to see them. The rain had begun again."
    others = [sentences(seed, 12) for seed in (1, 2)]
    parse = {"heads": [-1], "relations": ["root"]}
    texts = [f"{shared} {others[0]}", f"{others[1]} {shared}"]
    location = jsonl("s.jsonl", [{"text": text, **parse} for text in texts])
    stored, _ = build(Component("c", deduplicated([Files(location)], "sentence")))
    assert stored.documents == 2
    # The parse of a text that lost a sentence is none of what is left.
    assert stored.syntax().column("heads").null_count == 1
    assert sum(text.count("The harbour was full of boats.") for text in stored.iter_texts()) == 1
