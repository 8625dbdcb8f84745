"""Compare tokenizers on a text: bytes per token, fertility, vocabulary use."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from seedbed.data.build import build_component
from seedbed.data.catalogue import open_component
from seedbed.data.recipes import Component, source
from seedbed.tokenizers.encoder import Encoder, load_encoder
from seedbed.tokenizers.intrinsic import TokenizerMeasures, measure
from seedbed.tokenizers.recipes import tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.workbench import Workbench

SAMPLE_TOKENS = 24


@dataclass(frozen=True)
class Compared:
    """One tokenizer on the text."""

    name: str
    vocab_size: int
    measures: TokenizerMeasures
    sample: list[str]
    """The beginning of the text, token by token."""


def compare(names: tuple[str, ...], location: str, workbench: Workbench) -> list[Compared]:
    """Measure each tokenizer on a text: a shelf name is trained on that text first, a folder is taken as it is.

    Errors: SourceError for the text; UnknownNameError or RecipeError for a tokenizer.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "text"
        place.mkdir()
        build_component(Component("text", source(location), heldout_share=0.0), place, workbench)
        texts = list(open_component(place).iter_texts())
    return [_compared(name, _encoder(name, texts), texts) for name in names]


def _encoder(name: str, texts: list[str]) -> Encoder:
    if (Path(name) / "tokenizer.json").is_file():
        return load_encoder(Path(name))
    with tempfile.TemporaryDirectory() as folder:
        train_tokenizer(tokenizer(name), iter(texts), Path(folder))
        return load_encoder(Path(folder))


def _compared(name: str, encoder: Encoder, texts: list[str]) -> Compared:
    sample = [encoder.decode([token]) for token in encoder.encode(texts[0])[:SAMPLE_TOKENS]]
    return Compared(name, encoder.vocab_size, measure(encoder, texts), sample)


def print_comparison(names: tuple[str, ...], location: str, workbench: Workbench) -> None:
    """The table, and the text's beginning as each tokenizer cuts it."""
    console = Console()
    table = Table(box=None, pad_edge=False)
    for column in ("tokenizer", "vocabulary", "bytes per token", "tokens per word", "vocabulary used"):
        table.add_column(column, justify="left" if column == "tokenizer" else "right")
    compared = compare(names, location, workbench)
    for row in compared:
        found = row.measures
        table.add_row(
            row.name,
            f"{row.vocab_size:,}",
            f"{found.bytes_per_token:.3f}",
            f"{found.fertility:.3f}",
            f"{found.vocabulary_use:.1%}",
        )
    console.print(table)
    for row in compared:
        console.print(f"{row.name}: {'|'.join(row.sample)}", highlight=False, markup=False, soft_wrap=True)
