"""What a person says about difficulty: a measure and its few settings.

Every measure is stored so that higher = harder. None measures difficulty alone: `ABOUT` says what else moves each one,
and the receipt of a built column holds its rank correlation with the documents' length.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from seedbed.data.recipes import JSON, nearest_choice
from seedbed.recipes import recipe


@dataclass(frozen=True)
class About:
    """A measure in words. unit: of its values. harder: what a high value means. confounds: what else moves it."""

    unit: str
    harder: str
    confounds: str


ABOUT = {
    "words": About("words", "longer", "it is length itself: pack by bytes, so that it is not the number of updates"),
    "bytes": About("bytes", "longer", "it is length itself, and scripts differ in bytes per character"),
    "rarity": About("nats per word", "rarer words", "names, numbers and other languages count as rare"),
    "rarity_sum": About("nats", "rarer words, more of them", "mostly length: compare with rarity and words"),
    "compression": About("compressed / raw bytes", "less repetition", "the window: documents below it have no score"),
    "mtld": About("words", "more varied words", "documents under about 100 words mostly give their own length"),
    "readability": About("Flesch points, negated", "longer words and sentences", "constants and ends of sentences are "
                         "those of English prose"),
    "embedding_depth": About("clauses", "deeper", "length: a deeper sentence has more words"),
    "surprisal": About("bits per byte or word", "less like other documents", "topic, spelling, markup; short documents "
                       "scatter more"),
    "run_loss": About("bits per byte", "worse predicted by that run", "what that run was trained on; noise there is "
                      "no difficulty"),
}  # fmt: skip
Measure = Annotated[
    Literal[
        "words",
        "bytes",
        "rarity",
        "rarity_sum",
        "compression",
        "mtld",
        "readability",
        "embedding_depth",
        "surprisal",
        "run_loss",
    ],
    BeforeValidator(nearest_choice(*ABOUT)),
]
SETTINGS: dict[str, tuple[str, ...]] = {
    "rarity": ("language",),
    "rarity_sum": ("language",),
    "compression": ("window_bytes",),
    "readability": ("language",),
    "surprisal": ("unit", "n", "trained_on", "training_bytes"),
    "run_loss": ("run",),
}
"""The fields that each measure reads; the others keep their defaults and enter no identity."""
LIBRARIES = {"rarity": "wordfreq", "rarity_sum": "wordfreq", "readability": "pyphen"}


@recipe(version=1)
class Difficulty:
    """A difficulty measure: `Difficulty("mtld")`, `Difficulty("surprisal", unit="words", n=3)`; higher = harder.

    words, bytes: length. rarity, rarity_sum: mean and sum of -ln p of the words, p from wordfreq, 1e-9 for words it
    does not have. compression: gzip (level 6), mean ratio over windows of `window_bytes`. mtld: mean length of runs
    that keep a type/token ratio of .72. readability: Flesch's reading ease, negated. embedding_depth: the catalogue's
    column. surprisal: mean -log2 p under an interpolated n-gram model of bytes or words. run_loss: bits per byte of
    each document under a finished run of the store.

    language: of wordfreq and pyphen. trained_on: "other half" scores each half of the documents with a model of the
    other half, "held-out" trains on the component's held-out documents, which then have no score of their own.
    training_bytes: most text that one n-gram model is trained on. run: the finished run's name (or its folder's).
    """

    measure: Measure
    _: KW_ONLY
    language: str = Field(kw_only=True, default="en", pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")
    window_bytes: int = Field(kw_only=True, default=512, ge=64)
    unit: Annotated[Literal["bytes", "words"], BeforeValidator(nearest_choice("bytes", "words"))] = "bytes"
    n: int = Field(kw_only=True, default=5, ge=1, le=8)
    trained_on: Annotated[
        Literal["other half", "held-out"], BeforeValidator(nearest_choice("other half", "held-out"))
    ] = "other half"
    training_bytes: int = Field(kw_only=True, default=2_000_000, ge=1_000)
    run: str | None = None

    @model_validator(mode="after")
    def _settings_of_the_measure(self) -> Difficulty:
        fields = type(self).__dataclass_fields__
        for name, field in fields.items():
            if name in ("measure", *SETTINGS.get(self.measure, ())):
                continue
            # pydantic keeps the default within its own field object
            default = getattr(field.default, "default", field.default)
            if getattr(self, name, default) != default:
                raise ValueError(f"{name} says nothing about {self.measure!r}; leave it out")
        if self.measure == "run_loss" and not self.run:
            raise ValueError("run_loss needs a finished run of the store; write run='NAME'")
        return self

    @property
    def name(self) -> str:
        """What tables, metrics and folders call it: the measure, then whatever differs from the defaults."""
        parts = [self.measure.replace("_", "-")]
        if self.measure == "run_loss":
            parts = ["loss", str(self.run)]
        elif self.measure == "surprisal":
            parts += [self.unit, str(self.n)] if (self.unit, self.n) != ("bytes", 5) else []
            parts += ["held-out"] if self.trained_on == "held-out" else []
            parts += [str(self.training_bytes)] if self.training_bytes != 2_000_000 else []
        elif self.measure == "compression":
            parts += [str(self.window_bytes)] if self.window_bytes != 512 else []
        elif self.language != "en":
            parts.append(self.language.lower())
        return "-".join(parts)

    def settings(self) -> dict[str, JSON]:
        """What decides the values: kind, version, measure, its own settings, and the library it counts with."""
        import zlib
        from importlib.metadata import version

        found: dict[str, JSON] = {"kind": "Difficulty", "version": 1, "measure": self.measure}
        found |= {name: getattr(self, name) for name in SETTINGS.get(self.measure, ())}
        if self.measure in LIBRARIES:
            found["library"] = f"{LIBRARIES[self.measure]} {version(LIBRARIES[self.measure])}"
        if self.measure == "compression":
            found["library"] = f"zlib {zlib.ZLIB_RUNTIME_VERSION}"
        return found
