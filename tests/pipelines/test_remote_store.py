import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seedbed.errors import StoreError
from seedbed.pipelines.remote_store import RemoteStore
from seedbed.pipelines.store import Artifact, Store
from seedbed.workbench import Workbench
from tests.pipelines.studies import TINY, write_pipeline
from tests.s3 import SECRET, s3_server

ARTIFACT = Artifact.of("component", "words", {"number": 1})


@pytest.fixture
def shared(tmp_path):
    """Gives machines, each with a folder of its own, that share one store behind a URL."""
    (tmp_path / "shared").mkdir()
    return lambda machine: Store(tmp_path / machine, RemoteStore((tmp_path / "shared").as_uri()))


def fill(folder, content="x"):
    (folder / "deep").mkdir()
    (folder / "data.bin").write_text(content * 10)
    (folder / "deep" / "more.bin").write_text(content)
    return {"documents": 3}


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_one_machine_builds_another_fetches(shared):
    here, there = shared("a"), shared("b")
    assert not there.has(ARTIFACT)
    assert here.build(ARTIFACT, fill)
    there = shared("b")
    assert there.has(ARTIFACT)
    assert there.manifest(ARTIFACT) == here.manifest(ARTIFACT) == there.manifests("component")[0]
    assert not there.build(ARTIFACT, lambda folder: pytest.fail("it is there"))
    assert content(there.folder(ARTIFACT)) == content(here.folder(ARTIFACT))


def test_a_kill_between_building_and_publishing_is_mended_by_the_next_call(shared, tmp_path):
    Store(tmp_path / "a").build(ARTIFACT, fill)
    store = shared("a")
    assert not store.has(ARTIFACT)
    assert not store.build(ARTIFACT, lambda folder: pytest.fail("it is there"))
    assert shared("b").has(ARTIFACT)


def test_files_without_a_manifest_are_nothing_and_go_when_it_is_published(shared, tmp_path):
    left = tmp_path / "shared" / "components" / ARTIFACT.folder_name / "files-left"
    left.mkdir(parents=True)
    (left / "data.bin").write_text("half")
    store = shared("a")
    assert not store.has(ARTIFACT)
    assert store.manifests("component") == []
    store.build(ARTIFACT, fill)
    assert not left.exists()
    assert (shared("b").folder(ARTIFACT) / "data.bin").read_text() == "x" * 10


def test_what_was_built_here_gives_way_to_what_was_published(shared, tmp_path):
    Store(tmp_path / "b").build(ARTIFACT, lambda folder: fill(folder, "y"))
    shared("a").build(ARTIFACT, fill)
    late = shared("b")
    assert not late.build(ARTIFACT, fill)
    assert content(late.folder(ARTIFACT)) == content(shared("a").folder(ARTIFACT))


def build_at_once(url, root, letter, barrier):
    def make(folder):
        barrier.wait(30)
        return fill(folder, letter)

    Store(root, RemoteStore(url)).build(ARTIFACT, make)


def at_once(url, tmp_path, method):
    context = multiprocessing.get_context(method)
    barrier = context.Barrier(2)
    builders = [
        context.Process(target=build_at_once, args=(url, tmp_path / letter, letter, barrier)) for letter in "ab"
    ]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert [builder.exitcode for builder in builders] == [0, 0]
    found = [content(Store(tmp_path / letter, RemoteStore(url)).folder(ARTIFACT)) for letter in "abc"]
    assert found[0] == found[1] == found[2]
    return found[0]


def test_two_machines_at_once_end_with_one_whole_artifact(tmp_path):
    (tmp_path / "shared").mkdir()
    found = at_once((tmp_path / "shared").as_uri(), tmp_path, "fork")
    assert found["data.bin"] in (b"a" * 10, b"b" * 10)
    assert len(list((tmp_path / "shared" / "components" / ARTIFACT.folder_name).iterdir())) == 2


def test_damage_is_named(shared, tmp_path):
    shared("a").build(ARTIFACT, fill)
    (damaged,) = tmp_path.glob("shared/components/*/files-*/data.bin")
    damaged.write_text("short")
    with pytest.raises(StoreError, match=r"words-\w+: data\.bin in the store at file://.* is damaged; remove"):
        shared("b").folder(ARTIFACT)
    assert not list((tmp_path / "b" / "components").glob("*"))
    manifest = tmp_path / "shared" / "components" / ARTIFACT.folder_name / "manifest.json"
    manifest.write_text("{")
    with pytest.raises(StoreError, match=r"its manifest in the store at .* cannot be read; remove"):
        shared("b").build(ARTIFACT, fill)


def test_a_workbench_keeps_what_it_fetches_apart_by_store(tmp_path, monkeypatch):
    monkeypatch.setenv("SEEDBED_CACHE", str(tmp_path / "cache"))
    one, other = Workbench(tmp_path, "s3://bucket/one/"), Workbench(tmp_path, "s3://bucket/two")
    assert one.remote_store == one.store_location == "s3://bucket/one"
    assert one.store != other.store
    assert one.store.parent == tmp_path / "cache"
    assert Workbench(tmp_path, "store").remote_store is None


@pytest.mark.slow
def test_a_study_through_s3(tmp_path, monkeypatch):
    """One machine builds the study, another finds all of it; nothing of either shows a secret."""
    text = TINY.replace("seeds=Seeds(2)", "seeds=Seeds(1)").replace('tokenizer("bpe", vocab_size=400), ', "")
    write_pipeline(tmp_path, text)
    with s3_server() as found:
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        import s3fs

        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir("bucket")
        said = ""
        for machine in "ab":
            command = [
                str(Path(sys.executable).with_name("seedbed")),
                "--store",
                "s3://bucket/studies",
                "run",
                "tiny.py",
            ]
            environment = {**os.environ, "SEEDBED_CACHE": str(tmp_path / machine)}
            done = subprocess.run(
                [*command, "--no-tracking"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            said += done.stdout + done.stderr
            assert done.returncode == 0, said
        assert "nothing to build" in done.stdout
        manifests = s3fs.S3FileSystem().glob("bucket/studies/*/*/manifest.json")
        assert {path.split("/")[2] for path in manifests} == {"components", "tokenizers", "tokens", "runs"}
        assert at_once("s3://bucket/race", tmp_path, "spawn")
        everything = b"".join(
            path.read_bytes() for machine in "ab" for path in (tmp_path / machine).rglob("*.json") if path.is_file()
        )
        published = b"".join(s3fs.S3FileSystem().cat(manifests).values())
        assert SECRET not in said
        assert SECRET.encode() not in everything + published
        assert json.loads(s3fs.S3FileSystem().cat_file(manifests[0]))["published"]["files"]


def test_a_store_that_cannot_be_reached_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(StoreError, match=r"^the store at s3://bucket/x cannot be reached .*check the network") as error:
        Store(tmp_path, RemoteStore("s3://bucket/x")).has(ARTIFACT)
    assert SECRET not in str(error.value)
    assert "\n" not in str(error.value)
