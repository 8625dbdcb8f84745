import gzip
import json

import pytest

from seedbed.data.grammar.items import MinimalPair
from seedbed.errors import SourceError, UnknownNameError
from seedbed.probes.pair_files import chosen, read_pairs, read_suite


def line(good="He eats.", bad="He eat.", **more):
    return json.dumps({"sentence_good": good, "sentence_bad": bad, **more}) + "\n"


def test_a_folder_is_read_by_paradigm_in_the_order_of_names(tmp_path):
    (tmp_path / "b.jsonl").write_text(line(UID="verbs") + line("a b", "b a", UID="order"))
    with gzip.open(tmp_path / "a.jsonl.gz", "wt") as file:
        file.write(line("zwölf", "zwolf", UID="umlaut"))
    (tmp_path / "README").write_text("no pairs")
    found = read_pairs(tmp_path)
    assert list(found) == ["umlaut", "verbs", "order"]
    assert found["umlaut"] == [MinimalPair("umlaut", "zwölf", "zwolf")]


def test_a_pair_without_uid_belongs_to_its_file(tmp_path):
    (tmp_path / "mine.v2.jsonl").write_text(line())
    assert list(read_pairs(tmp_path / "mine.v2.jsonl")) == ["mine"]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ('{"sentence_good": "a"', r"p\.jsonl, line 2 is not valid JSON .*mend or remove the line"),
        ('["a", "b"]', "line 2 is not a JSON object"),
        ('{"sentence_good": "a"}', "line 2 lacks sentence_good or sentence_bad"),
        ('{"sentence_good": "a", "sentence_bad": ""}', "line 2 lacks sentence_good or sentence_bad, or one is empty"),
        ('{"sentence_good": "a", "sentence_bad": "b", "UID": "a/b"}', "line 2: the UID 'a/b' is not a name"),
    ],
)
def test_a_bad_line_is_named(tmp_path, second, message):
    (tmp_path / "p.jsonl").write_text(line() + second)
    with pytest.raises(SourceError, match=message):
        read_pairs(tmp_path)


def test_empty_and_missing_locations_are_refused(tmp_path):
    with pytest.raises(SourceError, match=r"holds no \.jsonl"):
        read_pairs(tmp_path)
    with pytest.raises(SourceError, match=r"none\.jsonl is not there"):
        read_pairs(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(SourceError, match="holds no pairs"):
        read_pairs(tmp_path)


def test_paradigms_are_chosen_by_name_and_cut_to_a_prefix():
    pairs = {name: [MinimalPair(name, str(i), "x") for i in range(5)] for name in ("one", "other")}
    assert chosen(pairs, (), None) == pairs
    assert chosen(pairs, ("other",), 2) == {"other": pairs["other"][:2]}
    with pytest.raises(UnknownNameError, match="no paradigm is called 'othr'; did you mean 'other'"):
        chosen(pairs, ("othr",), None)


def test_blimp_as_published(shared_data):
    found = read_pairs(shared_data / "blimp")
    assert len(found) == 67
    assert {len(pairs) for pairs in found.values()} == {1000}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("p.tsv", "He eats.\tHe eat.\n", ("p", "He eats.", "He eat.")),
        ("p.tsv", "UID\tsentence_bad\tsentence_good\nverbs\tHe eat.\tHe eats.\n", ("verbs", "He eats.", "He eat.")),
        ("p.tsv", "sentence_good\tsentence_bad\nHe eats.\tHe eat.\n", ("p", "He eats.", "He eat.")),
        ("p.tsv", "True\the eats\nFalse\the eat\n", ("p", "he eats", "he eat")),
        ("p.txt", "he eat .\nhe eats .\n", ("p", "he eats .", "he eat .")),
        ("p.jsonl", line(UID="verbs"), ("verbs", "He eats.", "He eat.")),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_every_format_of_a_suite(tmp_path, name, text, expected, packed):
    if packed:
        with gzip.open(tmp_path / f"{name}.gz", "wt") as file:
            file.write(text)
    else:
        (tmp_path / name).write_text(text)
    assert read_suite(tmp_path) == {expected[0]: [MinimalPair(*expected)]}


def test_which_line_comes_first_in_text_files_can_be_said(tmp_path):
    (tmp_path / "p.txt").write_text("he eats .\nhe eat .\n")
    assert read_suite(tmp_path / "p.txt", "good") == {"p": [MinimalPair("p", "he eats .", "he eat .")]}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.tsv", "True\ta\nTrue\tb\n", r"p\.tsv, line 1: the marks are 'True' and 'True', not True and False in turn"),
        ("p.tsv", "True\ta\nFalse\tb\nTrue\tc\n", "line 4 has 1 columns, not 2"),
        ("p.tsv", "a\tb\nc\n", r"p\.tsv, line 2 has 1 columns, not 2"),
        ("p.txt", "a\nb\nc\n", r"p\.txt, line 3: there is no pair of lines here"),
        ("p.md", "a", r"holds no \.jsonl, \.tsv or \.txt file"),
        ("p.tsv", "", "holds no pairs"),
    ],
)
def test_bad_suite_files_are_refused(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match=message):
        read_suite(tmp_path)


def test_wildcards_choose_paradigms():
    pairs = {name: [MinimalPair(name, "a", "b")] for name in ("npi_1", "npi_2", "other")}
    assert list(chosen(pairs, ("npi_*",), None)) == ["npi_1", "npi_2"]
    with pytest.raises(UnknownNameError):
        chosen(pairs, ("anaphor_*",), None)
