import hashlib
import os

import pytest

from seedbed.errors import SourceError, UnknownNameError
from seedbed.workbench import Workbench, carried_shelves


def test_the_shelves_that_came_with_seedbed_are_found():
    assert (carried_shelves() / "training" / "nano.toml").is_file()


def test_a_file_in_the_current_folder_wins_over_the_carried_one(tmp_path):
    own = tmp_path / "training" / "nano.toml"
    own.parent.mkdir()
    own.write_text("# mine\n")
    assert Workbench(tmp_path).shelf_file("training", "nano") == own
    assert Workbench(tmp_path).shelf_file("training", "micro") != own


def test_an_unknown_name_is_answered_with_the_nearest_from_both_shelves(tmp_path):
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "nanno.toml").write_text("")
    with pytest.raises(UnknownNameError, match=r"'nanno' or 'nano'|'nano' or 'nanno'"):
        Workbench(tmp_path).shelf_file("training", "nannno")


def test_locations_are_relative_to_the_root_and_the_store_can_stand_elsewhere(tmp_path, monkeypatch):
    monkeypatch.delenv("SEEDBED_STORE", raising=False)
    assert Workbench(tmp_path).resolve("a/b.txt") == tmp_path / "a" / "b.txt"
    assert Workbench(tmp_path).store == tmp_path / "store"
    assert Workbench(tmp_path, tmp_path / "other").store == tmp_path / "other"
    monkeypatch.setenv("SEEDBED_STORE", str(tmp_path / "third"))
    assert Workbench(tmp_path).store == tmp_path / "third"


def test_a_digest_is_of_content_and_is_remembered_until_the_file_changes(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"one")
    workbench = Workbench(tmp_path)
    assert workbench.digest(path) == hashlib.sha256(b"one").hexdigest()
    assert Workbench(tmp_path).digest(path) == workbench.digest(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert workbench.digest(path) == hashlib.sha256(b"two").hexdigest()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"gone\.txt is not there"):
        Workbench(tmp_path).digest(tmp_path / "gone.txt")
