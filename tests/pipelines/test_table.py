import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from seedbed.pipelines.table import Table, broken, columns, count, interval, number, p_value, print_each, signed, to_csv


def test_numbers():
    assert number(0.12345) == "0.123"
    assert number(-1.5, 1) == "−1.5"
    assert number(float("nan")) == number(None) == "–"
    assert number(float("inf")) == "∞"
    assert signed(0.5) == "+0.500"
    assert signed(-0.5) == "−0.500"
    assert count(1234567) == "1,234,567"
    assert p_value(0.0004) == "<0.001"
    assert interval((-0.1, 0.2)) == "[−0.100, 0.200]"
    assert interval(None) == interval((float("nan"), 1.0)) == "–"


def test_rows_must_fit_their_columns():
    with pytest.raises(ValueError, match="rows of"):
        Table("t", "T", columns(("a", "b")), (("only one",),))


def test_repeated_leading_cells_are_shown_once():
    rows = (("x", "1"), ("x", "2"), ("y", "2"), ("x", "2"))
    table = Table("t", "T", columns(("a", "b")), rows, grouped=1)
    assert table.shown_rows() == [("x", "1"), ("", "2"), ("y", "2"), ("x", "2")]
    assert table.rows == rows


def test_csv_is_plain_and_complete():
    rows = (("a, b", "1,234", "−0.5"), ("a, b", "–", "2.0"))
    table = Table("t", "T", columns(("name",), ("n", "v")), rows, grouped=1)
    read = list(csv.reader(io.StringIO(to_csv(table))))
    assert read == [["name", "n", "v"], ["a, b", "1234", "-0.5"], ["a, b", "", "2.0"]]


@given(st.text("ab/-. ", max_size=80))
def test_breaking_names_loses_nothing(text):
    assert broken(text).replace("\n", "") == text


def test_names_break_after_slashes():
    assert broken("question-formation/ood-hard/hierarchical") == "question-formation/\nood-hard/hierarchical"


def printed(table, width=100, **more):
    console = Console(width=width, file=io.StringIO())
    print_each(console, [table], **more)
    return console.file.getvalue()


def test_wide_tables_fit_and_keep_their_numbers():
    names = tuple(f"a long heading {i}" for i in range(6))
    row = ("a-long-name/with-parts/and-more-parts/still", *("1,234,567",) * 6)
    shown = printed(Table("t", "T", columns(("name",), names), (row,) * 3))
    assert max(map(len, shown.splitlines())) <= 100
    assert shown.count("1,234,567") == 18


def test_a_very_long_table_says_what_it_leaves_out():
    table = Table("t", "T", columns(("n",)), tuple((str(i),) for i in range(30)))
    shown = printed(table, most_rows=10)
    assert "and 20 more rows" in shown
    assert "\n9" in shown
    assert "\n10" not in shown


def test_text_is_never_read_as_markup():
    assert "[bold]x[/bold]" in printed(Table("t", "[red]T", columns(("n",)), (("[bold]x[/bold]",),)))
