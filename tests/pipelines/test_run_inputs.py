"""What probes of a run are prepared from: held-out rows beside their texts, and a sample of the run's own mixture."""

import numpy as np
import pytest

from seedbed import Component, Grammar, Mixture, Study, model, tokenizer
from seedbed.pipelines.graph import study_graph
from seedbed.pipelines.jobs import Execution, make
from seedbed.pipelines.run_inputs import first_documents, probe_material, run_inputs
from seedbed.pipelines.store import Store
from seedbed.workbench import Workbench


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    bench = Workbench(tmp_path_factory.mktemp("material"))
    parts = [
        Component(f"{number}-seed", Grammar("english", task="copy", seed=number, documents=300)) for number in (1, 2)
    ]
    study = Study(
        name="material",
        mixtures=[Mixture("both", total_bytes=20_000, shares={parts[0]: 0.75, parts[1]: 0.25})],
        tokenizers=[tokenizer("byte")],
        models=[model("nano", steps=2, warmup_steps=0)],
    )
    graph, store = study_graph(study, bench), Store.of(bench)
    for artifact in graph.artifacts():
        if artifact.kind != "run":
            make(artifact, graph, store, Execution(bench), lambda event: None)
    return graph.runs[0], run_inputs(graph.runs[0], graph, store), bench


def test_heldout_rows_stand_beside_their_texts(built):
    run, inputs, bench = built
    material = probe_material(inputs, run.arm.model, bench)
    for name, texts in material.heldout.items():
        rows = material.heldout_table(name, ["construction", "heads", "no-such-column"])
        assert rows.column_names == ["construction", "heads"]
        assert rows.num_rows == len(texts) > 0
        for text, heads in zip(texts, rows["heads"].to_pylist(), strict=True):
            assert len(heads) == len(text.split())


def test_the_sample_of_a_mixture_is_a_prefix_by_hash_priority_in_the_shares_of_its_parts(built):
    _, inputs, _ = built
    everything = first_documents(inputs, 10**9)
    sample = first_documents(inputs, 4_000)
    assert sum(map(len, everything)) == sum(
        int((s.offsets[each.rows + 1] - s.offsets[each.rows]).sum())
        for each in inputs.selected
        for s in [inputs.tokens[each.component_name]]
    )
    assert 0 < len(sample) < len(everything)
    assert sum(map(len, sample)) <= 4_000
    assert all(np.array_equal(one, other) for one, other in zip(sample, everything, strict=False))
    assert all(ids[-1] == inputs.encoder.eos_id for ids in sample)
    trained = {tuple(ids) for ids in everything}
    heldout = [
        text
        for name in inputs.components
        for text in inputs.components[name].iter_texts(inputs.components[name].heldout_start)
    ]
    assert not trained & {(*ids, inputs.encoder.eos_id) for ids in inputs.encoder.encode_batch(heldout)}


def test_at_least_one_document_is_given(built):
    assert len(first_documents(built[1], 1)) == 1
