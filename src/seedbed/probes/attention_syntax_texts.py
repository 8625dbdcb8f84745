"""Where gold parses come from: a grammar, a treebank, or the held-out documents of a study's component."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from seedbed.data.grammar.recipe import Grammar
from seedbed.data.readers.conllu import ConlluReader
from seedbed.errors import SourceError, UnknownNameError
from seedbed.probes.attention_syntax_edges import ParsedText
from seedbed.probes.attention_syntax_recipe import treebank_files
from seedbed.probes.base import Material
from seedbed.workbench import Workbench

SYNTAX = ("heads", "relations", "word_starts", "word_ends")


def parsed(text: str, labels: Mapping[str, Any], source: str) -> ParsedText | None:
    """A text with its labels `SYNTAX`; None if it has no parse. Where words have no places, white space parts them."""
    heads, relations, starts, ends = (labels.get(name) for name in SYNTAX)
    if not heads or not relations:
        return None
    if starts is None or ends is None:
        words = text.split()
        starts = np.cumsum([0, *(len(word) + 1 for word in words[:-1])]).tolist()
        ends = [start + len(word) for start, word in zip(starts, words, strict=True)]
    spans = np.stack([np.array(starts, np.int64), np.array(ends, np.int64)], axis=1)
    if len(spans) != len(heads):
        raise SourceError(f"{source}: {text[:40]!r} has {len(heads)} heads and {len(spans)} words; mend its parse")
    return ParsedText(text, tuple(int(head) for head in heads), tuple(map(str, relations)), spans, source)


def distinct(texts: Iterable[ParsedText | None], count: int) -> list[ParsedText]:
    """The first `count` different texts that have a parse."""
    found: dict[str, ParsedText] = {}
    for text in texts:
        if len(found) == count:
            break
        if text is not None:
            found.setdefault(text.text, text)
    return list(found.values())


def grammar_texts(grammar: Grammar, count: int, workbench: Workbench) -> list[ParsedText]:
    """The first different documents of a grammar, with their gold parses."""
    (step,) = replace(grammar, documents=min(grammar.documents, 2 * count)).steps(workbench)
    return distinct((parsed(each.text, each.metadata, grammar.name) for each in step.run()), count)


def treebank_texts(location: str, count: int, workbench: Workbench) -> list[ParsedText]:
    """Sentences of CoNLL-U files: those whose hashes are smallest, in the order of the files. Errors: SourceError."""
    files = treebank_files(location, workbench)
    found = [
        parsed(text, labels, file.name.partition(".")[0])
        for file in files
        for text, labels in ConlluReader([str(file)], sentences=True).records(Path(file))
    ]
    every = distinct(found, len(found))
    ranked = sorted(every, key=lambda each: hashlib.sha256(each.text.encode("utf-8", "surrogatepass")).digest())
    chosen = {each.text for each in ranked[:count]}
    return [each for each in every if each.text in chosen]


def component_texts(material: Material, component: str, count: int, probe: str) -> list[ParsedText]:
    """Held-out documents of a component. Errors: SourceError outside a study; UnknownNameError for its name."""
    if material.heldout_table is None:
        raise SourceError(
            f"{probe}: component={component!r} is of a study; give grammar= or treebank= to score a model"
        )
    if component not in material.heldout:
        raise UnknownNameError("component with held-out documents", component, list(material.heldout))
    texts = material.heldout[component]
    # Beside a column of the catalogue, which every component has.
    rows = material.heldout_table(component, ("id", *SYNTAX)).to_pylist()
    return distinct((parsed(text, row, component) for text, row in zip(texts, rows, strict=True)), count)
