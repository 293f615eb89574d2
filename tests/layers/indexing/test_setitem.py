import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe import UnsupportedError, trace

MASK = torch.rand(4, 5) > 0.5


def put(index, value):
    def model(x):
        y = x * 2
        y[index] = value(x) if callable(value) else value
        return y + 1

    return model


def into_zeros(x):
    y = torch.zeros(x.shape[0], 3, 6, 7)
    y[:, :, 1:5, 1:6] = x
    return y * 2


def piece_by_piece(x):
    y = x.clone()
    for row in range(4):
        y[:, :, row] = y[:, :, row] + row
    return y


ALL = slice(None)
CASES = {
    "channels": put((ALL, slice(0, 2)), lambda x: x[:, 1:]),
    "the last": put((ALL, -1), lambda x: x[:, 0]),
    "a box": put((ALL, ALL, slice(1, 3), slice(2, 5)), lambda x: x[:, :, :2, :3]),
    "a box, by a number": put((..., slice(1, 3), slice(2, 5)), 7.0),
    "by a constant": put((..., slice(1, 3)), torch.arange(8.0).reshape(4, 2)),
    "broadcast": put((..., slice(1, 3)), lambda x: x[:, :1, :, :1]),
    "of fewer axes": put((ALL, 1), lambda x: x[0, 0]),
    "everything": put(..., lambda x: x * x),
    "one number": put((0, 1, 2, 3), -4.0),
    "everything, by a number": lambda x: put((ALL, ALL), 0.5)(x) * x,
    "into zeros": into_zeros,
    "piece by piece": piece_by_piece,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2])
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5))


def test_a_constant_mask(same_everywhere):
    same_everywhere(lambda x: put(MASK, 0.5)(x[0, 0]), torch.randn(1, 1, 4, 5))


def changed_in_place(x):
    y = x * 2
    y[..., :2] *= 4
    y[:, 1:] += y[:, :1]
    torch.sigmoid_(y[..., 3:])
    y[:, 1:3].mul_(3)
    return y + 1


def half_of_a_split(x):
    a, b = (x * 2).chunk(2, -1)
    return torch.cat([F.relu(a, inplace=True), b], 1)


def base_after_its_view(x):
    y = x * 1
    y[:, 1:].relu_()
    return y + 0


def view_after_its_base(x):
    y = x * 1
    view = y[:, 1:]
    y.mul_(2)
    return view * 1


def through_a_transposed_view(x):
    y = x * 1
    y.transpose(1, 2)[:, :2] += 1
    y.view(x.shape[0], -1)[:, 3:9] = 0.5
    y.flatten(1).unflatten(1, (2, -1))[:, 1] *= 2
    return y * 2


def filled_by_parts(x):
    y = x.new_zeros(x.shape[0], 5, *x.shape[2:])
    y[:, :3] = x
    y[:, 3:] = x[:, 1:] * 2
    return y + 1


def one_by_one(x):
    y = torch.empty_like(x)
    for channel in range(x.shape[1]):
        y[:, channel] = x[:, channel] * channel
    return y + 1


def at_lists_of_channels(x):
    y = torch.empty(x.shape[0], 5, *x.shape[2:])
    y[:, [0, 3, 4]] = x
    y[:, [2, 1]] = x[:, 1:] * 2
    return y + 1


def steps(x):
    y = x * 1
    y[..., ::2] = y[..., 1::2].mean(-1, keepdim=True)
    y[..., -1] += 3
    return y + 0


def inf_stays_where_it_is(x):
    y = (x * 0).log()
    y[:, :1] = x[:, :1]
    y[:, 1:, :, 1:] = 0
    return y[..., 1:] + x[..., 1:]


WRITES = [
    changed_in_place,
    half_of_a_split,
    base_after_its_view,
    view_after_its_base,
    through_a_transposed_view,
    filled_by_parts,
    one_by_one,
    at_lists_of_channels,
    steps,
    inf_stays_where_it_is,
]


@pytest.mark.parametrize("model", WRITES, ids=lambda f: f.__name__)
def test_writes_into_views_run_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 6))


def test_parts_that_cover_everything_become_one_concat():
    graph = trace(filled_by_parts, torch.randn(1, 3, 4, 6))
    assert [node.layer.type for node in graph.nodes] == ["StridedSlice", "Power", "Concat", "Power"]


def test_a_write_into_what_it_reads_is_refused():
    def shifted(x):
        y = x * 1
        y[:, 1:] += y[:, :-1]
        return y

    with pytest.raises(UnsupportedError, match="in no certain order\n *fix: clone"):
        trace(shifted, torch.randn(2, 3, 4, 5))
