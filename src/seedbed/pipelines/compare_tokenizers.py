"""Compare tokenizers on a text: every measure, per language and source, and how each cuts numbers, dashes and words."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from seedbed.data.build import build_component
from seedbed.data.catalogue import StoredComponent, open_component
from seedbed.data.recipes import Component, source
from seedbed.errors import SourceError, UnknownNameError
from seedbed.tokenizers.encoder import Encoder, load_encoder
from seedbed.tokenizers.existing import take_existing
from seedbed.tokenizers.existing_recipe import HUB, TOKENIZER_FILE, Existing
from seedbed.tokenizers.intrinsic import TokenizerMeasures, measure, parity
from seedbed.tokenizers.pieces import read_morphemes
from seedbed.tokenizers.recipes import AnyTokenizer, Tokenizer, tokenizer
from seedbed.tokenizers.splits import Split, dash_costs, number_splits, shown
from seedbed.tokenizers.train import train_tokenizer
from seedbed.tokenizers.word_cuts import boundary_agreement
from seedbed.workbench import Workbench

SAMPLE_BYTES = 400
REFERENCE_LANGUAGE = "en"
COMPONENT_OF = "#"


@dataclass(frozen=True)
class Compared:
    """One tokenizer on the text.

    groups: "language, source" -> measures there, where the text has more than one of them. parity: language -> tokens
    over those of the same items in the reference language, where the text has items in several. boundaries: precision
    and recall against a list of morphemes, nan without one. sample: the beginning of the text, token by token.
    """

    name: str
    vocab_size: int
    trained_here: bool
    measures: TokenizerMeasures
    sample: list[str]
    groups: Mapping[str, TokenizerMeasures] = field(default_factory=dict)
    parity: Mapping[str, float] = field(default_factory=dict)
    boundaries: tuple[float, float] = (math.nan, math.nan)
    numbers: Sequence[Split] = ()
    dashes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Text:
    """What tokenizers are compared on: texts with the language, source and item of each ("" for none)."""

    texts: list[str]
    languages: list[str]
    sources: list[str]
    items: list[str]


def compare(
    names: Sequence[str], location: str, workbench: Workbench, *, morphemes: str | None = None
) -> list[Compared]:
    """Measure each tokenizer on a text: a shelf name is trained on that text first, an existing one taken as it is.

    One with lossless=False is measured on the text as it normalises it.

    names: of the shelf; or a folder with a tokenizer.json, such a file, or "hub:org/name@commit".
    location: a file, or "FILE.py#COMPONENT" for a component of a pipeline file. morphemes: a list on the shelf.
    Errors: SourceError for the text, or for a tokenizer that loses some of it (with the first lost span);
    UnknownNameError or RecipeError for a tokenizer.
    """
    recipes = [recipe_of(name, workbench) for name in names]
    text = read_text(location, workbench)
    listed = {"".join(parts): parts for parts in read_morphemes(morphemes)} if morphemes else {}
    return [_compared(recipe, text, listed, workbench) for recipe in recipes]


def recipe_of(name: str, workbench: Workbench) -> AnyTokenizer:
    """What a name on the command line stands for: an existing tokenizer, or a recipe of the shelf.

    Errors: UnknownNameError with the nearest names; RecipeError for a hub id without a commit.
    """
    if name.startswith(HUB):
        id_, _, commit = name.partition("@")
        return Existing(id_, revision=commit or None)
    place = workbench.resolve(name)
    if (place / TOKENIZER_FILE).is_file() or (place.suffix == ".json" and place.is_file()):
        return Existing(name)
    return tokenizer(name)


def read_text(location: str, workbench: Workbench) -> Text:
    """The documents of a file, or of a component of a pipeline file, built in the store if it is not there."""
    file, mark, name = location.partition(COMPONENT_OF)
    if mark and file.endswith(".py"):
        return _read(_component_of(file, name, workbench))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "text"
        place.mkdir()
        build_component(Component("text", source(location), heldout_share=0.0), place, workbench)
        return _read(open_component(place))


def _component_of(file: str, name: str, workbench: Workbench) -> StoredComponent:
    from seedbed.pipelines.jobs import Execution, make
    from seedbed.pipelines.opening import RunOptions, open_study

    opened = open_study(file, RunOptions(workbench))
    if name not in opened.graph.components:
        raise UnknownNameError("component", name, list(opened.graph.components))
    artifact = opened.graph.components[name]
    make(artifact, opened.graph, opened.store, Execution(workbench), lambda event: None)
    return open_component(opened.store.folder(artifact))


def _read(stored: StoredComponent) -> Text:
    table = stored.table(["language", "source", "item"]).to_pydict()
    items = [item or "" for item in table["item"]]
    return Text(list(stored.iter_texts()), table["language"], table["source"], items)


def _encoder(recipe: AnyTokenizer, texts: list[str], workbench: Workbench) -> Encoder:
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(recipe, Existing):
            take_existing(recipe, workbench, Path(folder))
        else:
            train_tokenizer(recipe, iter(texts), Path(folder))
        return load_encoder(Path(folder))


def _compared(
    recipe: AnyTokenizer, text: Text, morphemes: Mapping[str, Sequence[str]], workbench: Workbench
) -> Compared:
    encoder = _encoder(recipe, text.texts, workbench)
    name = recipe.name
    if isinstance(recipe, Tokenizer) and not recipe.lossless:
        # It cannot give the text back, so it is measured on what it makes of it, and called so.
        text = replace(text, texts=[encoder.normalised(each) for each in text.texts])
        name = f"{name} (on text as it changes it)"
    try:
        measures = measure(encoder, text.texts)
    except SourceError as error:
        raise SourceError(f"tokenizer {recipe.name!r}: {error}") from error
    begin = text.texts[0].encode()[:SAMPLE_BYTES].decode(errors="ignore")
    begin = begin.rpartition(" ")[0] or begin if len(begin) < len(text.texts[0]) else begin
    return Compared(
        name=name,
        vocab_size=encoder.vocab_size,
        trained_here=not isinstance(recipe, Existing),
        measures=measures,
        sample=[shown(encoder.token_bytes[token]) for token in encoder.encode(begin)],
        groups=group_measures(encoder, text),
        parity=parities(encoder, text),
        boundaries=boundary_agreement(encoder, morphemes) if morphemes else (math.nan, math.nan),
        numbers=number_splits(encoder),
        dashes=dash_costs(encoder),
    )


def group_measures(encoder: Encoder, text: Text) -> dict[str, TokenizerMeasures]:
    """ "language, source" -> measures on its documents; empty if the text has one such group alone."""
    groups: dict[str, list[str]] = {}
    for document, language, where in zip(text.texts, text.languages, text.sources, strict=True):
        groups.setdefault(f"{language}, {where}", []).append(document)
    if len(groups) < 2:
        return {}
    return {name: measure(encoder, texts) for name, texts in sorted(groups.items()) if any(t.split() for t in texts)}


def parities(encoder: Encoder, text: Text) -> dict[str, float]:
    """Language -> tokens over those of the reference language, on the items that both have.

    The reference is English where there is any, else the language that comes first in the alphabet.
    """
    tokens: dict[str, dict[str, int]] = {}
    _, lengths = encoder.encode_flat(text.texts)
    for language, item, length in zip(text.languages, text.items, lengths.tolist(), strict=True):
        if item:
            tokens.setdefault(language, {})[item] = length
    if len(tokens) < 2:
        return {}
    reference = REFERENCE_LANGUAGE if REFERENCE_LANGUAGE in tokens else min(tokens)
    found = {}
    for language in sorted(tokens):
        both = tokens[language].keys() & tokens[reference].keys()
        if not both:
            raise SourceError(
                f"languages {language!r} and {reference!r} share no item, so there is no parallel text to compare them "
                "on; give files whose lines or items correspond"
            )
        found[language] = parity(
            sum(tokens[language][item] for item in both), sum(tokens[reference][item] for item in both)
        )
    return found
