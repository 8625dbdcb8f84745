import subprocess
import sys

import pytest

from seedbed.errors import RecipeError, UnknownNameError
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model, Training, flops_per_token, model_fields, parameter_counts, training
from seedbed.workbench import carried_shelves

SHELF = sorted(path.stem for path in (carried_shelves() / "training").glob("*.toml"))


def recipe(**changes):
    fields = {"model": Model(2, 8, 2, context=16), "steps": 10, "batch_size": 2, "learning_rate": 0.1}
    return Training(**{**fields, **changes})


def test_recipes_load_without_torch():
    code = "import sys, seedbed.training.recipes; sys.exit('torch' in sys.modules or 'lightning' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"width": 9}, "width 9 does not divide by 2 heads"),
        ({"width": 6}, "heads of even width, these have 3"),
        ({"layers": 0}, "layers"),
        ({"mlp": "relu"}, "mlp"),
        ({"depth": 3}, "depth"),
    ],
)
def test_a_model_that_cannot_be_is_refused(model, message):
    with pytest.raises(RecipeError, match=message):
        Model(**{"layers": 2, "width": 8, "heads": 2, "context": 16, **model})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"warmup_steps": 11}, "11 warm-up steps do not fit in 10"),
        ({"betas": (0.9, 1.0)}, "betas must lie in"),
        ({"objective": "masked"}, "set causal=False"),
        ({"model": Model(2, 8, 2, context=16, causal=False)}, "set causal=True"),
        ({"final_lr_share": 1.5}, "final_lr_share"),
    ],
)
def test_training_that_contradicts_itself_is_refused(changes, message):
    with pytest.raises(RecipeError, match=message):
        recipe(**changes)


def test_a_recipe_is_frozen_and_hashable():
    assert hash(recipe()) == hash(recipe())
    with pytest.raises(AttributeError):
        recipe().steps = 3


@pytest.mark.parametrize("name", SHELF)
def test_every_shelf_file_is_a_recipe_and_comments_every_field(name):
    assert training(name).name == name
    path = carried_shelves() / "training" / f"{name}.toml"
    fields = [line for line in path.read_text().splitlines() if " = " in line and not line.startswith("#")]
    assert len(fields) > 10
    assert all(" # " in line for line in fields)


def test_changes_reach_the_model_and_the_training():
    changed = training("nano", steps=77, heads=2, name="two heads")
    assert (changed.steps, changed.model.heads, changed.name) == (77, 2, "two heads")


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="'nanno'; did you mean 'nano'"):
        training("nanno")
    with pytest.raises(UnknownNameError, match="'step'; did you mean 'steps'"):
        training("nano", step=3)


def test_a_shelf_file_without_a_model_is_refused(tmp_path, monkeypatch):
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "bare.toml").write_text("steps = 3\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match=r"bare.toml has no \[model\] table"):
        training("bare")


def test_shortening_keeps_the_share_of_warm_up():
    short = recipe(steps=100, warmup_steps=20).shortened(10)
    assert (short.steps, short.warmup_steps) == (10, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"mlp": "swiglu", "tied": False},
        {"positions": "learned", "norm": "none"},
        {"causal": False, "mlp_width": 5},
    ],
)
def test_parameters_are_counted_by_part(changes):
    model = Model(3, 16, 4, context=32, **changes)
    transformer = Transformer(model, 100)
    counts = parameter_counts(model, 100)
    found = dict.fromkeys(counts, 0)
    for name, weight in transformer.named_parameters():
        part = next((part for part in ("norm", "attention", "mlp") if part in name), "embedding")
        found[part] += weight.numel()
        found["total"] += weight.numel()
    assert found == counts


def test_swiglu_has_about_the_parameters_of_gelu():
    gelu, swiglu = (parameter_counts(Model(1, 96, 4, context=8, mlp=mlp), 10)["mlp"] for mlp in ("gelu", "swiglu"))
    assert gelu == swiglu


def test_flops_of_a_hand_counted_model():
    # 6 x (4 x 8^2 attention + 2 x 8 x 32 mlp + 10 x 8 output) + 12 x 1 layer x width 8 x 4 tokens attended on average
    assert flops_per_token(Model(1, 8, 2, context=8), 10) == 6 * (256 + 512 + 80) + 12 * 8 * 4
    assert flops_per_token(Model(1, 8, 2, context=8, causal=False), 10) == 6 * (256 + 512 + 80) + 12 * 8 * 8
    assert flops_per_token(Model(1, 8, 2, context=8), 10, length=2) == 6 * (256 + 512 + 80) + 12 * 8 * 1


def test_a_model_is_given_back_by_its_fields():
    model = Model(1, 8, 2, context=8, tied=False, embedding_init_std=0.2)
    assert Model(**model_fields(model)) == model


def test_a_constant_rate_by_one_word():
    assert training("nano", schedule="constant") == training("nano").constant_rate()
    assert training("nano", schedule="constant").final_lr_share == 1.0
    assert training("nano", schedule="constant").name == "nano-constant"
    with pytest.raises(UnknownNameError, match="did you mean 'constant'"):
        training("nano", schedule="constnt")
