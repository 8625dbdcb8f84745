from __future__ import annotations

from seedbed.data.readers.grammar import BLOCK
from seedbed.data.recipes import Grammar


def test_tasks_write_together_what_one_would(workbench):
    (reader,) = Grammar("english", documents=2 * BLOCK + 100).steps(workbench)
    alone = {document.id: document.text for document in reader.run()}
    shared = [{document.id: document.text for document in reader.run(None, rank, 4)} for rank in range(4)]
    assert len(alone) == 2 * BLOCK + 100 == sum(map(len, shared))
    assert shared[0] | shared[1] | shared[2] | shared[3] == alone


def test_a_document_may_be_changed_without_changing_another(workbench):
    (reader,) = Grammar("english", documents=2_000).steps(workbench)
    constructions = set()
    for document in reader.run():
        assert "mark" not in document.metadata
        document.metadata["mark"] = 1
        constructions.add(document.metadata["construction"])
    assert len(constructions) < 400  # so that labels do recur
