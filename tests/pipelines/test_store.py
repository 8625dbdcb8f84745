import errno
import json
import multiprocessing
import os
import subprocess
import time

import pytest

from seedbed.errors import StoreError
from seedbed.pipelines.store import Artifact, Store


def artifact(number=1, parents=None):
    return Artifact.of("component", "words", {"number": number}, parents)


def fill(folder):
    (folder / "data.bin").write_bytes(b"x" * 10)
    return {"documents": 3}


def test_an_artifact_is_built_once_and_carries_a_manifest(tmp_path):
    store, made = Store(tmp_path), []
    tokenizer = Artifact.of("tokenizer", "byte", {"number": 2})
    words = artifact(parents={"tokenizer": tokenizer})

    def make(folder):
        made.append(folder)
        return fill(folder)

    assert store.build(words, make)
    assert not store.build(words, make)
    assert len(made) == 1
    manifest = store.manifest(words)
    assert manifest["recipe"] == {"artifact": "component", "number": 1}
    assert manifest["parents"] == {"tokenizer": tokenizer.fingerprint}
    assert manifest["counts"] == {"documents": 3}
    assert manifest["wall_seconds"] >= 0
    assert manifest["code_version"]
    assert store.folder(words).name == f"words-{words.fingerprint}"


def test_nothing_half_written_is_ever_there(tmp_path):
    store = Store(tmp_path)

    def make(folder):
        fill(folder)
        assert not store.has(artifact())
        raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        store.build(artifact(), make)
    assert not store.has(artifact())
    assert not store.partial(artifact()).exists()
    assert store.build(artifact(), fill)


def test_a_resumable_artifact_keeps_what_was_done(tmp_path):
    store = Store(tmp_path)

    def stop(folder):
        (folder / "checkpoint").write_text("7")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.build(artifact(), stop, resumable=True)
    assert store.build(artifact(), lambda folder: {"was": (folder / "checkpoint").read_text()}, resumable=True)
    assert store.manifest(artifact())["counts"] == {"was": "7"}


def test_a_full_disk_is_one_line_and_leaves_the_store_whole(tmp_path):
    store = Store(tmp_path)
    store.build(artifact(2), fill)

    def make(folder):
        fill(folder)
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StoreError, match=r"disk that holds the store is full.*run the same command again"):
        store.build(artifact(), make, resumable=True)
    assert not store.partial(artifact()).exists()
    assert store.has(artifact(2))
    assert store.build(artifact(), fill)


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system can only be mounted by root")
def test_a_file_system_that_is_really_full(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets no small file system be mounted")
    try:
        store = Store(small)
        store.build(artifact(2), fill)

        def make(folder):
            (folder / "large.bin").write_bytes(b"x" * 1_000_000)
            return {}

        with pytest.raises(StoreError, match="full"):
            store.build(artifact(), make)
        assert store.has(artifact(2))
        assert not store.has(artifact())
        assert store.build(artifact(), fill)
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_folder_of_another_recipe_is_refused(tmp_path):
    store = Store(tmp_path)
    store.build(artifact(), fill)
    path = store.folder(artifact()) / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "fingerprint": "0" * 16}))
    with pytest.raises(StoreError, match="holds another recipe; move that folder"):
        store.build(artifact(), fill)


def build_slowly(root, tally):
    def make(folder):
        with tally.open("a") as file:
            file.write("built\n")
        time.sleep(0.3)
        return fill(folder)

    Store(root).build(artifact(), make)


def test_two_processes_build_an_artifact_once(tmp_path):
    context = multiprocessing.get_context("fork")
    tally = tmp_path / "tally"
    builders = [context.Process(target=build_slowly, args=(tmp_path / "store", tally)) for _ in range(3)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert [builder.exitcode for builder in builders] == [0, 0, 0]
    assert tally.read_text() == "built\n"


def test_what_is_held_while_building_is_not_held_while_waiting(tmp_path):
    store, held = Store(tmp_path), []

    class Core:
        def __enter__(self):
            held.append("taken")

        def __exit__(self, *_):
            held.append("given back")

    store.build(artifact(), fill, holding=Core)
    store.build(artifact(), fill, holding=Core)
    assert held == ["taken", "given back"]


def test_fingerprints_depend_on_the_recipe_alone():
    assert artifact(1).fingerprint == artifact(1).fingerprint
    assert artifact(1).fingerprint != artifact(2).fingerprint
    assert artifact(1) == Artifact.of("component", "words", {"number": 1}, {})
