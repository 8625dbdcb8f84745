import errno
import json
from pathlib import Path

import pytest
import torch

from seedbed.errors import StoreError
from seedbed.training.checkpoint import (
    load_model,
    optimizer_tensors,
    read_checkpoint,
    restore_optimizer,
    save_model,
    weights_hash,
    write_checkpoint,
    write_tensors,
)
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model

SMALL = Model(1, 8, 2, context=4)


def updated(model, updates=2):
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)
    for _ in range(updates):
        model(torch.tensor([[1, 2]])).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return optimizer


@pytest.mark.parametrize("model", [SMALL, Model(2, 8, 2, context=4, tied=False, positions="learned", causal=False)])
def test_a_saved_model_is_given_back(tmp_path, model):
    saved = Transformer(model, 9, 3)
    save_model(tmp_path, saved)
    loaded = load_model(tmp_path)
    assert loaded.model == model
    assert weights_hash(loaded) == weights_hash(saved)
    assert torch.equal(loaded(torch.tensor([[1, 2]])), saved(torch.tensor([[1, 2]])))
    assert {path.name for path in tmp_path.iterdir()} == {"weights.safetensors", "model.json"}


def test_the_hash_is_of_names_shapes_and_values():
    first = Transformer(SMALL, 9, 0)
    assert weights_hash(first) == weights_hash(Transformer(SMALL, 9, 0))
    assert weights_hash(first) != weights_hash(Transformer(SMALL, 9, 1))
    before = weights_hash(first)
    with torch.no_grad():
        first.embedding[3, 3] = torch.nextafter(first.embedding[3, 3], torch.tensor(9.0))
    assert weights_hash(first) != before


def test_folders_without_a_whole_model_are_refused(tmp_path):
    with pytest.raises(StoreError, match="no whole model"):
        load_model(tmp_path)
    save_model(tmp_path, Transformer(SMALL, 9))
    fields = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**fields, "vocab_size": 10}))
    with pytest.raises(StoreError, match="embedding has shape"):
        load_model(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps({**fields, "family": "lstm"}))
    with pytest.raises(StoreError, match="family 'lstm'"):
        load_model(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps(fields))
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(StoreError, match="no whole model"):
        load_model(tmp_path)


def test_an_optimizer_goes_on_as_if_it_had_never_stopped(tmp_path):
    through, stopped = Transformer(SMALL, 9), Transformer(SMALL, 9)
    updated(through, 2)
    write_checkpoint(tmp_path, 2, stopped, updated(stopped, 2), {})
    found = read_checkpoint(tmp_path)
    assert found.step == 2
    fresh = torch.optim.AdamW(stopped.parameters(), lr=0.1, fused=True)
    restore_optimizer(stopped, fresh, found.optimizer)
    again = optimizer_tensors(stopped, fresh)
    assert again.keys() == found.optimizer.keys()
    assert all(torch.equal(again[name], found.optimizer[name]) for name in again)
    assert len(again) == 3 * len(list(stopped.parameters()))


def test_only_the_newest_whole_checkpoint_is_kept_and_read(tmp_path):
    model = Transformer(SMALL, 9)
    optimizer = updated(model)
    assert read_checkpoint(tmp_path / "none") is None
    for step in (9, 10, 100):
        write_checkpoint(tmp_path, step, model, optimizer, {"step": step})
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000100"]
    # What a kill leaves behind while the next one is written:
    (tmp_path / "draft").mkdir()
    (tmp_path / "draft" / "weights.safetensors").write_bytes(b"half")
    assert read_checkpoint(tmp_path).state == {"step": 100}
    write_checkpoint(tmp_path, 110, model, optimizer, {"step": 110})
    assert read_checkpoint(tmp_path).step == 110


def test_a_damaged_checkpoint_is_refused(tmp_path):
    model = Transformer(SMALL, 9)
    write_checkpoint(tmp_path, 1, model, updated(model), {})
    (tmp_path / "step-000000001" / "optimizer.safetensors").write_bytes(b"")
    with pytest.raises(StoreError, match="step-000000001 is damaged"):
        read_checkpoint(tmp_path)


def test_a_disk_that_is_full_says_so_by_its_number(tmp_path):
    if not (full := Path("/dev/full")).exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(OSError) as raised:
        write_tensors(full, {"a": torch.zeros(10_000)})
    assert raised.value.errno == errno.ENOSPC
