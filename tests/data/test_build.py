from __future__ import annotations

import errno
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from datatrove.data import Document
from datatrove.pipeline.filters import LambdaFilter
from datatrove.pipeline.readers import JsonlReader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seedbed.data.build import build_component
from seedbed.data.catalogue import open_component
from seedbed.data.recipes import Component, Files
from seedbed.data.selection import multiset_digest
from seedbed.errors import SourceError, UnknownNameError
from seedbed.workbench import Workbench

TEXTS = [f"document {i} " + "word " * (i % 7) for i in range(400)]


def is_even(document: Document) -> bool:
    return int(document.text.split()[1]) % 2 == 0


def shout(data, rank=0, world_size=1):
    for document in data:
        document.text = document.text.upper()
        yield document


def broken(document: Document) -> bool:
    raise KeyError("a step of the user's")


def test_every_document_is_there_once_with_its_bytes_and_words(build, jsonl):
    stored, receipt = build(Component("c", Files(jsonl("a.jsonl", TEXTS))))
    texts = list(stored.iter_texts())
    assert sorted(texts) == sorted(TEXTS)
    assert stored.bytes.tolist() == [len(text.encode()) for text in texts]
    assert receipt.documents == len(TEXTS) == stored.documents
    assert receipt.total_bytes == stored.total_bytes == sum(map(len, TEXTS))
    assert (
        receipt.words == sum(len(text.split()) for text in TEXTS) == sum(stored.table(["words"])["words"].to_pylist())
    )


def test_rows_ascend_by_priority_and_ids_are_their_own(build, jsonl):
    stored, _ = build(Component("c", Files(jsonl("a.jsonl", TEXTS))))
    assert np.all(np.diff(stored.priority.astype(object)) >= 0)
    assert len(set(stored.id.tolist())) == stored.documents


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    numbers=st.lists(st.integers(0, 25), min_size=1, max_size=60),
    cuts=st.lists(st.integers(0, 60), max_size=4),
    seed=st.randoms(use_true_random=False),
    tasks=st.sampled_from([1, 2, 5]),
    distinct=st.booleans(),
)
def test_tasks_and_file_order_change_no_byte(tmp_path_factory, content, numbers, cuts, seed, tasks, distinct):
    # Texts recur, some with other labels, so that occurrences have to be numbered.
    records = [{"text": f"text {number // 2}", "url": f"u{number % 2}"} for number in numbers]
    digests = set()
    for parts, how_many in ((1, 1), (len(cuts) + 1, tasks)):
        root = tmp_path_factory.mktemp("bench")
        order = list(records)
        if parts > 1:
            seed.shuffle(order)
        edges = [0, *sorted(min(cut, len(order)) for cut in cuts[: parts - 1]), len(order)]
        names = []
        for i, (start, stop) in enumerate(pairwise(edges)):
            names.append(f"{seed.randrange(10**9):09d}-{i}.jsonl")
            (root / names[-1]).write_text("".join(json.dumps(record) + "\n" for record in order[start:stop]))
        out = root / "out"
        out.mkdir()
        component = Component("c", Files(*names), distinct=distinct)
        receipt = build_component(component, out, Workbench(root), tasks=how_many)
        assert receipt.documents == (len({r["text"] for r in records}) if distinct else len(records))
        assert receipt.duplicates_dropped == len(records) - receipt.documents
        digests.add((content(open_component(out)), receipt.content_sha256))
    assert len(digests) == 1


def test_two_workers_change_no_byte(build, content, jsonl):
    component = Component("c", Files(*(jsonl(f"{i}.jsonl", TEXTS[i::3] + TEXTS[:9]) for i in range(3))))
    assert content(build(component)[0]) == content(build(component, tasks=3, workers=2)[0])


def test_further_occurrences_are_kept_apart(build, jsonl):
    stored, receipt = build(Component("c", Files(jsonl("a.jsonl", ["same"] * 30 + ["other"] * 2))))
    assert receipt.documents == 32
    assert len(set(stored.id.tolist())) == len(set(stored.priority.tolist())) == 32
    assert sorted(stored.iter_texts()) == ["other"] * 2 + ["same"] * 30


def test_distinct_keeps_one_of_equal_texts_and_counts_the_rest(build, jsonl):
    records = [{"text": "same", "url": url} for url in "cab"] + [{"text": "other"}]
    stored, receipt = build(Component("c", Files(jsonl("a.jsonl", records)), distinct=True))
    assert receipt.duplicates_dropped == 2
    assert sorted(stored.iter_texts()) == ["other", "same"]


def test_a_document_has_the_same_id_in_every_component(build, jsonl):
    one, _ = build(Component("one", Files(jsonl("a.jsonl", TEXTS[:100]))))
    all_, _ = build(Component("all", Files(jsonl("b.jsonl", TEXTS))))
    ids = dict(zip(all_.iter_texts(), all_.id.tolist(), strict=True))
    assert [ids[text] for text in one.iter_texts()] == one.id.tolist()


@pytest.mark.parametrize(("documents", "share", "held"), [(400, 0.1, 40), (60, 0.001, 1), (49, 0.001, 0), (400, 0, 0)])
def test_the_last_rows_are_held_out(build, jsonl, documents, share, held):
    component = Component("c", Files(jsonl("a.jsonl", TEXTS[:documents])), heldout_share=share)
    stored, receipt = build(component)
    assert stored.heldout_start == documents - held
    assert receipt.heldout_documents == held
    assert receipt.heldout_bytes == stored.bytes[documents - held :].sum()


def test_datatrove_steps_of_the_user(build, jsonl, workbench):
    jsonl("a.jsonl", TEXTS)
    steps = [JsonlReader(str(workbench.root), glob_pattern="*.jsonl"), LambdaFilter(is_even)]
    stored, receipt = build(Component("even", steps))
    assert sorted(stored.iter_texts()) == sorted(TEXTS[::2])
    assert receipt.skipped == {"dropped by 👤 Lambda": 200}


def test_where_a_document_lay_is_no_part_of_it(build, jsonl, workbench, content):
    jsonl("a.jsonl", TEXTS)
    before, _ = build(Component("c", [JsonlReader(str(workbench.root), glob_pattern="*.jsonl")]))
    (workbench.root / "a.jsonl").rename(workbench.root / "b.jsonl")
    after, _ = build(Component("c", [JsonlReader(str(workbench.root), glob_pattern="*.jsonl")]))
    assert content(before) == content(after)


def test_a_source_of_ours_among_datatrove_steps(build, jsonl):
    stored, _ = build(Component("even", [Files(jsonl("a.jsonl", TEXTS)), LambdaFilter(is_even)]))
    assert sorted(stored.iter_texts()) == sorted(TEXTS[::2])


def test_plain_functions_as_steps(build, jsonl):
    stored, _ = build(Component("loud", [Files(jsonl("a.jsonl", TEXTS)), shout]))
    assert sorted(stored.iter_texts()) == sorted(text.upper() for text in TEXTS)


def test_a_limit_counts_documents_in_all_and_not_per_task(build, jsonl, workbench):
    for i in range(4):
        jsonl(f"{i}.jsonl", TEXTS[i::4])
    steps = [JsonlReader(str(workbench.root), glob_pattern="*.jsonl", limit=10)]
    assert build(Component("c", steps), tasks=4)[1].documents == 10


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_step_reaches_the_caller_in_one_line(build, jsonl, capfd, workers):
    component = Component("c", [Files(jsonl("a.jsonl", TEXTS), jsonl("b.jsonl", TEXTS)), LambdaFilter(broken)])
    with pytest.raises(SourceError, match=r"component 'c': KeyError: .a step of the user's") as error:
        build(component, tasks=2, workers=workers)
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("workers", [1, 2])
def test_damage_is_named_from_every_worker(build, jsonl, workbench, workers):
    jsonl("a.jsonl", TEXTS)
    (workbench.root / "b.jsonl").write_text('{"text": "whole"}\n{"text": "bro\n')
    with pytest.raises(SourceError, match=r"^b\.jsonl, line 2: malformed JSON .*errors=\"skip\""):
        build(Component("c", Files("a.jsonl", "b.jsonl")), tasks=2, workers=workers)


def test_what_datatroves_reader_would_drop_is_refused(build, workbench):
    (workbench.root / "b.jsonl").write_text('{"text": "whole"}\n{"text": "bro\n')
    with pytest.raises(SourceError, match=r"component 'c'.*b\.jsonl.*errors=\"skip\""):
        build(Component("c", [JsonlReader(str(workbench.root), glob_pattern="*.jsonl")]))


def test_no_document_is_an_error_that_says_what_was_left_out(build, workbench):
    (workbench.root / "empty.jsonl").write_text("")
    with pytest.raises(SourceError, match="gave no document; check the source"):
        build(Component("c", "empty.jsonl"))
    (workbench.root / "blank.jsonl").write_text('{"text": ""}\n{"text": " \\n"}\n')
    with pytest.raises(SourceError, match="gave no document, 1 empty, 1 blank"):
        build(Component("c", "blank.jsonl"))


def test_a_language_that_no_record_has_is_answered_with_those_there_are(build, workbench):
    (workbench.root / "a.jsonl").write_text('{"text": "ja", "lang": "de"}\n{"text": "oui", "lang": "fr"}\n')
    with pytest.raises(UnknownNameError, match="no value of column 'lang' is called 'deu'; did you mean 'de'"):
        build(Component("c", Files("a.jsonl", where={"lang": "deu"})))


def test_nothing_is_said_on_the_terminal(build, jsonl, capfd):
    build(Component("c", Files(jsonl("a.jsonl", TEXTS))))
    assert capfd.readouterr() == ("", "")


def test_the_folder_holds_documents_and_catalogue_alone(build, jsonl):
    stored, _ = build(Component("c", Files(jsonl("a.jsonl", TEXTS))))
    assert sorted(path.name for path in stored.folder.iterdir()) == ["catalogue.parquet", "documents-00000.parquet"]


def test_golden_component(build, jsonl):
    """A change here changes every built component: raise CATALOGUE_VERSION with it."""
    stored, receipt = build(Component("c", Files(jsonl("a.jsonl", ["one", "two", "three", "two"]))))
    assert list(stored.iter_texts()) == ["one", "two", "three", "two"]
    assert receipt.content_sha256[:16] == "21b6dc01eb52fe0a"


def test_the_multiset_is_what_the_ids_say(build, jsonl):
    one, _ = build(Component("one", Files(jsonl("a.jsonl", TEXTS))))
    other, _ = build(Component("other", Files(jsonl("b.jsonl", TEXTS[::-1]))))
    assert multiset_digest(one.id) == multiset_digest(other.id)


def test_a_full_disk_is_passed_on_as_it_is(tmp_path: Path, workbench, jsonl):
    """/dev/full answers every write with "no space left"; a link to it stands where the catalogue would go."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full to stand for a full disk")
    out = tmp_path / "full"
    out.mkdir()
    (out / "catalogue.parquet").symlink_to("/dev/full")
    with pytest.raises(OSError) as error:
        build_component(Component("c", Files(jsonl("a.jsonl", TEXTS))), out, workbench)
    assert error.value.errno == errno.ENOSPC
    assert list(tmp_path.glob("full.*")) == []
