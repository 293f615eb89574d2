import operator

import pytest
import torch

from pytorch2caffe import trace
from tests.layers.conftest import types_of

OPERATIONS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: a / (b + 3),
    "maximum": torch.maximum,
    "minimum": torch.minimum,
}
IMAGE = (2, 3, 4, 5)
PATTERNS = {
    "[N,C,H,W]": (IMAGE, IMAGE),
    "[N,C,1,1]": (IMAGE, (2, 3, 1, 1)),
    "[N,1,H,W]": (IMAGE, (2, 1, 4, 5)),
    "[1,C,1,1]": (IMAGE, (1, 3, 1, 1)),
    "[C,1,1]": (IMAGE, (3, 1, 1)),
    "[C,H,W]": (IMAGE, (3, 4, 5)),
    "[H,W]": (IMAGE, (4, 5)),
    "[W]": (IMAGE, (5,)),
    "[1]": (IMAGE, (1,)),
    "[N,1,1,1]": (IMAGE, (2, 1, 1, 1)),
    "[N,C,H,1]": (IMAGE, (2, 3, 4, 1)),
    "[N,C,1,W]": (IMAGE, (2, 3, 1, 5)),
    "[1,1,H,1]": (IMAGE, (1, 1, 4, 1)),
    "[N,1,H,1]": (IMAGE, (2, 1, 4, 1)),
    "both": ((2, 3, 1, 5), (2, 1, 4, 5)),
    "both, outer": ((2, 3, 1), (2, 1, 4)),
    "both, of other rank": ((2, 1, 4, 5), (3, 1, 1)),
    "columns and rows": ((4, 1), (1, 5)),
    "2-D and a row": ((2, 6), (6,)),
    "3-D and a token": ((2, 4, 6), (2, 1, 6)),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize(("big", "small"), PATTERNS.values(), ids=PATTERNS)
def test_two_tensors_broadcast_the_same_everywhere(operation, big, small, same_everywhere):
    same_everywhere(lambda a, b: operation(a, b * 1), torch.randn(big), torch.rand(small))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("small", [(1, 3, 1, 1), (3, 1, 1), (1, 1, 4, 5), (5,), (1, 3, 4, 1)], ids=str)
def test_the_smaller_may_come_first_and_the_batch_be_one(operation, small, same_everywhere):
    same_everywhere(lambda a, b: operation(a * 1, b), torch.rand(small), torch.rand(1, 3, 4, 5))


def test_a_gate_per_sample_and_channel_is_one_scale():
    nodes = trace(lambda x, gate: x * gate, (torch.zeros(2, 3, 4, 5), torch.zeros(2, 3, 1, 1))).nodes
    assert [node.layer.type for node in nodes] == ["Binary"]
    assert types_of(lambda x, gate: x * gate, torch.zeros(IMAGE), torch.zeros(2, 3, 1, 1)) == ["Reshape", "Scale"]


def test_equal_shapes_are_one_eltwise():
    for operation in (operator.add, operator.sub, operator.mul, torch.maximum):
        assert types_of(operation, torch.zeros(IMAGE), torch.zeros(IMAGE)) == ["Eltwise"]
