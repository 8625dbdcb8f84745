import gzip
import json

import pytest

from seedbed.data.grammar.items import MinimalPair
from seedbed.errors import SourceError, UnknownNameError
from seedbed.probes.pair_files import chosen, read_pairs


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
