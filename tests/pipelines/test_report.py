import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from synthetic import HEADLINES, synthetic_conclusions, synthetic_results

from seedbed.pipelines.figures_report import figures_of
from seedbed.pipelines.report import write_report
from seedbed.pipelines.tables import all_tables

VOID = {"meta", "wbr", "br", "link", "img"}


class Page(HTMLParser):
    """Text, ids and tables of a page; fails on tags that are not closed in order."""

    def __init__(self, html):
        super().__init__()
        self.open = []
        self.text = ""
        self.ids = []
        self.links = []
        self.tags = []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        self.links += [found[name] for name in ("href", "src", "xlink:href") if name in found]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return synthetic_results(tmp_path_factory.mktemp("study"), failed=True)


@pytest.fixture(scope="module")
def conclusions(results):
    return synthetic_conclusions(results)


@pytest.fixture(scope="module")
def figures(results, conclusions):
    return figures_of(results, conclusions)


@pytest.fixture(scope="module")
def html(results, conclusions, figures, tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "made" / "page.html"
    assert write_report(results, conclusions, out, command="seedbed run made_up.py", figures=figures) == out
    return out.read_text(encoding="utf-8")


def test_the_page_needs_nothing_but_itself(html):
    page = Page(html)
    assert all(link.startswith("#") for link in page.links)
    assert "script" not in page.tags
    assert not re.search(r"@import|url\((?!#)|https?://(?!www\.w3\.org)", html)


def test_ids_are_unique_and_links_lead_somewhere(html):
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)


def test_verdicts_come_first(html, conclusions):
    text = Page(html).text
    places = [text.index(answer.verdict.sentence) for answer in conclusions.answers]
    assert max(places) < text.index("Mixtures: requested and achieved")


def test_it_holds_every_table_and_figure(html, results, conclusions, figures):
    text = Page(html).text
    for table in all_tables(results, conclusions):
        assert table.title in text
        for row in table.rows:
            assert all(cell in text for cell in row)
    assert html.count("<figure ") == len(figures) == len(HEADLINES) + 3
    for figure in figures:
        assert figure.caption in text


def test_captions_state_seeds_and_interval(figures):
    for figure in figures:
        assert "95 % t interval over seeds" in figure.caption
        assert "n = 2 to 3 seeds an arm" in figure.caption


def test_it_says_how_to_make_it_again(html, results):
    text = Page(html).text
    assert "seedbed run made_up.py" in text
    assert all(run.fingerprint[:16] in text for run in results.runs)


def test_a_failed_run_is_named(html):
    assert "the loss was not finite at step 325" in Page(html).text


def test_what_people_wrote_is_text_and_never_markup(results, conclusions, tmp_path):
    evil = '<script>alert("x")</script>'
    answers = [replace(conclusions.answers[0], question=evil, matched=evil)]
    few = synthetic_results(tmp_path, (0,), only=tuple(HEADLINES[:1]))
    runs = [replace(run, arm=run.arm + evil) for run in few.runs]
    mixtures = [replace(results.mixtures[0], component=evil)]
    odd = replace(results, name=evil, description=evil, runs=runs, mixtures=mixtures)
    out = write_report(odd, replace(conclusions, answers=answers, onsets=[], refusals=[evil]), tmp_path / "page.html")
    page = Page(out.read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert page.text.count(evil) >= 5


def test_a_study_without_conclusions_has_a_page(tmp_path):
    few = synthetic_results(tmp_path, (0,), only=tuple(HEADLINES[:1]))
    out = write_report(few, None, tmp_path / "page.html")
    assert "nothing to compare yet" in out.read_text(encoding="utf-8")
