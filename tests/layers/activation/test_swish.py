import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

CASES = {
    "silu": nn.SiLU(),
    "silu in place": lambda x: F.silu(x * 2, inplace=True),
    "silu of large numbers": lambda x: F.silu(x * 50),
    "mish": nn.Mish(),
    "mish of large numbers": lambda x: F.mish(x * 50),
    "glu": nn.GLU(1),
    "glu, last axis": lambda x: F.glu(x),
    "glu, first axis": lambda x: F.glu(x, 0),
    "by hand": lambda x: x * torch.sigmoid(1.702 * x),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 4, 3, 6), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_silu_is_two_layers_and_one_where_there_is_swish():
    assert types_of(nn.SiLU(), torch.zeros(1, 3)) == ["Sigmoid", "Eltwise"]
    assert types_of(nn.SiLU(), torch.zeros(1, 3), dialect="caffe-master") == ["Swish"]


def test_mish_is_three_layers():
    assert types_of(nn.Mish(), torch.zeros(1, 3)) == ["BNLL", "TanH", "Eltwise"]


def test_swish_with_beta_runs_the_same_in_its_simpler_layers():
    from pytorch2caffe.graph.builder import Builder
    from pytorch2caffe.graph.graph import Graph
    from pytorch2caffe.layers.activation.swish import Swish
    from pytorch2caffe.runtime.build import build, infer

    net, x = Builder(Graph(), infer), torch.randn(2, 3)
    y = Swish(1.5).lower(net, [net.input("x", (2, 3))], [])
    assert [node.layer.type for node in net.graph.nodes] == ["Power", "Sigmoid", "Eltwise"] and y.shape == (2, 3)
    torch.testing.assert_close(build(Swish(1.5).to_torch([(2, 3)], []))(x), x * torch.sigmoid(1.5 * x))
