import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import types_of

WEIGHT, BIAS = torch.rand(6) + 0.5, torch.randn(6)
CASES = {
    "last axis of 2": (nn.LayerNorm(6), (3, 6)),
    "last axis of 3": (nn.LayerNorm(6), (2, 5, 6)),
    "last axis of 4": (nn.LayerNorm(6), (2, 3, 4, 6)),
    "last axis of 5": (nn.LayerNorm(6), (2, 3, 2, 4, 6)),
    "last two axes": (nn.LayerNorm((4, 5)), (2, 3, 4, 5)),
    "last three axes": (nn.LayerNorm((3, 4, 5)), (2, 3, 4, 5)),
    "all axes": (nn.LayerNorm((3, 4)), (3, 4)),
    "one row": (nn.LayerNorm(6), (1, 6)),
    "large eps": (nn.LayerNorm(6, eps=0.5), (2, 5, 6)),
    "no affine": (nn.LayerNorm(6, elementwise_affine=False), (2, 5, 6)),
    "no bias": (lambda x: F.layer_norm(x, (6,), WEIGHT), (2, 5, 6)),
    "bias alone": (lambda x: F.layer_norm(x, (6,), None, BIAS), (2, 5, 6)),
    "far from zero": (lambda x: F.layer_norm(x + 30, (6,), WEIGHT, BIAS), (2, 5, 6)),
    "of channels, as in ConvNeXt": (lambda x: F.layer_norm(x.permute(0, 2, 3, 1), (6,), WEIGHT, BIAS), (2, 6, 3, 4)),
    "weight that depends on the input": (lambda x: F.layer_norm(x, (6,), x[0, 0], x[1, 0]), (2, 5, 6)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    if isinstance(model, nn.Module):
        for parameter in model.parameters():
            nn.init.uniform_(parameter, 0.5, 1.5)
    same_everywhere(model, torch.randn(shape) * 2 + 1)


def test_is_one_layer_of_the_graph_and_seven_plain_ones():
    model = nn.LayerNorm(6, elementwise_affine=False)
    assert [node.layer.type for node in trace(model, torch.zeros(2, 5, 6)).nodes] == ["LayerNorm"]
    types = types_of(model, torch.zeros(2, 5, 6))
    assert types == ["Reshape", "MVN", "Eltwise", "InnerProduct", "Power", "Scale", "Reshape"]


def test_a_shape_that_does_not_fit_is_refused():
    with pytest.raises((UnsupportedError, RuntimeError)):
        trace(nn.LayerNorm(7), torch.zeros(2, 6))
