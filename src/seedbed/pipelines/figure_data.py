"""A figure together with the numbers that it shows, so that whoever has the one has the other."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from seedbed.pipelines.figure_style import save

Cell = str | int | float | None
Row = dict[str, Cell]


def row(**cells: Cell) -> Row:
    """One row, by the names of its columns."""
    return cells


@dataclass(frozen=True)
class Drawing:
    """A figure and a row for everything drawn in it: each point of a curve, each mark, each cell.

    The column `what` says which of them a row is. left_out: what was too much for the figure, in words, "" for nothing.
    """

    figure: Figure
    rows: Sequence[Row]
    left_out: str = ""

    def of(self, what: str) -> list[Row]:
        """The rows of one sort of mark."""
        return [each for each in self.rows if each["what"] == what]


def rows_csv(rows: Sequence[Row]) -> str:
    """Rows as CSV under every name that one of them has; nothing, and what is no number, as an empty cell."""
    names = list(dict.fromkeys(name for each in rows for name in each))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    for each in rows:
        writer.writerow([_cell(each.get(name)) for name in names])
    return buffer.getvalue()


def _cell(value: Cell) -> Cell:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else value


def save_drawing(drawing: Drawing, path: Path, svg: str | None = None) -> list[Path]:
    """Write `path` with .png, .svg and .csv; return the three files. svg: the figure's `svg_text`, if made already."""
    files = save(drawing.figure, path, svg)
    numbers = path.with_name(f"{path.name}.csv")
    numbers.write_text(rows_csv(drawing.rows), encoding="utf-8")
    return [*files, numbers]
