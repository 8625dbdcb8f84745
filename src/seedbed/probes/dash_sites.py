"""How probable is a dash where one stands, and what do the ways to write it cost?

A place is what stands before a site and what comes after it. The model reads the former, from an end-of-document token,
and is asked for the probability that the bytes of a dash come next, summed over every token path that writes them
(`byte_prefix`): of an em dash, with and without a space before it, of an en dash the same, and of a comma. Slices:

- gold: the first dash site of held-out documents. commas: the first comma of others, with no dash before it.
- minimal: the contexts of the recipe.
- shuffled: gold, with the words before the site in random order: what is left there is no knowledge of the context.

"<probe>/<slice>/...", means over its places:

- dash, comma: the probability; dash-bits: -log2 of the former (PROTOCOLS 4.8).
- em-share: P(em dash) over P(dash), of the sums over places: what share of em dashes sampling there would give.
- em-over-comma, en-over-comma, em-over-en: differences of log-probabilities in nats; em-first: share of places where
  the em dash is more probable than the en dash, dash-first than the comma; ties count half.
- em-bits, en-bits, comma-bits: -log2 P of the construction with the word after it (word—WORD, word – WORD, word, WORD)
  as the tokenizer writes it, and em-bits-per-byte, ...: their sum over the construction's bytes, the word included.

"<probe>/sites/...", where the run's own training documents can be counted, over gold and commas together:

- em-preference: log-odds of em against en dash, of the sums over places, less those in the corpus. 0: written as often
  as it was read. Only where the corpus has both. dash-preference: the same of dashes against commas.

"<probe>/gold-over-commas/dash": log-probability of a dash at dash sites less that at comma sites, in nats: 0 where
dashes stand at random. "<probe>/tokens/em", "en", "comma": tokens of the construction with its word more than a plain
space and the word take, at gold places; a fact of the tokenizer, the same at every step. The untrained model is step 0.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from torch import nn

from seedbed.data.transforms.dashes import COMMA, dash_sites
from seedbed.errors import SourceError
from seedbed.probes.base import Material, Measurement, TextEncoder, check_context, with_conventions
from seedbed.probes.byte_prefix import BytePrefixScorer, PrefixQuery, split_at, token_bytes
from seedbed.probes.dash_rate import Counts, count
from seedbed.probes.dash_sites_recipe import DashSites
from seedbed.probes.scoring import Request, Scorer

RENDERED = {"em": "\u2014", "en": " \u2013 ", "comma": ", "}
PLAIN = " "
BYTES = {"em": ("\u2014", " \u2014"), "en": ("\u2013", " \u2013"), "comma": (",",)}
"""What is asked for: ways to begin each construction that exclude one another."""
GOLD, COMMAS, MINIMAL, SHUFFLED = "gold", "commas", "minimal", "shuffled"
CORPUS_TOKENS = 200_000
"""Training documents of so many tokens give a corpus's odds: 6,000 dashes at 30 in a thousand, odds within 3 %."""
CONVENTIONS = (
    "Probabilities that the bytes of a dash or comma come next are summed over all token paths. Bits of a "
    "construction are those of its tokens as the tokenizer writes it, up to the end of the word after it."
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """What is read before a site, and what comes after it, the blanks around the site left out."""

    slice: str
    left: str
    right: str

    @property
    def word(self) -> str:
        """The first word after the site, with the marks on it."""
        return self.right.split(maxsplit=1)[0]


def prepare(recipe: DashSites, material: Material) -> PreparedDashSites:
    """Find the places and encode them. Errors: SeedbedError, as of `DashSites.prepare`."""
    if recipe.component not in material.heldout:
        there = ", ".join(material.heldout) or "none"
        raise SourceError(f"{recipe.name}: no component is called {recipe.component!r} (there is: {there}); name one")
    found = list(places(recipe, material.heldout[recipe.component]))
    if not any(place.slice == GOLD for place in found):
        raise SourceError(
            f"{recipe.name}: no held-out document of {recipe.component!r} has a dash between words; name a component "
            "that has dashes, or raise its heldout_share"
        )
    corpus = None
    if material.training_documents is not None:
        documents = material.training_documents(CORPUS_TOKENS)
        corpus = count(material.encoder.decode(ids.tolist()) for ids in documents)
    return PreparedDashSites(recipe.name, found, material.encoder, corpus, context=material.context)


def places(recipe: DashSites, texts: Sequence[str]) -> Iterator[Place]:
    """Gold and comma sites of texts in their order, gold sites with shuffled words, and the recipe's contexts."""
    gold: list[Place] = []
    commas: list[Place] = []
    for text in texts:
        dash = next(((site.start, site.end) for site in dash_sites(text)), None)
        comma = next((found.span() for found in COMMA.finditer(text)), None)
        if dash is not None and text[dash[1] :].split():
            _add(gold, recipe, GOLD, text, dash)
        elif dash is None and comma is not None:
            _add(commas, recipe, COMMAS, text, comma)
    yield from gold
    yield from commas
    for number, place in enumerate(gold):
        words = place.left.split()
        random.Random(f"{recipe.seed}.{number}").shuffle(words)
        yield Place(SHUFFLED, " ".join(words), place.right)
    for left, right in recipe.contexts:
        yield Place(MINIMAL, left, right)


def _add(some: list[Place], recipe: DashSites, name: str, text: str, span: tuple[int, int]) -> None:
    left = _last_words(text[: span[0]], recipe.left_bytes)
    if left and len(some) < recipe.sites:
        some.append(Place(name, left, text[span[1] :].lstrip()))


def _last_words(text: str, size: int) -> str:
    """The last whole words of a text that fit into so many bytes; "" if none does."""
    raw = text.encode()
    if len(raw) <= size:
        return text
    cut = raw[-size - 1 :].decode(errors="ignore")
    place = next((number for number, character in enumerate(cut) if character.isspace()), len(cut))
    return cut[place:].lstrip()


class PreparedDashSites:
    """Places whose queries and constructions are laid out."""

    def __init__(
        self, name: str, found: Sequence[Place], encoder: TextEncoder, corpus: Counts | None, *, context: int
    ) -> None:
        self.name = name
        self.corpus = corpus
        self.conventions = CONVENTIONS
        self.places = list(found)
        self._rows = {
            each: np.array([place.slice == each for place in found])
            for each in dict.fromkeys(place.slice for place in found)
        }
        sizes = np.array([len(piece) for piece in token_bytes(encoder)])
        queries: list[PrefixQuery] = []
        requests: list[Request] = []
        spans: dict[str, list[int]] = {way: [] for way in RENDERED}
        tokens: dict[str, list[int]] = {way: [] for way in RENDERED}
        for place in found:
            shared, given = split_at(encoder, place.left, [mark + place.right for mark in RENDERED.values()])
            context_tokens = (encoder.eos_id, *shared)
            for way, marks in BYTES.items():
                queries += [PrefixQuery(context_tokens, mark.encode(), given) for mark in marks]
                request, count, size = construction(place, RENDERED[way], encoder, sizes)
                requests.append(request)
                spans[way].append(size)
                tokens[way].append(count - construction(place, PLAIN, encoder, sizes)[1])
        self._queries = BytePrefixScorer(queries, encoder)
        self._constructions = Scorer(requests, encoder)
        check_context(name, "a site", max(self._queries.longest, self._constructions.longest), context)
        self._bytes = {way: np.array(some) for way, some in spans.items()}
        self._tokens = {way: np.array(some) for way, some in tokens.items()}

    @property
    def cost_tokens(self) -> int:
        """Tokens that a model reads for all of it."""
        return self._queries.cost_tokens + self._constructions.cost_tokens

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Scalars by slice and one row per place."""
        scores = self._queries.log_probabilities(model).reshape(len(self.places), -1)
        starts = np.cumsum([0, *(len(marks) for marks in BYTES.values())])
        log_p = {
            way: np.logaddexp.reduce(scores[:, first:end], axis=1)
            for way, first, end in zip(BYTES, starts, starts[1:], strict=False)
        }
        log_p["dash"] = np.logaddexp(log_p["em"], log_p["en"])
        written = self._constructions.score(model).reshape(len(self.places), len(RENDERED))
        bits = {way: -written[:, number] / math.log(2) for number, way in enumerate(RENDERED)}
        scalars = {
            f"{self.name}/tokens/{way}": float(some[self._rows[GOLD]].mean()) for way, some in self._tokens.items()
        }
        for each, rows in self._rows.items():
            found = _means(log_p, rows)
            for way in RENDERED:
                found[f"{way}-bits"] = float(bits[way][rows].mean())
                found[f"{way}-bits-per-byte"] = float(bits[way][rows].sum() / self._bytes[way][rows].sum())
            scalars |= {f"{self.name}/{each}/{what}": value for what, value in found.items()}
        scalars |= self._preferences(log_p)
        if COMMAS in self._rows:
            gold, commas = (log_p["dash"][self._rows[each]].mean() for each in (GOLD, COMMAS))
            scalars[f"{self.name}/gold-over-commas/dash"] = float(gold - commas)
        return Measurement(scalars, self._table(log_p, bits))

    def _preferences(self, log_p: Mapping[str, Floats]) -> dict[str, float]:
        """Log-odds at all sites less those of the corpus, where the corpus has both sides."""
        rows = self._rows[GOLD] | self._rows.get(COMMAS, np.False_)
        sums = {way: np.logaddexp.reduce(some[rows]) for way, some in log_p.items()}
        held = self.corpus or Counts(0, 0, 0, 0)
        asked = {"em": (sums["em"] - sums["en"], held.em, held.en)}
        asked["dash"] = (sums["dash"] - sums["comma"], held.dashes, held.commas)
        return {
            f"{self.name}/sites/{what}-preference": float(odds - math.log(one / other))
            for what, (odds, one, other) in asked.items()
            if one and other
        }

    def _table(self, log_p: Mapping[str, Floats], bits: Mapping[str, Floats]) -> pa.Table:
        columns: dict[str, pa.Array] = {
            "slice": pa.array([place.slice for place in self.places]).dictionary_encode(),
            "left": pa.array([place.left for place in self.places]),
            "word": pa.array([place.word for place in self.places]),
        }
        columns |= {f"log_p_{way}": pa.array(log_p[way]) for way in BYTES}
        columns |= {f"{way}_bits": pa.array(bits[way]) for way in RENDERED}
        columns |= {f"{way}_tokens": pa.array(self._tokens[way]) for way in RENDERED}
        return with_conventions(pa.table(columns), self.conventions)


def construction(place: Place, mark: str, encoder: TextEncoder, sizes: NDArray[np.int64]) -> tuple[Request, int, int]:
    """The tokens of a mark and the word after it, in their document: what is scored, how many tokens, how many bytes.

    sizes: int64[vocabulary], bytes of every token. A token that holds some of the construction is part of it.
    Errors: SourceError for a tokenizer that loses some of the text.
    """
    text = f"{place.left}{mark}{place.right}"
    [ids] = encoder.encode_batch([text])
    ends = np.cumsum(sizes[ids])
    if encoder.decode(ids) != text or ends[-1] != len(text.encode()):
        raise SourceError(f"the tokenizer loses some of {text[:40]!r}; use a lossless one, such as kind 'bpe'")
    first, last = len(place.left.encode()), len(f"{place.left}{mark}{place.word}".encode())
    begin = int(np.searchsorted(ends, first, side="right"))
    end = int(np.searchsorted(ends, last, side="left")) + 1
    size = int(ends[end - 1] - (ends[begin - 1] if begin else 0))
    return Request([encoder.eos_id, *ids[:end]], first=begin + 1), end - begin, size


def _means(log_p: Mapping[str, Floats], rows: NDArray[np.bool_]) -> dict[str, float]:
    em, en, comma, dash = (log_p[way][rows] for way in ("em", "en", "comma", "dash"))
    p_dash = np.exp(dash).sum()
    return {
        "dash": float(np.exp(dash).mean()),
        "comma": float(np.exp(comma).mean()),
        "dash-bits": float(-dash.mean() / math.log(2)),
        "em-share": float(np.exp(em).sum() / p_dash) if p_dash else 0.5,
        "em-over-comma": float((em - comma).mean()),
        "en-over-comma": float((en - comma).mean()),
        "em-over-en": float((em - en).mean()),
        "em-first": float(np.heaviside(em - en, 0.5).mean()),
        "dash-first": float(np.heaviside(dash - comma, 0.5).mean()),
    }
