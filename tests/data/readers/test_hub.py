from __future__ import annotations

import json

import pytest

from seedbed.data.readers.base import SKIPPED
from seedbed.data.readers.hub import HubReader
from seedbed.errors import SourceError


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    """A folder that `datasets` loads the way it loads a data set of the hub."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "data"
    folder.mkdir()
    records = [{"text": text, "lang": "de"} for text in ("eins", "", "drei")]
    (folder / "train.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(folder)


def test_records_with_text(dataset):
    reader = HubReader(dataset, {"split": "train"})
    assert [document.text for document in reader.run()] == ["eins", "drei"]
    assert reader.stats.stats[SKIPPED + "empty"].total == 1


def test_the_mend_for_a_wrong_column_and_split(dataset):
    with pytest.raises(SourceError, match=r"has no column 'txt'; did you mean 'text'\?"):
        list(HubReader(dataset, {"split": "train"}, text_key="txt").run())
    with pytest.raises(SourceError, match=r"cannot be read: .*check its name, config, split") as error:
        list(HubReader(dataset, {"split": "nowhere"}).run())
    assert "\n" not in str(error.value)
