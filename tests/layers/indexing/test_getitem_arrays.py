import pytest
import torch

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import types_of

T = torch.tensor
CASES = {
    "channels in another order": lambda x: x[:, [2, 1, 0]],
    "some, one twice": lambda x: x[:, T([3, 0, 0])],
    "by negative numbers": lambda x: x[..., [-1, 2]],
    "by a mask": lambda x: x[:, T([True, False, True, True])],
    "by a list of masks": lambda x: x[:, :, [True, False, True, False, True]],
    "a table": lambda x: x[:, T([[0, 1], [3, 2]])],
    "behind a number": lambda x: x[0, ..., [0, 2]],
    "behind a number, and slices": lambda x: x[0, 1:, :, T([0, 2, 5])],
    "before a number": lambda x: x[T([1, 0]), :, 2],
    "behind dots": lambda x: x[..., T([4, 0]), 1:3],
    "with a new axis": lambda x: x[:, None, T([1, 0])],
    "with a new axis behind dots": lambda x: x[..., None, T([1, 0])],
    "with a stride": lambda x: x[:, 1::2, T([1, 0]), ::3],
    "pairs": lambda x: x[:, T([0, 1, 3]), T([2, 3, 0])],
    "pairs apart": lambda x: x[T([1, 0]), :, T([2, 3])],
    "pairs that broadcast": lambda x: x[:, T([[0], [2]]), T([1, 4, 0])],
    "pairs apart, and a slice": lambda x: x[T([0]), :, 1:4, T([2])],
    "a mask of two axes": lambda x: x[:, :, torch.eye(5, 6).bool()],
    "a mask of all axes": lambda x: x[torch.arange(240).reshape(2, 4, 5, 6) % 7 == 0],
    "one number as a tensor": lambda x: x[:, T(2)],
    "a table of relative positions": lambda x: x[0, 0][T([[0, 1], [1, 0]]).view(-1)].view(2, 2, 6).permute(2, 0, 1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 4, 5, 6))


def test_one_axis_is_one_layer():
    assert types_of(lambda x: x[:, [2, 0, 1, 3, 7, 5, 6, 4]], torch.zeros(1, 8, 4, 4)) == ["Convolution"]


REFUSED = {
    "an index that is computed": (lambda x: x[..., x[0, 0, 0].argmax()], "from traced values"),
    "a list, and one that is computed": (lambda x: x[[0, 1], x[:, :4, 0, 0].argmax(1)], "index or mask that depends"),
}


@pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter")
@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(model, message):
    with pytest.raises(UnsupportedError, match=message):
        trace(model, torch.randn(2, 4, 5, 6))
