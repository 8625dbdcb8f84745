"""The comparison of tokenizers as tables, and a text cut into coloured tokens, for the terminal and for a page."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text as RichText

from seedbed.pipelines.compare_tokenizers import Compared
from seedbed.tokenizers.intrinsic import TokenizerMeasures

TERMINAL_STYLES = ("black on bright_cyan", "black on bright_yellow")
PAGE_COLOURS = ("#cfe8f7", "#fbe3b5")
MEASURES: dict[str, tuple[str, str]] = {
    "bytes_per_token": ("bytes per token", ".3f"),
    "characters_per_token": ("characters per token", ".3f"),
    "fertility": ("tokens per word", ".3f"),
    "continued_word_share": ("words cut", ".1%"),
    "single_token_share": ("types kept whole", ".1%"),
    "renyi_efficiency": ("Rényi efficiency", ".3f"),
    "vocabulary_use": ("vocabulary used", ".1%"),
    "letters_per_token": ("letters per token", ".2f"),
    "letters_alone": ("letters alone", ".1%"),
}
GROUP_MEASURES = ("bytes_per_token", "fertility", "continued_word_share", "single_token_share")
EXPLAINED = (
    "Words are what stands between white space; tokens per word is T/W. Types kept whole: word types that are one "
    "token after a space. Rényi efficiency: order 2.5, normalised by the whole vocabulary. None of these predicts the "
    "quality of a model by itself."
)
Rows = list[list[str]]


def measure_rows(compared: Sequence[Compared]) -> tuple[list[str], Rows]:
    """A row per measure on the whole text."""
    rows = [["vocabulary", *(f"{row.vocab_size:,}" for row in compared)]]
    rows += [[title, *(_value(row.measures, name) for row in compared)] for name, (title, _) in MEASURES.items()]
    return ["measure", *(row.name for row in compared)], rows


def group_rows(compared: Sequence[Compared]) -> tuple[list[str], Rows]:
    """A row per measure for each language and source, where there is more than one group."""
    rows = [
        [f"{group}: {MEASURES[name][0]}", *(_value(row.groups[group], name) for row in compared)]
        for group in (compared[0].groups if compared else ())
        for name in GROUP_MEASURES
    ]
    return ["language, source", *(row.name for row in compared)], rows


def parity_rows(compared: Sequence[Compared]) -> tuple[list[str], Rows]:
    """A row per language: tokens over those of the reference language, for each tokenizer."""
    languages = list(compared[0].parity) if compared else []
    rows = [[language, *(f"{row.parity[language]:.3f}" for row in compared)] for language in languages]
    return ["parity", *(row.name for row in compared)], rows


def dash_rows(compared: Sequence[Compared]) -> tuple[list[str], Rows]:
    """A row per way to write a dash: tokens more than a plain space takes."""
    ways = list(dict.fromkeys(way for row in compared for way in row.dashes))
    rows = [[way, *(f"{row.dashes[way]:+.2f}" if way in row.dashes else "" for row in compared)] for way in ways]
    return ["tokens more than a space", *(row.name for row in compared)], rows


def number_rows(compared: Sequence[Compared]) -> tuple[list[str], Rows]:
    """A row per number, cut into tokens."""
    numbers = list(dict.fromkeys(split.text for row in compared for split in row.numbers))
    found = [{split.text: "|".join(split.tokens) for split in row.numbers} for row in compared]
    rows = [[number.strip(), *(each.get(number, "") for each in found)] for number in numbers]
    return ["number", *(row.name for row in compared)], rows


def boundary_rows(compared: Sequence[Compared]) -> tuple[list[str], Rows]:
    """Borders inside words against morphemes, where a list was given."""
    rows = [
        [row.name, *("" if math.isnan(value) else f"{value:.3f}" for value in row.boundaries)]
        for row in compared
        if not all(map(math.isnan, row.boundaries))
    ]
    return ["borders of morphemes", "precision", "recall"], rows


TABLES = (measure_rows, group_rows, parity_rows, boundary_rows, number_rows, dash_rows)


def print_tables(console: Console, compared: Sequence[Compared]) -> None:
    """Every table that has rows, then the text as each tokenizer cuts it."""
    for make in TABLES:
        header, rows = make(compared)
        if not rows:
            continue
        table = RichTable(box=None, pad_edge=False)
        for place, title in enumerate(header):
            table.add_column(title, justify="left" if place == 0 else "right", overflow="fold")
        for row in rows:
            table.add_row(*map(RichText, row))
        console.print(table)
        console.print()
    first = compared[0].measures
    console.print(
        f"text: {first.total_bytes:,} bytes, {first.words:,} words; gzip {first.gzip_ratio:.2f} and zstd "
        f"{first.zstd_ratio:.2f} bytes per compressed byte",
        highlight=False,
    )
    for each in compared:
        console.print(coloured(each), highlight=False, soft_wrap=True)


def coloured(row: Compared) -> RichText:
    """The beginning of the text with its tokens in turns of two colours; without colours a stroke stands between."""
    text = RichText(f"{row.name}: ")
    for place, token in enumerate(row.sample):
        if place:
            text.append("|", style="dim")
        text.append(token.replace("\n", "⏎"), style=TERMINAL_STYLES[place % 2])
    return text


def write_page(compared: Sequence[Compared], location: str, path: Path) -> Path:
    """One self-contained HTML page: the tables, and the text side by side. location: what the text is called."""
    parts = [f"<h1>Tokenizers on {html.escape(location)}</h1>", f"<p>{html.escape(EXPLAINED)}</p>"]
    for make in TABLES:
        header, rows = make(compared)
        if rows:
            parts.append(_html_table(header, rows))
    parts.append('<h2>The beginning of the text</h2><div class="side">')
    for row in compared:
        tokens = "".join(
            f'<span style="background:{PAGE_COLOURS[place % 2]}">{html.escape(token)}</span>'
            for place, token in enumerate(row.sample)
        )
        parts.append(
            f"<section><h3>{html.escape(row.name)}, {len(row.sample)} tokens</h3><pre>{tokens}</pre></section>"
        )
    parts.append("</div>")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        PAGE.format(title=html.escape(f"Tokenizers on {location}"), body="\n".join(parts)), encoding="utf-8"
    )
    return path


def _value(measures: TokenizerMeasures, name: str) -> str:
    value: float = getattr(measures, name)
    return "" if math.isnan(value) else format(value, MEASURES[name][1])


def _html_table(header: Sequence[str], rows: Rows) -> str:
    heads = "".join(f"<th>{html.escape(title)}</th>" for title in header)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; color: #222; }}
table {{ border-collapse: collapse; margin: 1.2em 0; }}
th, td {{ padding: .25em .8em; text-align: right; border-bottom: 1px solid #ddd; }}
th:first-child, td:first-child {{ text-align: left; }}
pre {{ white-space: pre-wrap; font: 14px/1.7 ui-monospace, monospace; margin: 0; }}
.side {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(22em, 1fr)); gap: 1.5em; }}
h3 {{ font-size: 1em; }}
</style>
{body}
</html>
"""
