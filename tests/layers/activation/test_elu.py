import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of
from tests.layers.forks import means  # noqa: F401 - a fixture

CASES = {
    "elu": nn.ELU(),
    "with alpha": nn.ELU(0.3),
    "functional": lambda x: F.elu(x, 1.7),
    "in place": lambda x: F.elu_(x * 2),
    "large numbers": lambda x: F.elu(x * 100),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


OTHERS = {
    "selu": nn.SELU(),
    "selu in place": lambda x: F.selu(x * 2, inplace=True),
    "celu": nn.CELU(),
    "celu with alpha": nn.CELU(0.4),
    "celu in place": lambda x: torch.celu_(x * 2, 1.7),
    "celu of large numbers": lambda x: F.celu(x * 100, 2.0),
}


@pytest.mark.parametrize("model", OTHERS.values(), ids=OTHERS)
def test_its_relatives_run_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))


def test_elu_is_one_layer_and_selu_two():
    assert types_of(nn.ELU(), torch.zeros(1, 3)) == ["ELU"]
    assert types_of(nn.SELU(), torch.zeros(1, 3)) == ["ELU", "Power"]


def test_selu_of_a_caffe_file(means):  # noqa: F811
    x = np.random.default_rng(0).standard_normal((1, 3, 4, 5)).astype(np.float32)
    expected = 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))
    means('layer { name: "it" type: "SELU" bottom: "x" top: "it" }', expected, x=x)
