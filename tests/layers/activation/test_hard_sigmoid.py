import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import trace
from tests.layers.conftest import types_of

CASES = {
    "hardsigmoid": nn.Hardsigmoid(),
    "hardsigmoid in place": lambda x: F.hardsigmoid(x * 3, inplace=True),
    "hardsigmoid over its ends": lambda x: F.hardsigmoid(x * 10),
    "at its ends": lambda x: F.hardswish(x * 0 + 3) + F.hardsigmoid(x * 0 - 3),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape) * 2)


def test_is_one_layer_of_the_graph_and_three_where_there_is_clip():
    assert [node.layer.type for node in trace(nn.Hardswish(), torch.zeros(1, 3)).nodes] == ["HardSwish"]
    assert types_of(nn.Hardsigmoid(), torch.zeros(1, 3), dialect="caffe-master") == ["Power", "Clip", "Power"]
