from __future__ import annotations

import pytest

from seedbed.data.recipes import Component, Files
from seedbed.data.sources import matched_files
from seedbed.errors import SourceError


@pytest.fixture
def files(workbench):
    for name in ("a.jsonl", "deep/b.jsonl.gz", "deep/c.txt", "deep/deeper/d.jsonl"):
        path = workbench.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return lambda *locations, **how: [
        str(path.relative_to(workbench.root)) for path in matched_files(Files(*locations, **how), workbench)
    ]


def test_files_folders_and_patterns(files):
    assert files("a.jsonl") == ["a.jsonl"]
    assert files("deep", format="jsonl") == ["deep/b.jsonl.gz", "deep/deeper/d.jsonl"]
    assert files("**/*.jsonl") == ["a.jsonl", "deep/deeper/d.jsonl"]
    assert files("a.jsonl", "*.jsonl", "deep/b.jsonl.gz") == ["a.jsonl", "deep/b.jsonl.gz"]


def test_a_file_of_another_suffix_is_read_as_the_stated_format(files):
    assert files("deep/c.txt", format="jsonl") == ["deep/c.txt"]


@pytest.mark.parametrize("location", ["nowhere.jsonl", "nowhere/*.jsonl"])
def test_what_is_not_there_is_refused(files, location):
    with pytest.raises(SourceError, match=r"'nowhere.*check the location"):
        files(location)


def test_a_folder_without_such_files_is_refused(files, workbench):
    (workbench.root / "bare").mkdir()
    with pytest.raises(SourceError, match="'bare' holds no parquet file"):
        files("bare", format="parquet")


@pytest.mark.parametrize("how", [{}, {"tasks": 3}])
def test_each_format_is_read_by_its_reader(build, workbench, how):
    import pyarrow as pa
    import pyarrow.parquet as pq

    root = workbench.root
    (root / "a.jsonl").write_text('{"body": "from json", "lang": "en"}\n{"body": "aus json", "lang": "de"}\n')
    pq.write_table(pa.table({"body": ["from parquet", "aus parquet"], "lang": ["en", "de"]}), root / "a.parquet")
    (root / "a.txt").write_text("from text")
    (root / "a.conllu").write_text("# text = from UD\n1\tfrom" + "\t_" * 8 + "\n2\tUD" + "\t_" * 8 + "\n\n")
    for name, wanted in (
        ("a.jsonl", "aus json"),
        ("a.parquet", "aus parquet"),
        ("a.txt", "from text"),
        ("a.conllu", "from UD"),
    ):
        columns = {"text_column": "body", "where": {"lang": "de"}} if name in ("a.jsonl", "a.parquet") else {}
        stored, _ = build(Component("c", Files(name, **columns)), **how)
        assert list(stored.iter_texts()) == [wanted]
        assert stored.labels([0])[0]["language"] == ("de" if columns else "und")
