"""A table as plain data, shown alike on the terminal, on the report's page and as CSV."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

TERMINAL_WIDTH = 100
TERMINAL_ROWS = 48
NAME_WIDTH = 24
NOTHING = "–"


@dataclass(frozen=True)
class Column:
    """A column's heading; numbers stand to the right."""

    name: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of text under a title. key: short and unique, for file names and anchors."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    grouped: int = 0
    """So many leading columns are shown only where they change."""
    page_only: bool = False
    """Too wide for a terminal: it stands on the report's page, as CSV and in MLflow."""

    def __post_init__(self) -> None:
        widths = {len(row) for row in self.rows} - {len(self.columns)}
        if widths:
            raise ValueError(f"table {self.key}: rows of {sorted(widths)} cells under {len(self.columns)} columns")

    def shown_rows(self) -> list[tuple[str, ...]]:
        """The rows with repeated leading cells left empty."""
        shown: list[tuple[str, ...]] = []
        before: tuple[str, ...] = ()
        for row in self.rows:
            same = 0
            while same < self.grouped and before[same : same + 1] == row[same : same + 1]:
                same += 1
            shown.append(("",) * same + row[same:])
            before = row
        return shown


def columns(text: Sequence[str], numeric: Sequence[str] = ()) -> tuple[Column, ...]:
    """Columns of text, then columns of numbers."""
    return (*(Column(name) for name in text), *(Column(name, numeric=True) for name in numeric))


def number(value: float | None, digits: int = 3) -> str:
    """A measured value with so many digits after the point; a dash for none."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{digits}f}".replace("-", "−")


def p_value(value: float) -> str:
    """A probability; below a thousandth only that."""
    return "<0.001" if value < 0.001 else number(value)


def signed(value: float | None, digits: int = 3) -> str:
    """A difference, always with its sign."""
    shown = number(value, digits)
    return f"+{shown}" if value is not None and value >= 0 else shown


def count(value: float | None) -> str:
    """A whole number with its thousands apart."""
    return NOTHING if value is None else f"{round(value):,}"


def percent(share: float) -> str:
    """A share in percent, two digits after the point."""
    return f"{100 * share:.2f} %"


def interval(bounds: tuple[float, float] | None, digits: int = 3) -> str:
    """`[0.771, 0.852]`, a dash where there is none."""
    if bounds is None or any(math.isnan(bound) for bound in bounds):
        return NOTHING
    return f"[{number(bounds[0], digits)}, {number(bounds[1], digits)}]"


def to_csv(table: Table) -> str:
    """The table as CSV, every cell filled, numbers with a plain minus and no thousands separator."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    for row in table.rows:
        plain = zip(row, table.columns, strict=True)
        writer.writerow([_plain(cell) if column.numeric else cell.replace("\n", " ") for cell, column in plain])
    return buffer.getvalue()


def _plain(cell: str) -> str:
    return "" if cell == NOTHING else cell.replace("−", "-").replace(",", "")


def broken(text: str, width: int = NAME_WIDTH) -> str:
    """Text whose long words, such as metric names, are broken into lines after slashes."""
    return re.sub(r"\S+", lambda word: _broken_word(word[0], width), text)


def _broken_word(word: str, width: int) -> str:
    lines = [""]
    for part in re.findall(r"[^/]*/|[^/]+$", word):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def print_each(console: Console, tables: Iterable[Table], *, most_rows: int = TERMINAL_ROWS) -> None:
    """Print tables in at most 100 columns; of a very long one the first rows, with the number left out."""
    width = min(console.width, TERMINAL_WIDTH)
    for table in (each for each in tables if not each.page_only):
        console.print()
        console.print(Text(table.title, style="bold"), width=width)
        made = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 0, 0, 1))
        for column in table.columns:
            if column.numeric:
                # Numbers are never broken; their headings give way instead.
                made.add_column(Text(column.name.replace(" ", "\n")), justify="right", no_wrap=True)
            else:
                made.add_column(Text(column.name), overflow="fold")
        rows = table.shown_rows()
        for row in rows[:most_rows]:
            made.add_row(*(Text(broken(cell)) for cell in row))
        console.print(made, width=width)
        if len(rows) > most_rows:
            console.print(Text(f"… and {len(rows) - most_rows} more rows on the report's page"), width=width)
        if table.caption:
            console.print(Text(table.caption, style="dim"), width=width)
