from __future__ import annotations

import gzip
import json
from itertools import chain

import pytest
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.writers import JsonlWriter

from seedbed.data.readers.base import SKIPPED
from seedbed.data.readers.parallel import ParallelReader
from seedbed.errors import SourceError


@pytest.fixture
def files(tmp_path):
    (tmp_path / "a.en").write_bytes(b"one\ntwo\n\nfour\n")
    with gzip.open(tmp_path / "a.de.gz", "wb") as file:
        file.write(b"eins\nzwei\ndrei\nvier")
    return {"en": str(tmp_path / "a.en"), "de": str(tmp_path / "a.de.gz")}


def read(reader, rank=0, world_size=1):
    return [(d.metadata["item"], d.metadata["language"], d.text) for d in reader.run(None, rank, world_size)]


def test_line_i_is_item_i_in_every_language(files):
    reader = ParallelReader(files)
    assert read(reader) == [
        ("line-0", "en", "one"),
        ("line-0", "de", "eins"),
        ("line-1", "en", "two"),
        ("line-1", "de", "zwei"),
        ("line-3", "en", "four"),
        ("line-3", "de", "vier"),
    ]
    assert reader.stats.stats[SKIPPED + "blank"].total == 1


def test_one_language_or_all_together(files):
    assert read(ParallelReader(files, languages=["de"]))[2] == ("line-2", "de", "drei")
    assert read(ParallelReader(files, languages=["de", "en"], together=True))[0] == ("line-0", "mul", "eins\none")


def test_tasks_share_the_lines(files):
    shared = [read(ParallelReader(files), rank, 3) for rank in range(3)]
    assert sorted(chain(*shared)) == sorted(read(ParallelReader(files)))


def test_other_line_counts_are_refused_with_both(files, tmp_path):
    (tmp_path / "a.en").write_bytes(b"one\ntwo\n")
    for languages in (None, ["de"]):
        with pytest.raises(SourceError, match=r"a\.de\.gz has 4 and a\.en 2; take out the lines without a counterpart"):
            read(ParallelReader(files, languages=languages))


def test_a_line_that_is_not_utf8_is_refused_or_left_out_in_every_language(files, tmp_path):
    (tmp_path / "a.en").write_bytes(b"one\ntw\xff\nthree\nfour\n")
    with pytest.raises(SourceError, match=r"a\.en is not UTF-8: byte 0xff at offset 6; .*errors=\"skip\""):
        read(ParallelReader(files))
    reader = ParallelReader(files, errors="skip")
    assert [item for item, language, _ in read(reader) if language == "de"] == ["line-0", "line-2", "line-3"]
    assert reader.stats.stats[SKIPPED + "not UTF-8"].total == 1


def test_it_stands_alone_in_a_plain_datatrove_pipeline(files, tmp_path):
    writer = JsonlWriter(str(tmp_path / "out"), compression=None)
    LocalPipelineExecutor([ParallelReader(files), writer], tasks=2, logging_dir=str(tmp_path / "logs")).run()
    written = [json.loads(line) for path in (tmp_path / "out").iterdir() for line in path.read_text().splitlines()]
    found = {(each["metadata"]["item"], each["metadata"]["language"], each["text"]) for each in written}
    assert found == set(read(ParallelReader(files)))
