from __future__ import annotations

import json

import pytest

from seedbed.data.identity import component_identity
from seedbed.data.parallel import Language, ParallelFiles
from seedbed.data.recipes import Component, Files, HubDataset
from seedbed.errors import RecipeError, SourceError, UnknownNameError


@pytest.fixture
def both(workbench):
    (workbench.root / "t").mkdir()
    for language, lines in {"en": "one\ntwo\n", "de": "eins\nzwei\n"}.items():
        (workbench.root / "t" / f"{language}.txt").write_text(lines)
    return {"en": "t/en.txt", "de": "t/de.txt"}


def test_parallel_text_is_labelled_in_the_catalogue(both, build):
    stored, receipt = build(Component("p", ParallelFiles(both), heldout_share=0), tasks=2)
    rows = {(row["item"], row["language"]) for row in stored.labels(range(4))}
    assert rows == {("line-0", "en"), ("line-0", "de"), ("line-1", "en"), ("line-1", "de")}
    assert receipt.documents == 4


@pytest.mark.parametrize(
    ("write", "mend"),
    [
        (lambda: ParallelFiles({"en": "a.txt"}), "at least two languages"),
        (lambda: ParallelFiles({"en": "a", "deu": "b"}, languages="dut"), "no language .* did you mean 'deu'"),
        (lambda: ParallelFiles({"en": "a", "de": "b"}, languages=("en", "en")), "one twice"),
        (lambda: Language("de", "books.jsonl"), r"write 'books/\{language\}\.jsonl'"),
        (lambda: Language("de", Files("a.jsonl")), "write column='lang'"),
        (lambda: Language("de", Files("a.jsonl", where={"lang": "x"}), column="lang"), "leave it out there"),
        (lambda: Language("de", HubDataset("a/b", config="x")), "leave config out"),
    ],
)
def test_a_wrong_choice_is_refused_in_one_line_with_the_mend(write, mend):
    with pytest.raises(RecipeError, match=mend) as error:
        write()
    assert "\n" not in str(error.value)


def test_identity_is_each_languages_content(both, workbench):
    def identity(source):
        return json.dumps(component_identity(Component("p", source), workbench), sort_keys=True)

    ways = [
        ParallelFiles(both),
        ParallelFiles({"en": both["de"], "de": both["en"]}),
        ParallelFiles(both, languages="en"),
        ParallelFiles(both, together=True),
        ParallelFiles(dict(reversed(both.items())), together=True),
    ]
    before = identity(ways[0])
    assert len({identity(way) for way in ways}) == len(ways)
    (workbench.root / "t" / "en.txt").rename(workbench.root / "x.txt")
    assert identity(ParallelFiles({"de": "t/de.txt", "en": "x.txt"})) == before
    with pytest.raises(SourceError, match=r"'t/en\.txt' \(en\) is not there"):
        identity(ways[0])


def test_files_named_by_language(both, build, workbench):
    stored, _ = build(Component("de", Language("de", "t/{language}.txt"), language="de", heldout_share=0))
    assert list(stored.iter_texts()) == ["eins\nzwei\n"]
    with pytest.raises(UnknownNameError, match="no language of this source is called 'dee'; did you mean 'de'"):
        Language("dee", "t/{language}.txt").steps(workbench)
    with pytest.raises(UnknownNameError, match="called 'zz'; there are: de, en"):
        Language("zz", "t/{language}.txt").steps(workbench)
    with pytest.raises(UnknownNameError, match="there are none"):
        Language("zz", "nowhere/{language}/x.txt").steps(workbench)


def test_one_language_of_records_that_say_theirs(jsonl, build, workbench):
    location = jsonl("a.jsonl", [{"text": f"text {i}", "lang": lang} for i, lang in enumerate(["de", "fr", "de"])])
    stored, receipt = build(Component("de", Language("de", Files(location), column="lang"), heldout_share=0))
    assert sorted(stored.iter_texts()) == ["text 0", "text 2"]
    assert {row["language"] for row in stored.labels(range(2))} == {"de"}
    assert receipt.skipped == {"dropped by language: language fr": 1}
    with pytest.raises(UnknownNameError, match="called 'deu'; did you mean 'de'"):
        Language("deu", Files(location), column="lang").steps(workbench)
    with pytest.raises(SourceError, match=r"no column 'langs'; did you mean 'lang'\? \(column=\)"):
        Language("de", Files(location), column="langs").steps(workbench)


def test_one_configuration_of_a_data_set(tmp_path, monkeypatch, workbench):
    """A folder that `datasets` reads the way it reads a data set of the hub."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "data"
    folder.mkdir()
    configurations = "".join(f"- config_name: {tag}\n  data_files: {tag}.jsonl\n" for tag in ("deu_Latn", "fra_Latn"))
    (folder / "README.md").write_text(f"---\nconfigs:\n{configurations}---\n")
    for tag in ("deu_Latn", "fra_Latn"):
        (folder / f"{tag}.jsonl").write_text(json.dumps({"text": tag}) + "\n")
    monkeypatch.chdir(tmp_path)
    source = HubDataset("data", revision="0" * 40)
    assert Language("deu_Latn", source).chosen(workbench).config == "deu_Latn"
    with pytest.raises(UnknownNameError, match="called 'deu_Lat'; did you mean 'deu_Latn'"):
        Language("deu_Lat", source).steps(workbench)
