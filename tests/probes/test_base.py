import pyarrow as pa
import pytest
import torch
from torch import nn

from seedbed.errors import SeedbedError
from seedbed.probes.base import SplitModel, check_context, device_of, looking_at, with_conventions


def test_weights_that_are_not_float32_are_refused():
    with (
        pytest.raises(SeedbedError, match=r"weight is bfloat16.*model\.float\(\)"),
        looking_at(nn.Linear(2, 2).bfloat16()),
    ):
        pass


def test_reduced_precision_around_it_is_switched_off():
    layer = nn.Linear(2, 2)
    with torch.autocast("cpu", torch.bfloat16), looking_at(layer):
        assert layer(torch.ones(1, 2)).dtype == torch.float32


def test_modes_come_back_also_after_an_error():
    model = nn.Sequential(nn.Dropout(), nn.Dropout())
    model[1].eval()
    with pytest.raises(ValueError, match="odd"), looking_at(model):
        assert not model.training
        raise ValueError("odd")
    assert [model.training, model[0].training, model[1].training] == [True, True, False]


def test_a_context_shorter_than_an_item_names_its_length_and_the_mend():
    with pytest.raises(
        SeedbedError, match=r"'the newt' is 12 tokens long.*context is 8; give the model context=12 or more"
    ):
        check_context("blimp", "the newt", 12, 8)
    check_context("blimp", "the newt", 8, 8)


def test_device_of_a_model_without_parameters_is_the_cpu():
    assert device_of(nn.Identity()) == torch.device("cpu")


def test_only_models_with_both_methods_are_split(toys):
    assert isinstance(toys.Attentive(5), SplitModel)
    assert not isinstance(toys.Recurrent(5), SplitModel)


def test_conventions_travel_with_the_table():
    table = with_conventions(pa.table({"a": [1]}), "first token scored")
    assert table.schema.metadata == {b"conventions": b"first token scored"}
