"""How many dashes does a model write in a thousand words, and how many are there in what it was trained on?

Texts are drawn from the model at each temperature, from the end-of-document token (prompt "") or after a prompt, until
it ends the document or for a number of tokens; nothing is cut from the distribution. Draws follow from the recipe's
seed and a hash of the model's weights: the same model writes the same texts, and two models draw independently of one
another, so that an interval over training seeds holds the noise of sampling too. Words are runs of letters and
digits with apostrophes between them, so that "so—and" is two words as "so – and" is. A dash is a character U+2014 or
U+2013, wherever it stands. Of texts after a prompt only what follows it is counted, in the corpus too, where the
documents that begin with the prompt are taken.

"<probe>/<slice>/...", slice "t1" or "t1-after-<prompt>":

- per-1000, em-per-1000, en-per-1000, commas-per-1000: dashes, and commas for comparison, in a thousand words.
- low, high: the exact 95 % Poisson interval of per-1000: chi-squared quantiles of the count (Garwood 1936). Dashes are
  taken as independent; where a text holds one at most the count varies less, and the interval is wider than it need be.
- dash-share: dashes among dashes and commas, which does not depend on how many pauses the texts have; where the corpus
  has dashes.
- em-share: em dashes among all dashes; only where the corpus has both kinds and a dash was written.
- over-corpus: per-1000 over that of the corpus, where that is not 0. inside: 1 if the corpus rate lies in the interval,
  else 0: what a model that has learnt the rate does at temperature 1 in 95 of 100 samples (PROTOCOLS 4.8, 7 row 26).
- words, ended: words counted, and the share of texts that ended before they were cut off.

"<probe>/corpus/..." has the corpus's own rates, and "<probe>/corpus-after-<prompt>/..." those after a prompt.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pyarrow as pa
from scipy.stats import chi2
from torch import nn

from seedbed.errors import SeedbedError
from seedbed.probes.base import Material, Measurement, TextEncoder, check_context, looking_at, with_conventions
from seedbed.probes.dash_rate_recipe import DashRate, slice_name, slug
from seedbed.probes.exact_answer import Written

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
EM, EN = "\u2014", "\u2013"
PER = 1_000
CERTAINTY = 0.95
CONVENTIONS = (
    "Texts are drawn without truncation; dashes are the characters U+2014 and U+2013, words runs of letters and "
    "digits. Of a text after a prompt only what follows the prompt is counted."
)


@runtime_checkable
class SamplingModel(Protocol):
    """A model that writes: `seedbed.training.model.Transformer`."""

    def continuations(
        self,
        prompts: Sequence[Sequence[int]],
        *,
        eos_id: int,
        max_new_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> Sequence[Written]:
        """What is drawn after each prompt, until the end of the document or for max_new_tokens."""
        ...


@dataclass(frozen=True)
class Counts:
    """Words, dashes by kind and commas of some texts."""

    words: int
    em: int
    en: int
    commas: int

    @property
    def dashes(self) -> int:
        """Of both kinds."""
        return self.em + self.en

    def per_1000(self, count: int) -> float:
        """A count in a thousand words; 0 where there is no word."""
        return PER * count / self.words if self.words else 0.0

    def rates(self) -> dict[str, float]:
        """By the last part of a metric's name."""
        return {
            "per-1000": self.per_1000(self.dashes),
            "em-per-1000": self.per_1000(self.em),
            "en-per-1000": self.per_1000(self.en),
            "commas-per-1000": self.per_1000(self.commas),
            "words": float(self.words),
        }


def count(texts: Iterable[str]) -> Counts:
    """Words, dashes and commas of all texts together."""
    words = em = en = commas = 0
    for text in texts:
        words += sum(1 for _ in WORD.finditer(text))
        em, en, commas = em + text.count(EM), en + text.count(EN), commas + text.count(",")
    return Counts(words, em, en, commas)


def poisson_interval(events: int, certainty: float = CERTAINTY) -> tuple[float, float]:
    """The exact interval of a Poisson mean given one count: chi2(a/2, 2k)/2 to chi2(1 - a/2, 2k + 2)/2."""
    tail = (1 - certainty) / 2
    low = float(chi2.ppf(tail, 2 * events)) / 2 if events else 0.0
    return low, float(chi2.ppf(1 - tail, 2 * events + 2)) / 2


def draw_seed(model: nn.Module, seed: int) -> int:
    """A seed below 2^63 from a seed and all weights of a model."""
    content = hashlib.blake2b(str(seed).encode(), digest_size=8)
    for weight in model.state_dict().values():
        content.update(weight.detach().cpu().contiguous().numpy().tobytes())
    return int.from_bytes(content.digest(), "little") >> 1


def prepare(recipe: DashRate, material: Material) -> PreparedDashRate:
    """Encode the prompts and count the corpus. Errors: SeedbedError where a text does not fit the context."""
    corpus = None
    if material.training_documents is not None:
        documents = material.training_documents(recipe.corpus_tokens)
        corpus = [material.encoder.decode(ids.tolist()) for ids in documents]
    return PreparedDashRate(recipe, material.encoder, corpus, context=material.context)


class PreparedDashRate:
    """Prompts as tokens, and the rates of the corpus."""

    def __init__(self, recipe: DashRate, encoder: TextEncoder, corpus: Sequence[str] | None, *, context: int) -> None:
        self.name = recipe.name
        self.conventions = CONVENTIONS
        self._recipe = recipe
        self._eos = encoder.eos_id
        self._decode = encoder.decode
        self._prompts = dict(zip(recipe.prompts, encoder.encode_batch(list(recipe.prompts)), strict=True))
        for prompt, tokens in self._prompts.items():
            check_context(self.name, prompt or "the beginning", len(tokens) + recipe.max_new_tokens, context)
        self.corpus: dict[str, Counts] = {}
        for prompt in recipe.prompts if corpus is not None else ():
            begun = (text.removeprefix(prompt) for text in corpus or () if text.startswith(prompt))
            self.corpus[prompt] = count(begun)

    @property
    def cost_tokens(self) -> int:
        """Tokens that a measurement feeds, at most."""
        recipe = self._recipe
        return len(recipe.temperatures) * len(recipe.prompts) * recipe.documents * recipe.max_new_tokens

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Write texts and count. Errors: SeedbedError for a model that does not write."""
        if not isinstance(model, SamplingModel):
            raise SeedbedError(
                f"{self.name}: this model writes no text; give a model of seedbed, or leave the probe out"
            )
        seed = draw_seed(model, self._recipe.seed)
        scalars: dict[str, float] = {}
        rows: list[dict[str, object]] = []
        for prompt, counts in self.corpus.items():
            part = f"{self.name}/corpus" + (f"-after-{slug(prompt)}" if slug(prompt) else "")
            scalars |= {f"{part}/{what}": value for what, value in counts.rates().items()}
        for temperature in self._recipe.temperatures:
            for prompt, tokens in self._prompts.items():
                with looking_at(model):
                    written = self._write(model, tokens, temperature, seed)
                texts = [self._decode(each.tokens) for each in written]
                part = f"{self.name}/{slice_name(temperature, prompt)}"
                found = self._scalars(count(texts), self.corpus.get(prompt))
                found["ended"] = sum(each.ended for each in written) / len(written)
                scalars |= {f"{part}/{what}": value for what, value in found.items()}
                for text, each in zip(texts, written, strict=True):
                    rows.append(_row(temperature, prompt, text, ended=each.ended))
        return Measurement(scalars, with_conventions(pa.Table.from_pylist(rows), self.conventions))

    def _write(self, model: SamplingModel, tokens: Sequence[int], temperature: float, seed: int) -> Sequence[Written]:
        return model.continuations(
            [[self._eos, *tokens]] * self._recipe.documents,
            eos_id=self._eos,
            max_new_tokens=self._recipe.max_new_tokens,
            temperature=temperature,
            seed=seed,
        )

    def _scalars(self, counts: Counts, corpus: Counts | None) -> dict[str, float]:
        found = counts.rates()
        if counts.words:
            low, high = (PER * bound / counts.words for bound in poisson_interval(counts.dashes))
            found |= {"low": low, "high": high}
        if corpus is None or not corpus.words:
            return found
        rate = corpus.per_1000(corpus.dashes)
        if "low" in found:
            found["inside"] = float(found["low"] <= rate <= found["high"])
        if rate:
            found["over-corpus"] = found["per-1000"] / rate
        if rate and counts.dashes + counts.commas:
            found["dash-share"] = counts.dashes / (counts.dashes + counts.commas)
        if corpus.em and corpus.en and counts.dashes:
            found["em-share"] = counts.em / counts.dashes
        return found


def _row(temperature: float, prompt: str, text: str, *, ended: bool) -> dict[str, object]:
    counts = count([text])
    return {
        "temperature": temperature,
        "prompt": prompt,
        "text": text,
        "words": counts.words,
        "em": counts.em,
        "en": counts.en,
        "commas": counts.commas,
        "ended": ended,
    }
