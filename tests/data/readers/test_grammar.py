from __future__ import annotations

import pickle

import pytest
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.writers.jsonl import JsonlWriter

from seedbed.data.grammar.identity import request_of
from seedbed.data.grammar.request import Request
from seedbed.data.readers.grammar import BLOCK, KEPT, GrammarReader
from seedbed.data.readers.tabular import JsonlReader
from seedbed.data.recipes import Grammar
from seedbed.errors import RecipeError
from tests.data.grammar.toys import flat, zoo


def written(reader, *where):
    return {document.id: (document.text, document.metadata) for document in reader.run(None, *where)}


def reader_of(documents, **asked):
    return GrammarReader(zoo(), request_of(Grammar("zoo", **asked)), documents=documents)


@pytest.mark.parametrize(
    "asked", [{}, {"shares": {"relative": 0.1}}, {"task": "copy", "depth_shares": {0: 0.03, 2: 0.97}}]
)
def test_tasks_write_together_what_one_would(asked):
    reader = reader_of(2 * BLOCK + 100, **asked)
    alone = written(reader)
    shared = [written(reader, rank, 4) for rank in range(4)]
    assert len(alone) == 2 * BLOCK + 100 == sum(map(len, shared))
    assert shared[0] | shared[1] | shared[2] | shared[3] == alone


def test_fewer_documents_are_the_first_of_more():
    more, fewer = written(reader_of(BLOCK + 50)), written(reader_of(300))
    assert fewer == {id_: more[id_] for id_ in fewer}


def test_a_document_may_be_changed_without_changing_another():
    for document in reader_of(500).run():
        assert "mark" not in document.metadata
        assert document.metadata["heads"][-1] != 99
        document.metadata["mark"] = 1
        document.metadata["heads"][-1] = 99


def test_a_reader_can_be_sent_to_another_process():
    reader = reader_of(300, shares={"relative": 0.5})
    assert written(pickle.loads(pickle.dumps(reader))) == written(reader)


def test_samplers_of_a_process_are_few():
    for seed in range(KEPT + 2):
        assert len(written(reader_of(3, seed=seed))) == 3


def test_alone_in_a_plain_datatrove_pipeline(tmp_path):
    writer = JsonlWriter(str(tmp_path / "out"), output_filename="${rank}.jsonl", compression=None)
    LocalPipelineExecutor([reader_of(100), writer], tasks=2, logging_dir=str(tmp_path / "logs")).run()
    files = sorted((tmp_path / "out").glob("*.jsonl"))  # the second task has no block to write
    texts = [text for file in files for text, _ in JsonlReader([]).records(file)]
    assert texts == [text for text, _ in written(reader_of(100)).values()]


def test_more_documents_than_there_are_of_a_kind_are_refused():
    few = Request(shares={"owner": 0.5}, without=())
    with pytest.raises(RecipeError, match=r"[\d,]+ of [\d,]+ documents are asked for .* there are only"):
        next(iter(GrammarReader(flat(), few, documents=10**9).run()))
    assert len(list(GrammarReader(flat(), few, documents=200).run())) == 200
