from __future__ import annotations

import gc
import os
import pickle

import numpy as np
import pytest
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.writers import JsonlWriter

from seedbed.data.filters.stage import STAGES, gathered, staged
from seedbed.data.readers.base import SKIPPED
from seedbed.data.recipes import Files
from seedbed.errors import SourceError

TEXTS = [f"text {number % 30}" for number in range(100)] + ["ä" * 9]


@pytest.fixture
def steps(jsonl, workbench):
    """The reader of TEXTS in one file or several, in this or the other order."""

    def of(parts=1, backwards=False):
        rows = [{"text": text, "n": number % 2} for number, text in enumerate(TEXTS)]
        rows = rows[::-1] if backwards else rows
        names = [jsonl(f"{parts}-{backwards}-{part}.jsonl", rows[part::parts]) for part in range(parts)]
        return Files(*names).steps(workbench)

    return of


def everything(stage, work):
    return stage.documents(), dict


def test_documents_come_in_an_order_of_their_own(steps, tmp_path):
    stages = [gathered(steps(parts, back), tmp_path / f"{parts}{back}") for parts in (1, 3) for back in (True, False)]
    listed = [[(d.text, d.id, d.metadata) for d in stage.documents()] for stage in stages]
    assert listed[0] == listed[1] == listed[2] == listed[3]
    assert sorted(text for text, _, _ in listed[0]) == sorted(TEXTS)
    assert len({id_ for _, id_, _ in listed[0]}) == len(TEXTS)


def test_sizes_are_of_utf8_and_draws_differ_between_equal_texts(steps, tmp_path):
    stage = gathered(steps(), tmp_path / "stage")
    sizes, draws = stage.sizes_and_draws()
    assert sizes.tolist() == [len(d.text.encode()) for d in stage.documents()]
    assert len(np.unique(draws)) == len(TEXTS)
    kept = draws < np.median(draws)
    chosen = [d.id for d in stage.documents(kept)]
    assert chosen == [d.id for d, keep in zip(stage.documents(), kept, strict=True) if keep]


def test_tasks_share_what_is_kept(steps, workbench, tmp_path):
    reader = staged(steps(), workbench, everything)
    whole = [d.text for d in reader.run()]
    assert sorted(whole) == sorted(TEXTS)
    shared = [d.text for rank in range(3) for d in pickle.loads(pickle.dumps(reader)).run(None, rank, 3)]
    assert sorted(shared) == sorted(TEXTS)


def test_a_stage_stands_in_a_plain_datatrove_pipeline(steps, workbench, tmp_path):
    reader = staged(steps(), workbench, lambda stage, work: (stage.documents(), lambda: {"for a reason": 3}))
    out = JsonlWriter(str(tmp_path / "out"), compression=None)
    stats = LocalPipelineExecutor([reader, out], logging_dir=str(tmp_path / "logs"), tasks=2).run()
    assert stats.stats[0].stats[SKIPPED + "for a reason"].total == 3
    assert sum(len(path.read_text().splitlines()) for path in (tmp_path / "out").iterdir()) == len(TEXTS)


def test_the_folder_goes_away_with_its_reader(steps, workbench):
    reader = staged(steps(), workbench, everything)
    folders = workbench.store / STAGES
    assert [path.name for path in next(folders.iterdir()).iterdir()] == ["kept.arrow"]
    copy = pickle.loads(pickle.dumps(reader))
    del copy
    gc.collect()
    assert list(reader.run())
    del reader
    gc.collect()
    assert list(folders.iterdir()) == []


def test_a_fault_of_the_source_is_its_own_and_leaves_nothing(workbench):
    (workbench.root / "bad.jsonl").write_text("{no json}\n")
    with pytest.raises(SourceError, match=r"bad\.jsonl"):
        staged(Files("bad.jsonl").steps(workbench), workbench, everything)
    gc.collect()
    assert list((workbench.store / STAGES).iterdir()) == []


def test_what_the_source_left_out_is_counted(jsonl, workbench):
    (workbench.root / "bad.jsonl").write_text('{no json}\n{"text": "x"}\n')
    reader = staged(Files("bad.jsonl", errors="skip").steps(workbench), workbench, everything)
    assert sum(reader.left_out.values()) == 1


def test_folders_of_stages_that_were_killed_are_swept_away(steps, workbench):
    place = workbench.store / STAGES
    for name in ("old", "new"):
        (place / name).mkdir(parents=True)
    os.utime(place / "old", (0, 0))
    reader = staged(steps(), workbench, everything)
    assert {path.name for path in place.iterdir()} == {"new", reader.folder.name}
