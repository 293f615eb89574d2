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
    "index_copy": lambda x: x.index_copy(1, T([3, 0]), x[:, 1:3] * 2),
    "index_copy_ of constants": lambda x: (x * 1).index_copy_(-1, T([5, 2]), torch.arange(80.0).view(2, 4, 5, 2)),
    "index_fill": lambda x: x.index_fill(1, T([2, 0, 2]), -1.0),
    "index_fill_": lambda x: (x * 1).index_fill_(-2, T([4]), 3),
    "index_add": lambda x: torch.index_add(x, 1, T([0, 0, 3]), x[:, 1:] * 2, alpha=0.5),
    "index_add of constants": lambda x: x.index_add(2, T([1, 1]), torch.ones(2, 4, 2, 6)),
    "index_add to constants": lambda x: torch.ones(2, 2, 5, 6).index_add(1, T([0, 1, 1, 0]), x),
    "index_put": lambda x: x.index_put((T([0, 1]), T([2, 3])), x[0, :2] * 2),
    "index_put, added up": lambda x: x.index_put((T([0, 1, 0]), T([2, 3, 2])), T(1.5), accumulate=True),
    "select_scatter": lambda x: x.select_scatter(x[:, 0] * 2, 1, -1),
    "slice_scatter": lambda x: torch.slice_scatter(x, x[:, :2] * 2, 1, 0, None, 2),
    "scatter": lambda x: x.scatter(1, T([3, 1]).view(1, 2, 1, 1).expand(2, 2, 5, 6), x * 2),
    "scatter a number": lambda x: x.scatter(3, torch.arange(40).reshape(2, 4, 5, 1) % 6, 7.0),
    "scatter_add": lambda x: x.scatter_add(2, torch.arange(72).reshape(2, 4, 3, 3) % 5, x * 3),
    "scatter_add to zeros": lambda x: torch.zeros(2, 4, 5, 6).scatter_add(1, torch.zeros(2, 4, 5, 6).long(), x),
}


def written(index, value):
    def model(x):
        y = x * 2
        y[index] = value(x) if callable(value) else value
        return y

    return model


ALL = slice(None)
WRITTEN = {
    "every second": written((ALL, slice(None, None, 2)), lambda x: x[:, :2]),
    "every third and second": written((..., slice(1, None, 3), slice(None, None, 2)), lambda x: x[..., :2, :3]),
    "every second, a number": written((..., slice(None, None, 2)), 5.0),
    "two swapped": written((ALL, [0, 2]), lambda x: x[:, [2, 0]]),
    "a row of constants": written((ALL, T([1, 3])), torch.arange(6.0)),
    "pairs": written((T([1, 0]), T([3, 0])), lambda x: x[:, 1]),
    "under a mask": written(torch.eye(2, 4).bool(), lambda x: x[0, :2]),
}


@pytest.mark.parametrize("model", {**CASES, **WRITTEN}.values(), ids={**CASES, **WRITTEN})
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 4, 5, 6))


def test_one_axis_is_one_layer():
    assert types_of(lambda x: x[:, [2, 0, 1, 3, 7, 5, 6, 4]], torch.zeros(1, 8, 4, 4)) == ["Convolution"]


REFUSED = {
    "an index that is computed": (lambda x: x[..., x[0, 0, 0].argmax()], "from traced values"),
    "a list, and one that is computed": (lambda x: x[[0, 1], x[:, :4, 0, 0].argmax(1)], "index or mask that depends"),
    "places that are computed": (lambda x: x.index_copy(0, x.argmax(0)[0, 0, :1], x[:1]), "index_copy with an index"),
    "writing twice": (lambda x: x.index_copy(1, T([0, 0]), x[:, :2]), "writing twice to one position"),
    "scattering twice": (lambda x: x.scatter(1, torch.zeros(2, 4, 5, 6).long(), x), "writing twice to one position"),
    "scatter with a product": (lambda x: x.scatter(1, torch.zeros(2, 1, 5, 6).long(), x, reduce="multiply"), "reduce="),
}


@pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter")
@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(model, message):
    with pytest.raises(UnsupportedError, match=message):
        trace(model, torch.randn(2, 4, 5, 6))
