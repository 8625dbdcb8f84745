"""Tokenizers among the artifacts of a study: named by content where training is not repeatable, cut from one training,
taken as they are.
"""

import json
from pathlib import Path

import pytest
from rich.console import Console

from seedbed.errors import StoreError
from seedbed.pipelines.graph import CONTENT, LARGER, StudyGraph, study_graph
from seedbed.pipelines.jobs import Execution, make
from seedbed.pipelines.opening import RunOptions
from seedbed.pipelines.plan import make_plan
from seedbed.pipelines.run import run_study
from seedbed.pipelines.store import Artifact, Store
from seedbed.tokenizers.encoder import load_encoder
from seedbed.workbench import Workbench
from tests.pipelines.studies import TINY, tiny_study, write_pipeline
from tests.tokenizers import files

TINY_TOKENIZERS = 'tokenizers=[tokenizer("bpe", vocab_size=400), tokenizer("byte")]'
UNIGRAM = (TINY_TOKENIZERS, 'tokenizers=[tokenizer("unigram", vocab_size=300), tokenizer("byte")]')
NESTED = (TINY_TOKENIZERS, 'tokenizers=nested("bpe", 300, 320, 340)')
CUT = (TINY_TOKENIZERS, 'tokenizers=[tokenizer("bpe", vocab_size=300, cut_from=340)]')
IMPORT_EXISTING = "    from seedbed.tokenizers.existing_recipe import Existing"
FEWER = ("documents=1500", "documents=300")


def built(folder: Path, graph: StudyGraph, *kinds: str) -> Store:
    workbench = Workbench(folder)
    store = Store.of(workbench)
    for artifact in graph.artifacts():
        if artifact.kind in kinds:
            make(artifact, graph, store, Execution(workbench), lambda event: None)
    return store


def graph_of(folder: Path, **changes: tuple[str, str]) -> StudyGraph:
    return study_graph(tiny_study(folder, fewer=FEWER, **changes).study, Workbench(folder))


def retrained(store: Store, artifact: Artifact) -> None:
    """As if the tokenizer had been trained again, and come out differently."""
    folder = store.folder(artifact)
    form = json.loads((folder / "tokenizer.json").read_text())
    form["model"]["vocab"][5], form["model"]["vocab"][6] = form["model"]["vocab"][6], form["model"]["vocab"][5]
    (folder / "tokenizer.json").write_text(json.dumps(form))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["counts"]["sha256"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))


def names(graph: StudyGraph, tokenizer: str) -> set[str]:
    tokens = {artifact.folder_name for (_, of), artifact in graph.tokens.items() if of == tokenizer}
    return tokens | {run.artifact.folder_name for run in graph.runs if run.arm.tokenizer.name == tokenizer}


def test_what_is_made_with_a_tokenizer_is_named_after_its_content(tmp_path: Path):
    before = graph_of(tmp_path, kind=UNIGRAM)
    (tokenizer,) = before.untrained
    store = built(tmp_path, before, "component", "tokenizer")
    trained = graph_of(tmp_path, kind=UNIGRAM)
    assert trained.untrained == ()
    assert trained.tokenizers["unigram-300"].fingerprint == tokenizer.fingerprint
    assert not names(trained, "unigram-300") & names(before, "unigram-300")
    assert names(trained, "byte") == names(before, "byte")
    run = next(run.artifact for run in trained.runs if run.arm.tokenizer.name == "unigram-300")
    assert run.description["tokenizer"][CONTENT] == store.manifest(tokenizer)["counts"]["sha256"]


def test_a_tokenizer_trained_anew_never_meets_old_stores(tmp_path: Path):
    store = built(tmp_path, graph_of(tmp_path, kind=UNIGRAM), "component", "tokenizer")
    first = graph_of(tmp_path, kind=UNIGRAM)
    built(tmp_path, first, "tokens")
    assert {step.action for step in make_plan(first, store).steps if step.kind == "tokens"} == {"reuse"}
    retrained(store, first.tokenizers["unigram-300"])
    anew = graph_of(tmp_path, kind=UNIGRAM)
    assert not names(anew, "unigram-300") & names(first, "unigram-300")
    steps = [step for step in make_plan(anew, store).steps if step.kind == "tokens" and "unigram" in step.name]
    assert {step.action for step in steps} == {"rebuild"}
    assert {field for step in steps for field, _, _ in step.because} == {f"tokenizer.{CONTENT}"}


def test_a_study_that_was_opened_before_the_training_makes_nothing_with_it(tmp_path: Path):
    before = graph_of(tmp_path, kind=UNIGRAM)
    store = built(tmp_path, before, "component", "tokenizer")
    tokens = before.tokens["center", "unigram-300"]
    with pytest.raises(StoreError, match=r"trained since the study was opened.*run the same command again"):
        make(tokens, before, store, Execution(Workbench(tmp_path)), lambda event: None)
    assert not store.has(tokens)


def test_repeatable_kinds_are_named_by_recipe_alone(tmp_path: Path):
    for kind in ('tokenizer("wordpiece", vocab_size=600)', 'tokenizer("word")', 'tokenizer("bpe-512")'):
        found = graph_of(tmp_path, kind=(TINY_TOKENIZERS, f"tokenizers=[{kind}]"))
        assert found.untrained == ()
        assert all(CONTENT not in artifact.description["tokenizer"] for artifact in found.tokens.values())


def test_a_family_is_trained_once_and_is_that_of_separate_trainings(tmp_path: Path):
    found = graph_of(tmp_path, kind=NESTED)
    large = found.tokenizers["bpe-340"]
    assert [found.tokenizers[name].parents.get(LARGER) for name in ("bpe-300", "bpe-320")] == [large, large]
    assert sum(artifact.kind == "tokenizer" for artifact in found.artifacts()) == 3
    store = built(tmp_path, found, "component", "tokenizer")
    alone = tmp_path / "alone"
    alone.mkdir()
    apart = study_graph(
        tiny_study(
            alone,
            fewer=FEWER,
            kind=(TINY_TOKENIZERS, f"tokenizers=[tokenizer('bpe', vocab_size=v) for v in {(300, 320, 340)}]"),
        ).study,
        Workbench(alone),
    )
    separate = built(alone, apart, "component", "tokenizer")
    for name, artifact in found.tokenizers.items():
        other = apart.tokenizers[name]
        ours, theirs = store.folder(artifact) / "tokenizer.json", separate.folder(other) / "tokenizer.json"
        assert ours.read_bytes() == theirs.read_bytes()
        assert store.manifest(artifact)["counts"] == separate.manifest(other)["counts"]


def test_one_that_is_cut_alone_has_its_training_made_first(tmp_path: Path):
    found = graph_of(tmp_path, kind=CUT)
    kinds = [artifact.name for artifact in found.artifacts() if artifact.kind == "tokenizer"]
    assert kinds == ["bpe-340", "bpe-300"]
    assert list(found.tokenizers) == ["bpe-300"]
    store = built(tmp_path, found, "component", "tokenizer")
    assert store.manifest(found.tokenizers["bpe-300"])["counts"]["vocab_size"] == 300


def test_the_training_under_another_name_in_the_study_is_the_one_it_is_cut_from(tmp_path: Path):
    kind = 'tokenizers=[tokenizer("bpe", vocab_size=340, name="large"), tokenizer("bpe", vocab_size=300, cut_from=340)]'
    found = graph_of(tmp_path, kind=(TINY_TOKENIZERS, kind))
    assert found.tokenizers["bpe-300"].parents[LARGER] is not None
    assert found.tokenizers["bpe-300"].parents[LARGER].folder_name == found.tokenizers["large"].folder_name


def existing_graph(folder: Path) -> StudyGraph:
    files.saved(files.gpt2(), folder / "gpt2")
    files.saved(files.llama2(), folder / "llama")
    return graph_of(
        folder,
        kind=(TINY_TOKENIZERS, 'tokenizers=[Existing("gpt2/tokenizer.json"), Existing("llama"), tokenizer("byte")]'),
        probes=('probe("question-formation", items_per_set=6), ', ""),
        imports=("from seedbed import *", f"from seedbed import *\n{IMPORT_EXISTING}"),
    )


def test_an_existing_tokenizer_is_a_level_like_any_other(tmp_path: Path):
    found = existing_graph(tmp_path)
    assert list(found.tokenizers) == ["gpt2", "llama", "byte"]
    assert not found.tokenizers["gpt2"].parents
    store = built(tmp_path, found, "component", "tokenizer", "tokens")
    sizes = {t: store.manifest(found.tokens["center", t])["counts"]["total_bytes"] for t in found.tokenizers}
    assert len(set(sizes.values())) == 1
    assert str(tmp_path) not in json.dumps(store.manifest(found.tokenizers["llama"])["recipe"])


@pytest.mark.slow
def test_a_model_is_trained_with_an_existing_tokenizer(tmp_path: Path):
    found = existing_graph(tmp_path)
    store = built(tmp_path, found, "component", "tokenizer", "tokens")
    run = next(run.artifact for run in found.runs if run.arm.tokenizer.name == "llama")
    make(run, found, store, Execution(Workbench(tmp_path)), lambda event: None)
    folder = store.folder(run)
    assert json.loads((folder / "result.json").read_text())["status"] == "FINISHED"
    assert json.loads((folder / "tokenizer_config.json").read_text()) == {"eos_token": "</s>"}
    assert load_encoder(folder).end_of_document == "</s>"


@pytest.mark.slow
def test_a_study_trains_what_others_are_named_after_first(tmp_path: Path):
    text = TINY.replace(*UNIGRAM).replace('probe("question-formation", items_per_set=6), ', "").replace(*FEWER)
    write_pipeline(tmp_path, text)
    options = RunOptions(Workbench(tmp_path), track=False, jobs=1)
    finished = run_study(str(tmp_path / "tiny.py"), options, Console(quiet=True))
    assert not finished.outcome.failed
    assert len(finished.outcome.built) == 3 + 2 + 6 + 8
    assert {run.status for run in finished.results.runs} == {"FINISHED"}
    assert finished.opened.graph.untrained == ()
    assert not run_study(str(tmp_path / "tiny.py"), options, Console(quiet=True)).outcome.built
