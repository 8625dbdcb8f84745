from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.writers import JsonlWriter

from seedbed.data.annotators.base import ForgetMorphology
from seedbed.data.annotators.depth import DepthAnnotator
from seedbed.data.annotators.npis import NpiAnnotator
from seedbed.data.annotators.questions import QuestionAnnotator
from seedbed.data.annotators.recipes import Annotate
from seedbed.data.readers.conllu import ConlluReader
from seedbed.data.recipes import Component, Files
from seedbed.errors import RecipeError, SourceError

EWT = Path(__file__).parents[4] / "shared" / "data" / "ud" / "en_ewt" / "en_ewt-ud-dev.conllu.gz"
needs_ewt = pytest.mark.skipif(not EWT.exists(), reason="the shared UD English-EWT dev file is not on this machine")

TREEBANK = """# sent_id = 1
1\tdid\tdo\tAUX\t_\t_\t3\taux\t_\t_
2\tanyone\tanyone\tPRON\t_\t_\t3\tnsubj\t_\t_
3\tsleep\tsleep\tVERB\t_\t_\t0\troot\t_\tSpaceAfter=No
4\t?\t?\tPUNCT\t_\t_\t3\tpunct\t_\t_

# sent_id = 2
1\tdogs\tdog\tNOUN\t_\t_\t2\tnsubj\t_\t_
2\tsleep\tsleep\tVERB\t_\t_\t0\troot\t_\t_

"""


@pytest.fixture
def treebank(workbench):
    (workbench.root / "a.conllu").write_text(TREEBANK)
    return Files("a.conllu", sentences=True)


def test_a_component_says_what_its_sentences_contain(build, treebank):
    stored, _ = build(Component("t", [treebank, Annotate("npi", "questions", "depth")], language="en"))
    rows = {row["item"]: row for row in stored.labels(range(2))}
    assert rows["1"]["constructions"] == ["any", "npi", "npi under question", "polar question", "question"]
    assert rows["2"]["constructions"] == []
    assert {row["embedding_depth"] for row in rows.values()} == {0}
    assert sorted(stored.syntax().column("heads").to_pylist()) == [[1, -1], [2, 2, -1, 2]]


def test_morphology_stays_out_of_the_documents_unless_it_is_asked_for(build, treebank):
    def metadata(*annotations):
        stored, _ = build(Component("t", [treebank, *annotations], language="en"))
        column = pq.read_table(stored.folder / "documents-00000.parquet").column("metadata").to_pylist()
        return [json.loads(each or "{}") for each in column]

    for steps in ((), (Annotate("depth"),), (Annotate("npi"), Annotate("depth"))):
        assert not any({"upos", "lemmas", "features"} & each.keys() for each in metadata(*steps))
    kept = metadata(Annotate("depth", keep_morphology=True))
    assert sorted(each["morphology"]["upos"] for each in kept) == [["AUX", "PRON", "VERB", "PUNCT"], ["NOUN", "VERB"]]


def test_blocks_stand_alone_in_a_plain_datatrove_pipeline(treebank, workbench, tmp_path):
    steps = [
        ConlluReader([str(workbench.root / "a.conllu")], sentences=True),
        NpiAnnotator(),
        QuestionAnnotator(),
        DepthAnnotator(),
        ForgetMorphology(),
        JsonlWriter(str(tmp_path / "out"), compression=None),
    ]
    stats = LocalPipelineExecutor(steps, logging_dir=str(tmp_path / "logs")).run()
    lines = [json.loads(line) for line in (tmp_path / "out" / "00000.jsonl").read_text().splitlines()]
    assert [line["metadata"]["constructions"] != [] for line in lines] == [True, False]
    assert stats.stats[1].stats["any"].total == 1
    assert stats.stats[2].stats["documents"].total == 2


def test_names_and_languages_are_checked_where_they_are_written():
    with pytest.raises(RecipeError, match="did you mean 'npi'"):
        Annotate("npis")
    with pytest.raises(RecipeError, match="nothing to annotate; name at least one of depth, npi, questions"):
        Annotate()
    with pytest.raises(RecipeError, match="'npi' is known for English only, not for 'de'"):
        Annotate("npi", language="de")
    assert Annotate("depth", language="de").names == ("depth",)


def test_order_and_repetition_of_names_are_no_part_of_what_it_is(workbench):
    one, other = Annotate("questions", "npi"), Annotate("npi", "questions", "npi")
    assert one.identity(workbench) == other.identity(workbench)
    assert one.identity(workbench) != Annotate("npi").identity(workbench)


def test_documents_without_a_parse_are_refused(build, jsonl, treebank):
    location = jsonl("a.jsonl", ["no parse here"])
    with pytest.raises(SourceError, match=r"has no heads or .* read it from CoNLL-U, or put Parsed\(\.\.\.\) before"):
        build(Component("t", [Files(location), Annotate("npi")]))


def shortened(data, rank=0, world_size=1):
    for document in data:
        document.text = document.text[:2]
        document.metadata.pop("word_starts")
        yield document


def test_a_parse_of_another_text_is_refused(build, treebank):
    with pytest.raises(SourceError, match="has 1 words and heads for 4; annotate before steps that change the text"):
        build(Component("t", [treebank, shortened, Annotate("depth")]))


@needs_ewt
def test_english_ewt():
    """Counts of sentences, in samples of which every one was read (docs/data_quality.md says how many were right)."""
    reader = ConlluReader([str(EWT)], sentences=True)
    documents = list(DepthAnnotator().run(QuestionAnnotator().run(NpiAnnotator().run(reader.run()))))
    counts = Counter(name for document in documents for name in document.metadata["constructions"])
    expected = {"npi": 64, "npi after licensor": 2, "npi unlicensed": 22}
    expected |= {"question": 189, "embedded question": 43, "center embedding": 88}
    assert {name: counts[name] for name in expected} == expected

    def holds_a_word(text: str) -> bool:
        return re.search(r"\b(any|any(one|body|thing|where|more)|ever|yet|at all)\b", text.lower()) is not None

    labelled = {d.text for d in documents if any(name.startswith("npi") for name in d.metadata["constructions"])}
    held = {d.text for d in documents if holds_a_word(d.text)}
    # Read: "anyway" for "any way"; "yet another", "ever since", "have yet to", and "yet" that begins a clause, twice.
    assert (len(labelled - held), len(held - labelled)) == (1, 5)
