"""What a mask of the input selects, computed with and written back."""

import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe import UnsupportedError
from pytorch2caffe.frontends.torch import trace
from tests.frontends.torch.same import image, same


def scaled(x):
    x = x * 1
    x[x < 0] *= 0.1
    return x


def nothing_selected(x):
    x = x * 1
    x[x < -100] *= 0.1
    return x + 1


def of_another(x):
    x, y, mask = x * 1, x * 2, x > 0
    x[mask] = y[mask]
    return x


def with_the_mask_computed_twice(x):
    x = x * 1
    x[x < 0] = x[x < 0] * 0.1
    return x


def exp_where_it_is_not_too_large(x):
    x, mask = x * 99, x < 0
    x[mask] = torch.exp(x[mask]) - 1
    return x


def log_of_what_is_positive(x):
    y, mask = torch.zeros_like(x), x > 0
    y[mask] = x[mask].log().clamp(min=-3) - x[mask]
    return y


def rows(x):
    x = x.permute(0, 2, 3, 1) * 1
    mask = x.mean(-1) > 0
    x[mask] = F.leaky_relu(x[mask] * torch.arange(4.0), 0.1)
    x[~mask] = 3
    return x


def by_functions(x):
    y, mask = x.clone(), x.abs() > 0.5
    y[mask] = torch.masked_select(x, mask).neg_().add(1)
    return y.masked_fill_(x > 1, -1.0)


def assigned_to_a_part(x):
    y = x * 1
    part = y[:, 1:3]
    part[part > 0] += 2
    return y


SAME = [
    scaled,
    nothing_selected,
    of_another,
    with_the_mask_computed_twice,
    exp_where_it_is_not_too_large,
    log_of_what_is_positive,
    rows,
    by_functions,
    assigned_to_a_part,
]


@pytest.mark.parametrize("model", SAME, ids=lambda f: f.__name__)
def test_written_back(model):
    same(model, image())


def of_another_mask(x):
    y = x * 1
    y[x > 0] = x[(x > 0).flip(1)]
    return y


def of_its_own_after_a_write(x):
    x = x * 1
    selected = x[x > 0]
    x *= 2
    x[x > 0] = selected
    return x


REFUSED = {
    "summed": lambda x: x[x > 0].sum() + x,
    "counted": lambda x: x * x[x > 0].shape[0],
    "counted by numel": lambda x: x * x[x > 0].numel(),
    "counted by len": lambda x: x * len(x[x > 0]),
    "returned": lambda x: x[x > 0] * 2,
    "compared": lambda x: x + (x[x > 0] > 1).any(),
    "sorted": lambda x: x + x[x > 0].sort()[0][0],
    "with a constant of its size": lambda x: x + (x[x > 0] + torch.ones(1)).max(),
    "a view of it": lambda x: x + x[x > 0][:1],
    "another mask": of_another_mask,
    "another mask of the same name": of_its_own_after_a_write,
}


@pytest.mark.parametrize("model", REFUSED.values(), ids=REFUSED)
def test_what_depends_on_how_many_there_are_is_refused(model):
    with pytest.raises(UnsupportedError, match=r"depends on the (input|data)"):
        trace(model, torch.linspace(-1, 2, 144).reshape(1, 4, 6, 6).sin())
