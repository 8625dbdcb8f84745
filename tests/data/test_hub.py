from __future__ import annotations

import pytest

from seedbed.data.hub import commit_of
from seedbed.data.identity import hub_identity
from seedbed.data.recipes import HubDataset
from seedbed.errors import SourceError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """The hub's client switched off, with a cache of our own."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def test_a_commit_stands_for_itself():
    assert commit_of("org/name", COMMIT) == COMMIT


def test_without_network_and_cache_the_mend_is_named(offline):
    with pytest.raises(SourceError, match=r"'org/name' at 'main' cannot be found .*revision= with a full commit"):
        commit_of("org/name", "main")


def test_without_network_the_cache_knows_what_was_used_last(offline, workbench):
    ref = offline / "datasets--org--name" / "refs" / "main"
    ref.parent.mkdir(parents=True)
    ref.write_text(COMMIT)
    assert hub_identity(HubDataset("org/name", config="de"), workbench) == {
        "kind": "HubDataset",
        "version": 1,
        "id": "org/name",
        "config": "de",
        "split": "train",
        "text_column": "text",
        "commit": COMMIT,
    }
