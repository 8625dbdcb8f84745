import json
import math

import numpy as np
import pytest
import torch

from seedbed.data.build import build_component
from seedbed.data.catalogue import open_component
from seedbed.data.recipes import Component, Files
from seedbed.errors import UnknownNameError
from seedbed.pipelines.document_loss import document_losses
from seedbed.tokenizers.recipes import Tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.training.checkpoint import save_model
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model
from seedbed.workbench import Workbench


@pytest.fixture
def workbench(tmp_path):
    """A store with one finished run, whose model gives every byte the same probability."""
    workbench = Workbench(tmp_path)
    folder = workbench.store / "runs" / "flat.seed-0-0123456789abcdef"
    folder.mkdir(parents=True)
    train_tokenizer(Tokenizer("byte"), iter(()), folder)
    model = Transformer(Model(1, 8, 2, context=16), 257)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    save_model(folder, model)
    (folder / "manifest.json").write_text(json.dumps({"created": "2026"}))
    (folder / "result.json").write_text(json.dumps({"status": "FINISHED", "reason": None}))
    return workbench


def test_every_document_costs_what_the_model_says_whatever_its_length(workbench, tmp_path):
    texts = ["a", "née", "longer than the context of sixteen bytes, and so read in pieces", "b" * 40]
    (tmp_path / "some.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    (tmp_path / "built").mkdir()
    build_component(Component("some", Files("some.jsonl")), tmp_path / "built", workbench)
    losses = document_losses("flat.seed-0", open_component(tmp_path / "built"), workbench)
    assert losses.dtype == np.float64
    assert losses.tolist() == pytest.approx([math.log2(257)] * 4, rel=1e-5)


def test_a_run_that_is_not_there_is_refused(workbench):
    with pytest.raises(UnknownNameError, match=r"did you mean 'flat\.seed-0'"):
        document_losses("flat.seed-1", None, workbench)
