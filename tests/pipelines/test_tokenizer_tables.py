import math
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from rich.console import Console

from seedbed.pipelines.compare_tokenizers import Compared, compare
from seedbed.pipelines.tokenizer_tables import TABLES, coloured, measure_rows, print_tables, write_page
from seedbed.workbench import Workbench


@pytest.fixture(scope="module")
def compared(tmp_path_factory) -> list[Compared]:
    folder = tmp_path_factory.mktemp("text")
    (folder / "text.txt").write_text("the newts <b>don't</b> sleep, 12 — do 7 giggle .\n" * 60)
    return compare(("byte", "character"), "text.txt", Workbench(folder))


def test_every_table_is_as_wide_as_its_header(compared):
    for make in TABLES:
        header, rows = make(compared)
        assert all(len(row) == len(header) for row in rows)
        assert header[-1] in ("character", "recall")


def test_a_measure_that_is_not_there_is_an_empty_cell(compared):
    _, rows = measure_rows(compared)
    assert ["vocabulary", "257", "258"] in rows
    assert not any("nan" in cell for row in rows for cell in row)
    assert math.isnan(compared[0].boundaries[0])


def test_the_comparison_is_printed_with_the_text_cut_into_tokens(compared):
    console = Console(width=100, record=True, file=None, force_terminal=False)
    with console.capture() as printed:
        print_tables(console, compared)
    assert "bytes per token" in printed.get()
    assert "byte: t|h|e| |n|e|w|t|s" in printed.get()


def test_neighbouring_tokens_have_two_colours(compared):
    text = coloured(compared[0])
    styles = [span.style for span in text.spans if span.style != "dim"]
    assert all(first != second for first, second in pairwise(styles))


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)

    def handle_data(self, data):
        self.text += data


def test_the_page_holds_every_tokenizer_and_escapes_the_text(compared, tmp_path):
    page = write_page(compared, "text.txt", tmp_path / "out" / "page.html").read_text()
    tags = Tags()
    tags.feed(page)
    assert "b" not in tags.found
    assert tags.found.count("section") == 2
    assert "<b>don't</b>" in tags.text
    assert "http" not in page
