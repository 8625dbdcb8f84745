"""docs/fair_comparison.md: what a person writes there is planned as it says, and two such studies are run for real."""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from seedbed.pipelines.graph import study_graph
from seedbed.pipelines.load import load_study
from seedbed.pipelines.matching import MATCHED_WITHIN
from seedbed.pipelines.plan import make_plan
from seedbed.pipelines.store import Store
from seedbed.workbench import Workbench
from tests.pipelines.studies import write_pipeline

PAGE = Path(__file__).parents[2] / "docs" / "fair_comparison.md"
SEEDBED = str(Path(sys.executable).with_name("seedbed"))


def examples():
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


def study_of(number, folder):
    return load_study(str(write_pipeline(folder, examples()[number])), Workbench(folder)).study


@pytest.mark.parametrize("number", range(3))
def test_every_example_can_be_planned(number, tmp_path):
    study = study_of(number, tmp_path)
    plan = make_plan(study_graph(study, Workbench(tmp_path)), Store(tmp_path / "store"))
    assert plan.count("build") == len(plan.steps)
    assert [step for step in plan.steps if step.kind == "run"]


def test_matched_arms_are_called_and_labelled_as_the_page_says(tmp_path):
    arms = {arm.name: arm.matched for arm in study_of(0, tmp_path).arms()}
    assert arms == {
        "bpe-400": ("bytes", "tokens", "updates", "flops"),
        "byte": ("bytes", "updates"),
        "byte.matched-tokens": ("tokens",),
        "byte.matched-flops": ("flops",),
    }


def test_the_crossed_example_has_the_levels_of_the_page(tmp_path):
    study = study_of(1, tmp_path)
    assert list(study.tokenizer_levels) == ["bpe-400@text", "bpe-400@code"]
    assert len(list(study.arms())) == 4


def test_crossed_seeds_are_called_as_the_page_says(tmp_path):
    runs = [run.name for run in study_graph(study_of(2, tmp_path), Workbench(tmp_path)).runs]
    of_one_arm = [name.split(".", 2)[2] for name in runs if name.startswith("shuffled-lines-kept.narrow")]
    assert of_one_arm == ["seed-0", "seed-1", "seed-0.order-1", "seed-1.order-0", "seed-2.order-0", "seed-2.order-1"]


MATCHED = '''
    """Two tokenizers, matched in tokens and FLOPs."""
    from seedbed import *

    copies = Component("copies", Grammar("english", task="copy", documents=1500), distinct=True)
    study = Study(
        name="matched",
        mixtures=[Mixture("copies", total_bytes=40_000, shares={copies: 1.0})],
        tokenizers=[tokenizer("bpe", vocab_size=400), tokenizer("byte")],
        models=[model("nano", steps=80, batch_size=8, warmup_steps=2, layers=1, width=16, heads=2)],
        probes=[probe("bits-per-byte", bytes_per_source=1_000)],
        seeds=Seeds(1),
        probe_points=(1, 1),
        matched=("tokens", "flops"),
    )
'''
CROSSED = '''
    """A tokenizer of each mixture's text, and a model of each with each."""
    from seedbed import *

    copies = Component("copies", Grammar("english", task="copy", documents=1500), distinct=True)
    code = Component("python", Files("code.jsonl"), distinct=True)
    study = Study(
        name="crossed",
        mixtures=[
            Mixture("text", total_bytes=30_000, shares={copies: 1.0}),
            Mixture("code", total_bytes=30_000, shares={code: 0.8, copies: 0.2}),
        ],
        tokenizers=[tokenizer("bpe", vocab_size=400)],
        tokenizers_from="each mixture",
        models=[
            model(
                "nano", steps=60, batch_size=4, warmup_steps=2, layers=1, width=16, heads=2, layout="packed", context=64
            )
        ],
        probes=[probe("bits-per-byte", bytes_per_source=1_000)],
        seeds=Seeds(1),
        probe_points=(1, 1),
    )
'''


def run(folder, text):
    path = write_pipeline(folder, text)
    done = subprocess.run(
        [SEEDBED, "run", str(path), "--no-tracking", "--jobs", "1"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = {}
    for manifest in (folder / "store" / "runs").glob("*/manifest.json"):
        outcome = json.loads((manifest.parent / "result.json").read_text())
        outcome |= json.loads((manifest.parent / "context.json").read_text())
        outcome["last"] = pq.read_table(manifest.parent / "metrics.parquet")["step"].to_numpy().max()
        found[json.loads(manifest.read_text())["name"].removesuffix(".seed-0")] = outcome
    return done.stdout, found


def gap(one, other):
    return abs(one - other) / max(one, other)


@pytest.mark.slow
def test_siblings_of_a_real_study_see_as_much_as_they_promise(tmp_path):
    printed, found = run(tmp_path, MATCHED)
    assert set(found) == {"bpe-400", "byte.matched-tokens", "byte.matched-flops"}
    reference = found["bpe-400"]
    for measure in ("tokens", "flops"):
        sibling = found[f"byte.matched-{measure}"]
        assert gap(sibling[measure], reference[measure]) < MATCHED_WITHIN
        assert gap(sibling["total_bytes"], reference["total_bytes"]) > 0.5
        assert sibling["matched"]["in"] == measure
        assert sibling["matched"]["with"] == "bpe-400"
        assert sibling["matched"]["steps_of_reference"] == reference["steps"] == 80
        assert sibling["steps"] == sibling["matched"]["steps"] == sibling["last"] < 40
        assert sibling["parameters"]["mlp"] == reference["parameters"]["mlp"]
    assert "not compared" not in printed
    assert "at equal tokens seen" in printed
    assert "at equal FLOPs" in printed
    assert "What arms are matched in: promised and achieved" in printed


@pytest.mark.slow
def test_a_real_crossed_study_reports_the_interaction_at_equal_bytes(tmp_path):
    lines = Path(argparse.__file__).read_text().splitlines(keepends=True)  # code that is at hand, and little of it
    pieces = ["".join(lines[start : start + 8]) for start in range(0, len(lines), 8)]
    (tmp_path / "code.jsonl").write_text("".join(json.dumps({"text": piece}) + "\n" for piece in pieces))
    printed, found = run(tmp_path, CROSSED)
    assert set(found) == {
        "text.bpe-400@text",
        "text.bpe-400@code.matched-bytes",
        "code.bpe-400@text.matched-bytes",
        "code.bpe-400@code.matched-bytes",
    }
    seen = [outcome["total_bytes"] for outcome in found.values()]
    assert gap(min(seen), max(seen)) < MATCHED_WITHIN
    # Each tokenizer writes its own text in fewer tokens.
    tokens = {name.removesuffix(".matched-bytes"): outcome["tokens"] for name, outcome in found.items()}
    assert tokens["text.bpe-400@text"] < tokens["text.bpe-400@code"]
    assert tokens["code.bpe-400@code"] < tokens["code.bpe-400@text"]
    assert "mixture × tokenizer: bits-per-byte/total, at equal bytes seen" in printed
    assert "code − text with bpe-400@code" in " ".join(printed.split())
