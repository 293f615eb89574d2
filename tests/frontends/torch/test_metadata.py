# ruff: noqa: ARG005 (tables of cases; functions in the form that torch calls)
"""Arguments that a function reads for their shape, type and device only: constants stay constants."""

from __future__ import annotations

import warnings

import pytest
import torch

from pytorch2caffe.frontends.torch.functions import short_name
from pytorch2caffe.frontends.torch.metadata import UNREAD
from tests.frontends.torch.same import Net, conv, image, same

# What depends on an argument only in calls that torch has no samples of, or on its memory.
DEPEND = {
    "index_copy": "the samples overwrite every element",
    "index_copy_": "the samples overwrite every element",
    "instance_norm": "the running statistics are read with use_input_stats=False",
    "_batch_norm_with_update": "the running statistics are written",
    "slice_inverse": "a sample without a range is the source itself",
    "set_": "the result shares the memory of the source",
    "module_load": "the result shares the memory of the source",
    "kaiming_uniform_": "of torch.nn.init: it calls uniform_",
}
# Their results are random or hold no numbers yet, or torch has no sample of them.
NOT_FOUND = {"empty_like", "new_empty", "new_empty_strided", "rand_like", "randn_like", "randint_like", "new", "zero"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_table_is_what_the_functions_of_torch_do():
    from tests.frontends.torch.dependence import calls, unread  # takes seconds

    torch.set_warn_always(False)
    found, examined = {}, set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of deprecated functions, thousands
        for name, function, samples in calls():
            examined.add(short_name(name))
            if keys := unread(name, function, samples):
                found.setdefault(short_name(name), set()).update(keys)
    table = {short: {position} for short, (position, _) in UNREAD.items()}
    assert {short: keys for short, keys in found.items() if short not in DEPEND} == {
        short: keys for short, keys in table.items() if short in found
    }
    assert set(table) - set(found) == NOT_FOUND
    assert len(examined) > 900


EXAMPLE = torch.ones(1, 4, 6, 6, dtype=torch.float64)

CASES = {
    "type_as": lambda x: x + torch.arange(6).type_as(x),
    "type_as of a traced tensor": lambda x: x.type_as(EXAMPLE) + 1,
    "to": lambda x: x + torch.arange(6).to(x),
    "to by keyword": lambda x: x + torch.arange(6).to(tensor=x),
    "to of a traced tensor": lambda x: x.to(EXAMPLE) + 1,
    "expand_as": lambda x: x + torch.ones(1).expand_as(x),
    "expand_as of a traced tensor": lambda x: x.mean(1, keepdim=True).expand_as(EXAMPLE) + 1,
    "expand_as of empty memory": lambda x: x.mean(1, keepdim=True).expand_as(torch.empty(1, 4, 6, 6)) + 1,
    "view_as": lambda x: x + torch.arange(144.0).view_as(x),
    "view_as of a traced tensor": lambda x: x.flatten(1).view_as(EXAMPLE) + 1,
    "reshape_as": lambda x: (x * 2, torch.arange(144.0).reshape_as(x) * x)[1],
    "reshape_as of a traced tensor": lambda x: x.flatten(1).reshape_as(EXAMPLE) + 1,
    "a branch on such a constant": lambda x: x + 1 if torch.ones(2).type_as(x).sum() > 1 else x,
    "zeros_like and a constant": lambda x: x * (torch.zeros_like(x) + torch.arange(6)),
    "new_tensor": lambda x: x + x.new_tensor([1.0, 2, 3, 4, 5, 6]) + x.new([1.0]),
    "new_tensor of a traced tensor": lambda x: x.new_tensor(x.mean(1)) + 1,
    "copy_ into empty memory": lambda x: torch.empty_like(x).copy_(x) + 1,
    "copy_ into zeros": lambda x: torch.zeros_like(x).copy_(x) + 1,
    "copy_ into new memory of another shape": lambda x: x.new_empty(2, 4, 6, 6).copy_(x) + 1,
    "a constant copied over a traced tensor": lambda x: x.relu().copy_(EXAMPLE) * x,
    "zero_": lambda x: x.relu().zero_() + x,
    "fill_": lambda x: x.relu().fill_(2) * x,
    "resize_as_": lambda x: torch.empty(0).resize_as_(x).copy_(x) + 1,
    "Variable": lambda x: torch.autograd.Variable(x) + torch.autograd.Variable(torch.ones(6)),
    "Variable, written to": lambda x: (lambda y: (torch.autograd.Variable(y).add_(1), y * 2)[1])(x.relu()),
    "Parameter": lambda x: torch.nn.Parameter(x) + 1,
    "isreal": lambda x: torch.isreal(x) * x,
    "one of several results": lambda x: torch.broadcast_tensors(torch.arange(6.0), x)[0].sum().item() * x,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function", CASES.values(), ids=CASES)
def test_only_what_is_read_is_traced(function):
    same(Net(lambda self, x: function(self.c(x)), c=conv()), image())
