import pytest
import torch

from pytorch2caffe import ConversionError, to_torch
from pytorch2caffe.formats.mmdnn.node import IrNode
from pytorch2caffe.frontends.mmdnn.reader import graph_of
from tests.layers.conftest import lacks
from tests.layers.elementwise.test_compare import numbers


def cast(kind):
    return graph_of([IrNode("x", "DataInput", attrs={"shape": (-1, 4)}), IrNode("y", "Cast", ["x"], {"dstType": kind})])


def test_to_whole_numbers_it_cuts_the_fraction_off():
    x = torch.tensor([[-1.5, -0.5, 0.5, 2.9]])
    assert to_torch(cast("int"))(x).tolist() == [[-1, 0, 0, 2]]


def test_to_float_it_does_nothing():
    assert cast("float").nodes == []


@pytest.mark.parametrize("kind", ["bool", "string"])
def test_to_anything_else_is_refused(kind):
    with pytest.raises(ConversionError, match=f"Cast to {kind}"):
        cast(kind)


CASES = {
    "a cast to bool": lambda x: x.bool() * 2 + x.to(torch.bool),
    "the index of the largest": lacks(
        lambda x: x.argmax(1).int() * 2 + x.argmin(1).to(torch.uint8), opencv="has no ArgMax"
    ),
    "counts": lambda x: (x > 0).sum(1, dtype=torch.int32) + (x > 1).byte().cumsum(1).type(torch.int16)[:, 0],
    "fractions": lambda x: (x.clamp(-9, 9) * 3).int() * 2 + (x.clamp(0, 1) * 255).byte(),
    "assigned": lambda x: torch.empty_like(x, dtype=torch.uint8).copy_(x > 0) * x,
    "as other types": lambda x: (x > 0).long() * 2 + (x < 0).to(x.dtype),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, numbers())
