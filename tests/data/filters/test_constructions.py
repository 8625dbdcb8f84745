from __future__ import annotations

import json

import pytest
from datatrove.data import Document
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

from seedbed.data.filters.constructions import ConstructionFilter
from seedbed.errors import SourceError


def document(*constructions):
    return Document("x", "0", metadata={"constructions": list(constructions)})


def test_every_document_with_a_construction_is_dropped_with_the_first_as_reason():
    step = ConstructionFilter(["npi", "a"])
    assert step.filter(document()) is True
    assert step.filter(document("npi after licensor")) is True
    assert step.filter(document("npi", "npi after licensor")) == (False, "npi")
    assert step.filter(document("npi", "a")) == (False, "a")


def test_a_document_of_which_nothing_is_known_is_refused():
    with pytest.raises(SourceError, match=r"does not say which constructions .* put Annotate\(\.\.\.\) before"):
        ConstructionFilter(["npi"]).filter(Document("x", "7"))


def test_alone_in_a_plain_datatrove_pipeline_with_what_it_drops(tmp_path):
    (tmp_path / "in").mkdir()
    rows = [{"text": "with", "constructions": ["npi"]}, {"text": "without", "constructions": []}]
    (tmp_path / "in" / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    steps = [
        JsonlReader(str(tmp_path / "in")),
        ConstructionFilter(["npi"], JsonlWriter(str(tmp_path / "dropped"), compression=None)),
        JsonlWriter(str(tmp_path / "kept"), compression=None),
    ]
    stats = LocalPipelineExecutor(steps, logging_dir=str(tmp_path / "logs")).run()
    assert json.loads((tmp_path / "kept" / "00000.jsonl").read_text())["text"] == "without"
    dropped = json.loads((tmp_path / "dropped" / "00000.jsonl").read_text())
    assert (dropped["text"], dropped["metadata"]["filter_reason"]) == ("with", "npi")
    assert stats.stats[1].stats["dropped_npi"].total == 1
