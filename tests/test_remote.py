from __future__ import annotations

import sys

import pytest

from seedbed.errors import SourceError
from seedbed.remote import RemoteFile, file_system, is_remote, matching, said, shown, told

SECRET = "not-to-be-seen"


@pytest.mark.parametrize(
    ("location", "remote"),
    [
        ("s3://b/x", True),
        ("memory://x", True),
        ("x.jsonl", False),
        ("/x/y", False),
        ("c:/x", False),
        ("hub:a/b", False),
    ],
)
def test_a_url_is_told_from_a_path(location, remote):
    assert is_remote(location) is remote


def test_a_location_is_shown_without_what_is_secret():
    assert shown(f"sftp://me:{SECRET}@host/x/y.txt") == "sftp://host/x/y.txt"
    assert shown(f"https://host/x.jsonl?X-Amz-Signature={SECRET}") == "https://host/x.jsonl"
    assert shown("a/b.txt") == "a/b.txt"
    file = RemoteFile(f"https://me:{SECRET}@host/deep/x%20y.jsonl.gz?token={SECRET}")
    assert (file.name, file.suffix) == ("x y.jsonl.gz", ".gz")
    assert SECRET not in repr(file)


@pytest.mark.parametrize(
    "text",
    [
        f"Cannot connect to https://me:{SECRET}@host/x",
        f"403 for https://host/x?X-Amz-Signature={SECRET}&y=1",
        f"aws_secret_access_key={SECRET}",
        f"bad token: {SECRET}",
    ],
)
def test_what_an_error_says_holds_no_secret(text):
    assert SECRET not in said(ValueError(text))
    with pytest.raises(SourceError) as error, told("x.jsonl"):
        raise ConnectionError(text + "\nsecond line")
    assert SECRET not in str(error.value)
    assert "\n" not in str(error.value)


def test_files_folders_and_patterns(tmp_path):
    for name in ("a.jsonl", "deep/b.jsonl", "deep/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    root = tmp_path.as_uri()

    def names(location):
        found = matching(location, lambda name: name.endswith(".jsonl"))
        return None if found is None else [file.location.removeprefix(f"{root}/") for file in found]

    assert names(f"{root}/a.jsonl") == ["a.jsonl"]
    assert names(f"{root}/deep") == ["deep/b.jsonl"]
    assert names(f"{root}/**/*.jsonl") == ["a.jsonl", "deep/b.jsonl"]
    assert names(f"{root}/*.parquet") == []
    assert names(f"{root}/gone") is None


def test_a_library_that_is_missing_is_named_with_the_mend(monkeypatch):
    import fsspec  # noqa: F401  # loads the registry

    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(SourceError, match=r"s3:// needs a library that is not installed: pip install 'seedbed\[s3\]'"):
        file_system("s3://bucket/x")


def test_a_protocol_that_nobody_knows_is_one_line():
    with pytest.raises(SourceError, match=r"'foo://x': Protocol not known: foo; check the beginning of the URL"):
        file_system("foo://x")
