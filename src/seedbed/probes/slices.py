"""Where in held-out text does a model lose its bits? The loss of slices that add up to the whole.

Every token of every document is scored once, as in `bits_per_byte`, and its nats are rounded to multiples of 2^-20,
which float64 adds exactly: the nats, and the bytes, of the slices of a way add up to those of all text exactly, in any
order. Scalars: "<probe>/total", "<probe>/<way>.<slice>" in bits per byte, with ".nats" and ".bytes" beside each.

Ways: see the recipe. A document without a label is in slice "none". Of "constructions" every mark is a way of its own,
"with.<mark>" and "without.<mark>". Of "frequency" a word is what stands between white space, its bytes are those of its
tokens (the space before it included), and its band is its occurrences per million words of the run's own mixture:
"unseen", "below-10", "10-to-100", ..., "from-10000". Outside a study's run, where that mixture is not known, and for
the same reason stated in the conventions, words are counted in the held-out text itself. An end of document is not
scored. Controls: the untrained model is step 0, whose slices show how many bits a byte costs before anything is
learned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from torch import nn

from seedbed.errors import SourceError
from seedbed.probes.base import Material, Measurement, TextEncoder, with_conventions
from seedbed.probes.bits_per_byte import bits_per_byte, encoded, first_bytes, pieces, quantised
from seedbed.probes.metric_names import part_name, part_names
from seedbed.probes.scoring import Request, Scorer
from seedbed.probes.slices_recipe import LossBySlice

Ints = NDArray[np.int64]

COLUMNS = {
    "construction": "construction",
    "constructions": "constructions",
    "depth": "embedding_depth",
    "language": "language",
    "task": "task",
}
"""Columns of the catalogue, by way."""
OTHER, NONE = "other", "none"
CONVENTIONS = (
    "Every token of a document is scored, the first one after an end-of-document token; the end of it is not. "
    "Nats per token are rounded to multiples of 2^-20, so that slices add up exactly."
)


@dataclass(frozen=True)
class Cut:
    """One way to cut all tokens. names: of its slices; of: int64[tokens], the slice of each."""

    way: str
    names: list[str]
    of: Ints


def prepare(recipe: LossBySlice, material: Material) -> PreparedSlices:
    """Choose, encode and cut the documents. Errors: SourceError, see the recipe."""
    texts = {source: first_bytes(some, recipe.bytes_per_source) for source, some in material.heldout.items()}
    texts = {source: some for source, some in texts.items() if some}
    if not texts:
        raise SourceError(f"{recipe.name}: no component has held-out text; raise its heldout_share")
    return PreparedSlices(recipe, material, texts)


class PreparedSlices:
    """Held-out documents, encoded, with the slice of every token in every way."""

    def __init__(self, recipe: LossBySlice, material: Material, texts: Mapping[str, Sequence[str]]) -> None:
        self.name = recipe.name
        encoder = material.encoder
        flat = [text for some in texts.values() for text in some]
        ids = encoded(recipe.name, flat, encoder)
        requests: list[Request] = []
        for tokens in ids:
            requests += pieces([encoder.eos_id, *tokens], material.context)
        self._scorer = Scorer(requests, encoder, tries=False)
        self.cost_tokens = self._scorer.cost_tokens
        self._document = np.repeat(np.arange(len(ids)), [len(tokens) for tokens in ids])
        self._bytes = np.concatenate(
            [token_bytes(text, tokens, encoder) for text, tokens in zip(flat, ids, strict=True)]
        )
        counted, note = _word_counts(recipe, material, flat)
        self.conventions = f"{CONVENTIONS} {note}".strip()
        labels = _labels(recipe, material, texts)
        self._cuts = [_document_cut(way, values, self._document, recipe.most) for way, values in labels.items()]
        if "frequency" in recipe.ways:
            self._cuts.append(frequency_cut(ids, encoder, counted, recipe.per_million))
        sources = [source for source, some in texts.items() for _ in some]
        self._fixed = {
            "source": pa.array(sources, pa.string()).dictionary_encode(),
            "document": pa.array([number for some in texts.values() for number in range(len(some))], pa.int64()),
            "tokens": pa.array([len(tokens) for tokens in ids], pa.int64()),
            "bytes": pa.array([len(text.encode()) for text in flat], pa.int64()),
        }

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Bits per byte, nats and bytes of all text and of every slice, and one row per document."""
        nats = quantised(-self._scorer.token_scores(model))
        scalars = _scalars(f"{self.name}/total", float(nats.sum()), int(self._bytes.sum()))
        for cut in self._cuts:
            of_slice = np.bincount(cut.of, weights=nats, minlength=len(cut.names))
            sizes = np.bincount(cut.of, weights=self._bytes, minlength=len(cut.names))
            for name, some, size in zip(cut.names, of_slice.tolist(), sizes.tolist(), strict=True):
                if size:
                    scalars |= _scalars(f"{self.name}/{cut.way}.{name}", some, int(size))
        documents = np.bincount(self._document, weights=nats, minlength=len(self._fixed["tokens"]))
        table = pa.table(self._fixed | {"nats": pa.array(documents)})
        return Measurement(scalars, with_conventions(table, self.conventions))


def _scalars(name: str, nats: float, size: int) -> dict[str, float]:
    return {name: bits_per_byte(nats, size), f"{name}.nats": nats, f"{name}.bytes": float(size)}


def token_bytes(text: str, tokens: Sequence[int], encoder: TextEncoder) -> Ints:
    """int64[tokens]: how many bytes of the text each token is; they add up to those of the text.

    What a tokenizer puts between tokens (a word tokenizer's spaces) belongs to the token after it. A space that it puts
    before every text is no byte of it. A token that ends within a character has the bytes up to the last whole
    character.
    """
    pieces_of = getattr(encoder, "token_bytes", None)
    if pieces_of is not None:
        sizes = np.array([len(pieces_of[token]) for token in tokens], np.int64)
        if int(sizes.sum()) == len(text.encode()):
            return sizes
        if tokens and int(sizes.sum()) == len(text.encode()) + 1 and pieces_of[tokens[0]][:1] == b" ":
            sizes[0] -= 1  # a space that the tokenizer puts before every text
            return sizes
        spaced = sizes + (np.arange(len(sizes)) > 0)
        if int(spaced.sum()) == len(text.encode()):
            return np.asarray(spaced, np.int64)
    ends = [0, *(len(encoder.decode(tokens[: end + 1]).encode()) for end in range(len(tokens)))]
    return np.array([end - begin for begin, end in pairwise(ends)], np.int64)


def _labels(recipe: LossBySlice, material: Material, texts: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The label of every document, by way."""
    found: dict[str, list[str]] = {}
    if "source" in recipe.ways:
        found["source"] = [source for source, some in texts.items() for _ in some]
    asked: dict[str, str] = {way: COLUMNS[way] for way in recipe.ways if way in COLUMNS}
    if material.heldout_table is None or not asked:
        return found
    marks: list[frozenset[str]] = []
    columns: dict[str, list[str]] = {way: [] for way in asked if way != "constructions"}
    for source, some in texts.items():
        table = material.heldout_table(source, list(asked.values())).slice(0, len(some))
        for way in columns:
            there = asked[way] in table.column_names
            values = table[asked[way]].to_pylist() if there else [None] * len(some)
            columns[way] += [NONE if value in (None, "") else str(value) for value in values]
        if "constructions" in asked:
            there = "constructions" in table.column_names
            lists = table["constructions"].to_pylist() if there else [None] * len(some)
            marks += [frozenset(each or ()) for each in lists]
    found |= {way: values for way, values in columns.items() if set(values) != {NONE}}
    commonest = Counter(mark for some in marks for mark in some).most_common(recipe.most)
    for mark, _ in sorted(commonest):
        found[f"mark.{mark}"] = [mark if mark in some else f"not {mark}" for some in marks]
    return found


def _document_cut(way: str, values: Sequence[str], document: Ints, most: int) -> Cut:
    """Slices of documents by a label; all but the `most` commonest are one."""
    counts = Counter(values)
    if way.startswith("mark."):
        mark = way.removeprefix("mark.")
        among = [mark, f"not {mark}"]
        names, way = [f"with.{part_name(mark)}", f"without.{part_name(mark)}"], "constructions"
    else:
        among = sorted(counts) if len(counts) <= most else sorted(name for name, _ in counts.most_common(most))
        names = part_names(among)
    places = {name: place for place, name in enumerate(among)}
    if len(counts) > len(among):
        names.append(OTHER)
    of = np.array([places.get(value, len(among)) for value in values], np.int64)
    return Cut(way, names, of[document])


def _word_counts(recipe: LossBySlice, material: Material, texts: Iterable[str]) -> tuple[Counter[str], str]:
    """Occurrences of words in the run's own mixture, or in the held-out text itself, and what was counted."""
    if "frequency" not in recipe.ways:
        return Counter(), ""
    if material.training_documents is None:
        return Counter(word for text in texts for word in text.split()), "Words are counted in the held-out text."
    encoder = material.encoder
    counts: Counter[str] = Counter()
    for document in material.training_documents(recipe.frequency_tokens):
        counts.update(encoder.decode([int(token) for token in document if token != encoder.eos_id]).split())
    return counts, f"Words are counted in the first {recipe.frequency_tokens:,} tokens of the run's own mixture."


def frequency_cut(
    ids: Sequence[Sequence[int]], encoder: TextEncoder, counts: Counter[str], per_million: Sequence[float]
) -> Cut:
    """Every token in the band of its word's frequency. counts: occurrences of words; per_million: edges of bands."""
    edges = list(per_million)
    names = ["unseen", *(_band(edges, place) for place in range(len(edges) + 1))]
    total = max(1, counts.total())
    starts = encoder.starts_with_space
    found: list[Ints] = []
    bands: dict[tuple[int, ...], int] = {}
    for tokens in ids:
        begins = starts[np.array(tokens, np.int64)] if len(tokens) else np.empty(0, np.bool_)
        borders = [0, *(place for place in np.flatnonzero(begins).tolist() if place), len(tokens)]
        of = np.zeros(len(tokens), np.int64)
        for start, end in pairwise(borders):
            key = tuple(tokens[start:end])
            if key not in bands:
                count = counts[encoder.decode(list(key)).strip()]
                bands[key] = 1 + int(np.searchsorted(edges, count * 1e6 / total, side="right")) if count else 0
            of[start:end] = bands[key]
        found.append(of)
    return Cut("frequency", names, np.concatenate([np.empty(0, np.int64), *found]))


def _band(edges: Sequence[float], place: int) -> str:
    if not edges:
        return "seen"
    if place == 0:
        return f"below-{edges[0]:g}"
    if place == len(edges):
        return f"from-{edges[-1]:g}"
    return f"{edges[place - 1]:g}-to-{edges[place]:g}"
