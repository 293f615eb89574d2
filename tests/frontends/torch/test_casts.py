# ruff: noqa: ARG005 (tables of cases; functions in the form that torch calls)
"""A cast is free where it keeps the numbers, removes the fraction where it does not, and never wraps round."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError
from pytorch2caffe.frontends.torch import trace
from tests.frontends.torch.same import Net, conv, image, same

FREE = {
    "argmax to int": lambda x: x.argmax(1).int(),
    "argmax to byte": lambda x: x.argmax(1).byte(),
    "argmax to uint8": lambda x: x.argmax(1).to(torch.uint8) * 3,
    "argmax to short": lambda x: x.argmax(1).type(torch.int16) + 1,
    "argmax to long": lambda x: x.argmax(1).long(),
    "argmax to float and back": lambda x: (x.argmax(1).float() * 2).int(),
    "a mask to byte": lambda x: (x > 0).byte(),
    "a mask to byte, computed with": lambda x: 1 - (x > 0).byte() * (x > 1).byte(),
    "a mask to float and back": lambda x: (x > 0).float().long() * 2,
    "counted": lambda x: (x > 0).sum(1, dtype=torch.int32),
    "counted along": lambda x: (x > 0).cumsum(1, dtype=torch.int32),
    "positions of tokens": lambda x: (lambda m: (torch.cumsum(m, 1).type_as(m) * m).long() + 1)((x > 0).int()),
    "softmax in float64": lambda x: x.softmax(1, dtype=torch.float64) + F.softmax(x, 1, dtype=torch.float32),
    "mean in float64": lambda x: x.mean(1, dtype=torch.float64),
    "a mask of a count": lambda x: (x > 0).sum(1).bool(),
    "torch.tensor": lambda x: torch.tensor(x) + 1,
    "as_tensor": lambda x: torch.as_tensor(x > 0, dtype=torch.int32) + 1,
    "a mask written as integers": lambda x: torch.empty(1, 4, 6, 6, dtype=torch.int32).copy_(x > 0) * 2,
    "a number written as bool": lambda x: torch.zeros(1, 4, 6, 6, dtype=torch.bool).copy_(x.relu()).float(),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function", FREE.values(), ids=FREE)
def test_a_cast_that_keeps_the_numbers_adds_nothing(function):
    graph = same(Net(lambda self, x: function(self.c(x)), c=conv()), image())
    assert "Rounding" not in [node.layer.type for node in graph.nodes]


def test_rows_and_columns_of_positions_are_integers():
    def model(x):
        position = x.flatten(1).argmax(1)
        return (position % 6).byte() + (position // 6 % 6).byte()

    graph = same(model, image())
    assert [node.layer.type for node in graph.nodes].count("Rounding") == 3, "one for each division, none for a cast"


FRACTIONS = {
    "to int": lambda x: (x * 3).int(),
    "to int, computed with": lambda x: (x * 3).int() * 2 + 1,
    "to byte in a known range": lambda x: (x.sigmoid() * 255).byte(),
    "to byte, clamped": lambda x: (x * 100).clamp(0, 255).to(torch.uint8),
    "summed as integers": lambda x: (x * 3).sum(1, dtype=torch.int32),
    "cumulated as integers": lambda x: (x * 3).cumsum(1, dtype=torch.int64),
    "multiplied as integers": lambda x: (x * 3).prod(1, dtype=torch.int64),
    "copied into integers": lambda x: torch.empty(1, 4, 6, 6, dtype=torch.int32).copy_(x * 3) + 1,
}


@pytest.mark.parametrize("function", FRACTIONS.values(), ids=FRACTIONS)
def test_a_cast_that_removes_fractions_is_a_layer(function):
    graph = same(Net(lambda self, x: function(x)), image())
    assert "Rounding" in [node.layer.type for node in graph.nodes]


def test_a_number_written_into_integers_loses_its_fraction():
    same(lambda x: _assigned(x, 2.7), torch.arange(24).reshape(1, 4, 6))
    same(lambda x: _assigned(x > 5, 3), torch.arange(24).reshape(1, 4, 6))


def _assigned(x, number):
    y = x + x if x.dtype != torch.bool else ~x
    y[:, 1] = number
    return y.float() * 2


TOKENS = torch.arange(24).reshape(1, 4, 6)
WRAP = {
    "int64 to byte": (lambda x: x.byte(), TOKENS, "converts torch.int64 to torch.uint8: .* within 0 and 255"),
    "floats to byte": (lambda x: x.byte(), image(), "converts torch.float32 to torch.uint8: .* within 0 and 255"),
    "a mask below 0": (lambda x: (x > 0).byte() - 1, image(), "computes in torch.uint8"),
    "int64 to int32": (lambda x: (x * x).int(), TOKENS, "torch.int64 to torch.int32: .* within -2147483648"),
    "int32 times int32": (lambda x: x * x, TOKENS.int(), "mul computes in torch.int32"),
    "a sum in int32": (lambda x: x.sum(1, dtype=torch.int32), torch.zeros(1, 200), "sum computes in torch.int32"),
    "complex": (lambda x: x.to(torch.complex64), image(), "Caffe has float32 only"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", WRAP.values(), ids=WRAP)
def test_numbers_that_may_wrap_round_are_refused(case):
    function, inputs, message = case
    with pytest.raises(UnsupportedError, match=message):
        trace(Net(lambda self, x: function(x)), inputs)


def test_integers_within_their_range_are_computed_in_any_type():
    same(lambda x: x.int() * 2 + 1, TOKENS)
    same(lambda x: (x.short() + 300).float(), TOKENS.to(torch.uint8))
    same(nn.Embedding(24, 3), TOKENS.int())
