from __future__ import annotations

import bz2
import gzip
import json
import lzma

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seedbed.data.recipes import Component, Files
from seedbed.data.sources import matched_files
from seedbed.errors import SourceError
from seedbed.remote import shown
from tests.s3 import SECRET, s3_server


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


RECORDS = "".join(json.dumps({"text": f"document {i} grüße", "url": f"u{i % 3}"}) + "\n" for i in range(300)).encode()


def write_every_kind(write):
    """The same records in every format and compression, by a function of name and bytes."""
    zst, parquet = pa.BufferOutputStream(), pa.BufferOutputStream()
    with pa.CompressedOutputStream(zst, "zstd") as file:
        file.write(RECORDS)
    pq.write_table(pa.Table.from_pylist([json.loads(line) for line in RECORDS.splitlines()]), parquet)
    write("a.jsonl", RECORDS)
    write("deep/a.jsonl.gz", gzip.compress(RECORDS, mtime=0))
    write("deep/a.jsonl.bz2", bz2.compress(RECORDS))
    write("deep/a.jsonl.xz", lzma.compress(RECORDS))
    write("deep/a.jsonl.zst", zst.getvalue().to_pybytes())
    write("a.parquet", parquet.getvalue().to_pybytes())
    write("a.txt", RECORDS)
    write("cut.jsonl.gz", gzip.compress(RECORDS, mtime=0)[:-60])
    write("bad.jsonl", RECORDS + b'{"text": \n')


def write_here(workbench):
    def write(name, content):
        (workbench.root / name).parent.mkdir(exist_ok=True)
        (workbench.root / name).write_bytes(content)

    write_every_kind(write)


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.slow)])
def away(request, tmp_path, monkeypatch):
    """The URL of a folder with files of every kind: on this disk, or on an S3 server with the real client."""
    if request.param == "file":
        import fsspec

        system, url = fsspec.filesystem("file", auto_mkdir=True), (tmp_path / "away").as_uri()
        write_every_kind(lambda name, content: system.pipe_file(f"{url}/{name}", content))
        yield url
        return
    with s3_server() as found:
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        import s3fs

        s3fs.S3FileSystem.clear_instance_cache()
        system = s3fs.S3FileSystem()
        system.mkdir("bucket")
        write_every_kind(lambda name, content: system.pipe_file(f"bucket/{name}", content))
        yield "s3://bucket"


@pytest.mark.parametrize(
    "location", ["a.jsonl", "deep", "deep/*.jsonl.gz", "a.parquet", "a.txt", "deep/a.jsonl.bz2", "deep/a.jsonl.xz"]
)
def test_the_same_bytes_are_the_same_component_wherever_they_lie(away, build, workbench, content, location):
    write_here(workbench)
    how = {"format": "jsonl"} if location == "deep" else {}
    here, there = Files(location, **how), Files(f"{away}/{location}", **how)
    assert there.identity(workbench) == here.identity(workbench)
    assert content(build(Component("c", there))[0]) == content(build(Component("c", here))[0])
    assert SECRET not in json.dumps(there.identity(workbench))
    digests = workbench.store / "digests.json"
    assert digests.is_file()  # a remote file is read for its digest once
    assert SECRET not in digests.read_text()
    assert shown(away) not in digests.read_text()


def test_two_processes_read_from_afar(away, build, content):
    component = Component("c", Files(f"{away}/deep", format="jsonl"))
    assert content(build(component, tasks=2, workers=2)[0]) == content(build(component)[0])


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("cut.jsonl.gz", r"^cut\.jsonl\.gz is a truncated \.gz file; mend"),
        ("bad.jsonl", r"^bad\.jsonl, line 301: malformed JSON"),
        ("gone.jsonl", r"gone\.jsonl' is not there; check the location"),
        ("deep/*.parquet", r"deep/\*\.parquet' holds no parquet file"),
    ],
)
def test_damage_from_afar_is_named_by_file_and_place(away, build, location, message):
    with pytest.raises(SourceError, match=message) as error:
        build(Component("c", Files(f"{away}/{location}")))
    assert "\n" not in str(error.value)


def test_changed_bytes_are_another_identity(away, workbench):
    import fsspec

    files = Files(f"{away}/a.txt")
    before = files.identity(workbench)
    with fsspec.open(f"{away}/a.txt", "wb") as file:
        file.write(b"other")
    assert files.identity(workbench) != before
