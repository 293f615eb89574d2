import pytest
import torch

from pytorch2caffe.errors import Refused
from pytorch2caffe.graph.builder import Builder
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.layers.elementwise.eltwise import Eltwise
from pytorch2caffe.runtime.infer import infer
from tests.layers.conftest import types_of

CASES = {
    "sum": lambda x, y: x + y,
    "difference": lambda x, y: x - y,
    "product": lambda x, y: x * y,
    "maximum": torch.maximum,
    "residual": lambda x, y: (x.relu() + y).relu() + x,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6), (1, 3, 4), (4,), (1, 2, 2, 3, 2)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape), torch.randn(shape))


def test_a_difference_is_a_sum_with_coefficients():
    assert Eltwise("SUM", (1.0, -1.0)).to_caffe() == {"operation": "SUM", "coeff": [1.0, -1.0]}
    assert types_of(CASES["difference"], torch.zeros(2, 3), torch.zeros(2, 3)) == ["Eltwise"]


def test_other_shapes_are_refused():
    net = Builder(Graph(), infer)
    with pytest.raises(Refused, match="Eltwise of different shapes"):
        net.add(Eltwise(), net.input("a", (2, 3)), net.input("b", (2, 1)))


def test_coefficients_must_be_as_many_as_inputs():
    with pytest.raises(Refused, match="2 coefficients for 3 inputs"):
        Eltwise.from_caffe({"coeff": [1.0, 2.0]}, [(2, 3)] * 3, [])
