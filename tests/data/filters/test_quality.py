from __future__ import annotations

import importlib.util

import pytest
from datatrove.data import Document

from seedbed.data.filters.quality import FILTERS, check_words, quality_filter
from seedbed.errors import RecipeError, UnknownNameError

PROSE = "The old man went to the harbour with his dog and looked at the boats that lay there. " * 6


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("gopher-quality", "too short", "gopher_short_doc"),
        ("gopher-repetition", "the same line\n" * 20, "dup_line_frac"),
        ("c4", "One line without an end", "too_few_sentences"),
        ("fineweb", "no stop\n" * 3 + "at all", "line_punct_ratio"),
        ("c4-paragraphs", "one", "< 3 paragraphs"),
    ],
)
def test_each_name_is_datatroves_filter_and_says_why(name, text, reason):
    step = quality_filter(name, "en", {})
    assert type(step) is FILTERS[name]
    assert step.filter(Document(text, "0")) == (False, reason)


def test_a_threshold_is_the_filters_own():
    strict, mild = (
        quality_filter("gopher-quality", "en", {}),
        quality_filter("gopher-quality", "en", {"min_doc_words": 5}),
    )
    text = PROSE[:100]
    assert strict.filter(Document(text, "0")) == (False, "gopher_short_doc")
    assert mild.filter(Document(text, "0")) is True


def test_what_is_no_threshold_and_no_language():
    with pytest.raises(UnknownNameError, match=r"'min_words'; did you mean .*'min_doc_words'"):
        quality_filter("gopher-quality", "en", {"min_words": 3})
    with pytest.raises(RecipeError, match="cannot cut 'xx-none' into words; write a language tag"):
        quality_filter("c4", "xx-none", {})


def test_a_language_whose_package_is_not_there():
    if importlib.util.find_spec("pyvi") is not None:
        pytest.skip("pyvi is installed here")
    with pytest.raises(
        RecipeError, match=r"words of 'vi' are cut by a package that is not installed .*pyvi.*; pip install pyvi"
    ):
        check_words("vi")
