import pytest
import torch

from pytorch2caffe import ConversionError, to_torch
from pytorch2caffe.formats.mmdnn.node import IrNode
from pytorch2caffe.frontends.mmdnn.reader import graph_of


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
