from __future__ import annotations

import json

import pytest
from datatrove.data import Document
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

from seedbed.data.readers.languages import LanguageKeeper
from seedbed.errors import SourceError, UnknownNameError


def test_alone_in_a_plain_datatrove_pipeline_with_a_writer_for_what_is_left_out(tmp_path):
    (tmp_path / "in").mkdir()
    records = [{"id": str(i), "text": f"text {i}", "lang": lang} for i, lang in enumerate(["de", "fr", "de"])]
    (tmp_path / "in" / "a.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    keeper = LanguageKeeper("de", "lang", JsonlWriter(str(tmp_path / "left"), compression=None))
    steps = [JsonlReader(str(tmp_path / "in")), keeper, JsonlWriter(str(tmp_path / "kept"), compression=None)]
    LocalPipelineExecutor(steps, logging_dir=str(tmp_path / "logs")).run()
    kept, left = (
        [json.loads(line) for path in (tmp_path / name).iterdir() for line in path.read_text().splitlines()]
        for name in ("kept", "left")
    )
    assert [(each["text"], each["metadata"]["language"]) for each in kept] == [("text 0", "de"), ("text 2", "de")]
    assert [(each["text"], each["metadata"]["filter_reason"]) for each in left] == [("text 1", "language fr")]


def test_a_document_without_the_column_is_refused_with_the_nearest():
    with pytest.raises(SourceError, match="has no column 'lang'; did you mean 'lang_'"):
        list(LanguageKeeper("de", "lang").run([Document(text="x", id="0", metadata={"lang_": "de"})]))


def test_a_language_that_no_document_has_is_refused_with_those_there_are():
    documents = [Document(text="x", id=str(n), metadata={"lang": lang}) for n, lang in enumerate(["deu", "fra"])]
    with pytest.raises(UnknownNameError, match="no language of this source is called 'de'; did you mean 'deu'"):
        list(LanguageKeeper("de", "lang").run(iter(documents)))
    # One of several tasks may see none of a language that others have.
    assert list(LanguageKeeper("de", "lang").run(iter(documents), 0, 2)) == []
