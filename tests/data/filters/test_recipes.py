from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from datatrove.pipeline.readers import JsonlReader
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.data.filters.recipes import (
    RandomRemoval,
    Without,
    decontaminated,
    deduplicated,
    quality,
    random_subset,
)
from seedbed.data.recipes import Component, Files, Mixture
from seedbed.data.selection import select_mixture
from seedbed.errors import RecipeError, ShortSourceError, SourceError


def rows(number):
    """Documents of different lengths, some equal; every seventh contains a construction."""
    return [
        {"text": f"document {n % 150} " * (1 + n % 5), "constructions": ["npi"] if n % 7 == 0 else []}
        for n in range(number)
    ]


@pytest.fixture
def books(jsonl):
    return [Files(jsonl("books.jsonl", rows(300)))]


def texts(stored):
    return sorted(stored.iter_texts())


def test_without_leaves_out_every_document_and_random_removal_exactly_as_many(build, books):
    full, _ = build(Component("full", books))
    filtered, receipt = build(Component("filtered", [*books, Without("npi")]))
    control, control_receipt = build(Component("control", RandomRemoval(books, like=Without("npi"))))
    assert receipt.skipped == {"dropped by without constructions: npi": 43}
    assert control_receipt.skipped == {"removed at random": 43}
    assert full.documents - filtered.documents == full.documents - control.documents == 43
    assert all(row["constructions"] == [] for row in filtered.labels(range(filtered.documents)))
    assert any(row["constructions"] for row in control.labels(range(control.documents)))
    assert texts(control) != texts(filtered)


def test_random_removal_counts_what_a_whole_source_lacks(build, books):
    by_filter, _ = build(Component("a", RandomRemoval(books, like=[Without("npi")])))
    by_source, _ = build(Component("a", RandomRemoval(books, like=[*books, Without("npi")])))
    assert by_filter.id.tolist() == by_source.id.tolist()


def test_neither_tasks_nor_files_nor_their_order_change_what_is_left(build, jsonl, content):
    def built(source, tasks):
        return [
            content(build(Component("c", made), tasks=tasks)[0])
            for made in (
                RandomRemoval(source, like=Without("npi")),
                random_subset(source, like=Without("npi")),
                deduplicated(source, "exact"),
                deduplicated(source, "minhash"),
            )
        ]

    one = [Files(jsonl("one.jsonl", rows(120)))]
    parts = [Files(*(jsonl(f"part-{part}.jsonl", rows(120)[part::3][::-1]) for part in range(3)))]
    assert built(one, tasks=1) == built(parts, tasks=3)


def test_a_random_subset_is_as_long_as_the_filtered_source_by_less_than_a_document(build, books):
    filtered, _ = build(Component("filtered", [*books, Without("npi")]))
    subset, receipt = build(Component("subset", random_subset(books, like=Without("npi"))))
    longest = max(len(row["text"]) for row in rows(300))
    assert 0 <= subset.total_bytes - filtered.total_bytes < longest
    assert receipt.skipped["not drawn"] == 300 - subset.documents


def test_prefixes_of_a_mixture_are_as_long_as_each_other_in_the_same_way(build, books):
    """Two mixtures of one total: filtered and unfiltered source agree within a document, without any control source."""
    full, filtered = Component("full", books), Component("filtered", [*books, Without("npi")])
    stored = {each.name: build(each)[0] for each in (full, filtered)}
    longest = max(len(row["text"]) for row in rows(300))
    achieved = []
    for component in (full, filtered):
        mixture = Mixture("m", total_bytes=4_000, shares={component: 1.0})
        (part,) = select_mixture(mixture, stored)
        achieved.append(part.achieved_bytes)
        assert 0 <= part.achieved_bytes - 4_000 < longest
    ids = [stored[name].id[:20] for name in ("full", "filtered")]
    assert len(np.intersect1d(*ids)) > 10  # the filtered prefix is the unfiltered one, further on


def test_a_subset_of_something_shorter_is_refused(build, books, jsonl):
    short = [Files(jsonl("short.jsonl", rows(3)))]
    with pytest.raises(ShortSourceError, match=r"a random subset as long as like= has .* and the source only"):
        build(Component("c", random_subset(short, like=books)))


def test_a_filter_that_drops_nothing_has_no_control(build, books):
    with pytest.raises(RecipeError, match=r"like= keeps 300 of 300 documents.*names right\?"):
        build(Component("c", RandomRemoval(books, like=Without("nip"))))


def test_exact_duplicates(build, books, workbench):
    stored, receipt = build(Component("c", deduplicated(books, "exact", dropped_to="dropped")))
    assert texts(stored) == sorted({row["text"] for row in rows(300)})
    assert receipt.skipped == {"duplicates (exact)": 150}
    (path,) = (workbench.root / "dropped" / "duplicates-exact").iterdir()
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    assert len(lines) == 150
    assert json.loads(lines[0])["metadata"]["filter_reason"] == "duplicate"


def test_quality_in_a_component(build, jsonl, workbench):
    prose = "The old man went to the harbour with his dog and looked at the boats that lay there in the rain. " * 4
    location = jsonl("q.jsonl", [prose, "too short"])
    component = Component("c", [Files(location), quality("gopher-quality", dropped_to="dropped")])
    stored, receipt = build(component)
    assert list(stored.iter_texts()) == [prose]
    assert sum(receipt.skipped.values()) == 1
    (path,) = (workbench.root / "dropped" / "gopher-quality").iterdir()
    assert json.loads(gzip.decompress(path.read_bytes()))["metadata"]["filter_reason"] == "gopher_short_doc"


def test_decontaminated_in_a_component(build, jsonl):
    probe = jsonl("probe.jsonl", [{"good": "No cat has ever slept here."}])
    location = jsonl("d.jsonl", ["He said no cat has ever slept here, not one.", "A cat has slept here."])
    component = Component("c", [Files(location), decontaminated([Files(probe, text_column="good")])])
    stored, receipt = build(component)
    assert list(stored.iter_texts()) == ["A cat has slept here."]
    assert receipt.skipped == {"dropped by decontamination: 6 words": 1}


@pytest.mark.parametrize(
    ("write", "fault"),
    [
        (lambda: quality("c4-badwords"), "'c4-badwords' downloads its lists of words and keeps a share by chance"),
        (lambda: quality("sampler"), r"draws by chance .* random_subset\(\.\.\.\) draws by a hash"),
        (lambda: quality("gopher"), "did you mean 'gopher-quality'"),
        (quality, "no filter named"),
        (lambda: quality("c4", "fineweb", thresholds={"a": 1}), "thresholds belong to one filter"),
        (lambda: deduplicated("a.jsonl", "bloom"), "may drop a document that it has never seen"),
        (lambda: deduplicated("a.jsonl", "min-hash"), "did you mean 'minhash'"),
        (Without, r"no construction named; write Without\('npi'\)"),
        (lambda: decontaminated([]), "nothing to decontaminate against"),
        (lambda: RandomRemoval(3, like=Without("npi")), "neither a source, a location nor a list"),
    ],
)
def test_what_is_refused_where_it_is_written(write, fault):
    with pytest.raises(RecipeError, match=fault):
        write()


def test_test_material_that_is_not_there(build, books, jsonl):
    with pytest.raises(SourceError, match=r"'none\.jsonl' is not there"):
        build(Component("c", [*books, decontaminated("none.jsonl")]))
    with pytest.raises(SourceError, match=r"holds no run of 8 words and no text of 4; check its location"):
        build(Component("c", [*books, decontaminated(jsonl("short.jsonl", ["too short"]))]))


def test_damaged_test_material_is_refused_whoever_reads_it(build, books, workbench):
    (workbench.root / "items").mkdir()
    (workbench.root / "items" / "a.jsonl").write_text('{"text": "one two three four"}\n{damaged\n')
    with pytest.raises(SourceError, match=r"Error when reading|may be corrupted"):
        build(Component("c", [*books, decontaminated([[JsonlReader(str(workbench.root / "items"))]])]))


def test_identities_tell_what_matters_and_nothing_else(workbench, books, jsonl):
    def identity(made):
        return json.dumps(Component("c", made).identity(workbench), sort_keys=True)

    probe, other = jsonl("p.jsonl", ["one two three four"]), jsonl("o.jsonl", ["five six seven eight"])
    variants = [
        books,
        [*books, Without("npi")],
        [*books, Without("npi", "question")],
        [*books, quality("c4")],
        [*books, quality("c4", "fineweb")],
        [*books, quality("fineweb", "c4")],
        [*books, quality("c4", thresholds={"min_num_sentences": 2})],
        [*books, quality("c4", language="de")],
        [*books, decontaminated(probe)],
        [*books, decontaminated(other)],
        [*books, decontaminated(probe, n=5)],
        deduplicated(books, "exact"),
        deduplicated(books, "minhash"),
        deduplicated(books, "minhash", language="de"),
        deduplicated(other, "exact"),
        RandomRemoval(books, like=Without("npi")),
        RandomRemoval(books, like=Without("question")),
        random_subset(books, like=Without("npi")),
        random_subset(books, like=quality("c4")),
    ]
    assert len({identity(made) for made in variants}) == len(variants)
    assert identity([*books, quality("c4", dropped_to="x")]) == identity([*books, quality("c4")])
    assert identity([*books, Without("npi", dropped_to="x")]) == identity([*books, Without("npi")])
    assert identity(deduplicated(books, dropped_to="x")) == identity(deduplicated(books))


@settings(max_examples=5, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=12), st.data())
def test_the_number_removed_is_exact_whatever_is_equal(tmp_path_factory, given_rows, data):
    from seedbed.workbench import Workbench

    bench = Workbench(tmp_path_factory.mktemp("bench"))
    (bench.root / "a.jsonl").write_text(
        "".join(json.dumps({"text": text, "constructions": ["npi"] * has}) + "\n" for text, has in given_rows)
    )
    number = sum(has for _, has in given_rows)
    recipe = RandomRemoval(Files("a.jsonl"), like=Without("npi"))
    if number == 0 or number == len(given_rows):
        return
    (reader,) = recipe.steps(bench)
    assert len(list(reader.run())) == len(given_rows) - number
