"""Memory of torch.empty that is filled at constant indices: by lists, tensors, masks, and functions that write."""

import pytest
import torch

from pytorch2caffe import UnsupportedError
from pytorch2caffe.frontends.torch import trace
from tests.frontends.torch.same import image, same

MASK = torch.rand(1, 4, 6, 6, generator=torch.Generator().manual_seed(0)) > 0.5
ROWS = torch.tensor([True, False, False, True, True, False])


def by_lists(x):
    y = torch.empty_like(x)
    y[:, [0, 2]] = x[:, :2] * 2
    y[:, [1, 3]] = x[:, 2:]
    return y


def by_tensors(x):
    y, even = x.new_empty(x.shape), torch.arange(0, 4, 2)
    y[:, even + 1] = x[:, 2:]
    y[:, even] = x[:1, :2] * 2
    return y + 1


def by_mask_of_rows(x):
    y = torch.empty_like(x)
    y[:, :, ROWS] = x[:, :, :3]
    y[:, :, ~ROWS] = 0.25
    return y


def by_mask(x):
    y = torch.empty_like(x)
    y[MASK] = (x * 2)[MASK]
    y[~MASK] = 0.5
    return y + 1


def by_index_copy(x):
    y = torch.empty_like(x)
    y.index_copy_(1, torch.tensor([0, 3]), x[:, :2] * 2)
    y.index_copy_(1, torch.tensor([2, 1]), x[:, 2:] + 1)
    return y


def by_scatter(x):
    y = torch.empty_like(x)
    return y.scatter_(1, torch.tensor([3, 1, 0, 2]).view(1, 4, 1, 1).expand(1, 4, 6, 6), x * 2)


def by_masked_scatter(x):
    y = torch.empty_like(x)
    y.masked_scatter_(MASK, x * 2)
    y.masked_scatter_(~MASK, x + 1)
    return y


def by_index_put(x):
    y = torch.empty_like(x)
    y.index_put_((torch.tensor([0]), torch.tensor([0])), x[:, 1])
    y[:, 1:] = x[:, 1:]
    return y


def by_index_fill(x):
    y = torch.empty_like(x)
    y.index_fill_(1, torch.tensor([0, 2]), 0.5)
    y[:, [1, 3]] = x[:, :2]
    return y


def by_masked_fill(x):
    y = torch.empty_like(x)
    y[MASK] = x[MASK]
    return y.masked_fill_(~MASK, -1.0)


def in_a_view_of_it(x):
    y = torch.empty(1, 6, 6, 6)
    part = y[:, 1:5].transpose(2, 3)
    part[:, [1, 2, 3]] = x[:, 1:].transpose(2, 3)
    part[:, 0, [3, 1]] = x[:, 0, :2]
    part[:, 0, [0, 2, 4, 5]] = x[:, 1, :4]
    y[:, ::5] = 0
    return y


def only_what_was_written_is_read(x):
    y = torch.empty_like(x)
    y[:, [0, 2]] = x[:, :2]
    return y[:, ::2] + 1


def twice(x):
    y = torch.empty_like(x)
    y[:, [0, 2, 3]] = x[:, :3]
    y[:, [1, 2]] = x[:, 2:]
    y[:, 0] += 1
    return y


FILLED = [
    by_lists,
    by_tensors,
    by_mask_of_rows,
    by_mask,
    by_index_copy,
    by_scatter,
    by_masked_scatter,
    by_index_put,
    by_index_fill,
    by_masked_fill,
    in_a_view_of_it,
    only_what_was_written_is_read,
    twice,
]


@pytest.mark.parametrize("model", FILLED, ids=lambda f: f.__name__)
def test_filled_completely(model):
    graph = same(model, image())
    assert all(node.layer.type != "IndexSelect" for node in graph.nodes) or "mask" in model.__name__


def test_channels_are_slices_and_one_concat():
    assert {node.layer.type for node in same(by_lists, image()).nodes} == {"StridedSlice", "Slice", "Power", "Concat"}


def in_part(x):
    y = torch.empty_like(x)
    y[:, [0, 2]] = x[:, :2]
    return y


def added_to(x):
    y = torch.empty_like(x)
    y[:, [0, 2]] += x[:, :2]
    return y


@pytest.mark.parametrize("model", [in_part, added_to], ids=lambda f: f.__name__)
def test_filled_in_part_is_refused_with_where_it_was_allocated(model):
    with pytest.raises(UnsupportedError) as caught:
        trace(model, image())
    assert "no torch operation wrote" in caught.value.problems[0].what


def one_position_twice(x):
    y = torch.empty_like(x)
    y[:, [0, 0, 1, 2, 3]] = torch.cat([x, x[:, :1]], 1)
    return y


def test_one_position_twice_is_refused():
    with pytest.raises(UnsupportedError, match="writing twice to one position"):
        trace(one_position_twice, image())
