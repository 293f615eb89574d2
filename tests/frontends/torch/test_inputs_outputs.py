# ruff: noqa: ARG005, E501 (tables of cases; functions in the form that torch calls)
from __future__ import annotations

import collections
import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import to_torch
from pytorch2caffe.cli import main
from pytorch2caffe.frontends.torch import trace
from pytorch2caffe.frontends.torch.inputs_outputs import OutputWarning
from tests.frontends.torch.same import Net, conv, image, same

Pair = collections.namedtuple("Pair", "a b")


@dataclasses.dataclass
class Found:
    boxes: Any
    scores: Any = None


class ModelOutput(collections.OrderedDict):
    """As of HuggingFace: a dict whose keys are attributes, None left out."""


def inputs_of(graph):
    return [value.name for value in graph.inputs]


def outputs_of(graph):
    return {key: value.name for key, value in graph.outputs.items()}


OUTPUTS = {
    "one": (lambda self, x: self.c(x), {"c": "c"}),
    "a tuple": (lambda self, x: (self.c(x), x * 2), {"c": "c", "mul": "mul"}),
    "a list": (lambda self, x: [self.c(x), [x * 2]], {"c": "c", "mul": "mul"}),
    "a dict": (lambda self, x: {"found": self.c(x), "twice": x * 2}, {"found": "found", "twice": "twice"}),
    "a dict with a layer's own name": (lambda self, x: {"c": self.c(x)}, {"c": "c"}),
    "a dict with another layer's name": (lambda self, x: {"c": self.c(x).relu()}, {"c": "c"}),
    "a dict with the input's name": (lambda self, x: {"data": self.c(x)}, {"data": "data_1"}),
    "a dict of lists": (lambda self, x: {"maps": [self.c(x), x * 2]}, {"maps.0": "maps.0", "maps.1": "maps.1"}),
    "a named tuple": (lambda self, x: Pair(self.c(x), x + 1), {"a": "a", "b": "b"}),
    "a dataclass": (lambda self, x: Found(self.c(x)), {"boxes": "boxes"}),
    "a dataclass in a dict": (
        lambda self, x: {"d": Found(x + 1, x * 2)},
        {"d.boxes": "d.boxes", "d.scores": "d.scores"},
    ),
    "a ModelOutput": (lambda self, x: ModelOutput(logits=self.c(x)), {"logits": "logits"}),
    "the same twice": (lambda self, x: (lambda y: (y, y))(self.c(x)), {"c": "c", "c_1": "c"}),
    "an input": (lambda self, x: (x, self.c(x)), {"data": "data", "c": "c"}),
    "only an input": (lambda self, x: x, {"data": "data"}),
    "one that is used on": (lambda self, x: (lambda y: {"a": y, "b": y.relu()})(self.c(x)), {"a": "a", "b": "b"}),
    "a shape, a number and None beside it": (lambda self, x: (x.shape, 3, None, self.c(x)), {"c": "c"}),
    "a type, a device and a function beside it": (lambda self, x: (x.dtype, x.device, len, self.c(x)), {"c": "c"}),
    "a deque": (lambda self, x: collections.deque([self.c(x), x * 2]), {"c": "c", "mul": "mul"}),
    "values of a dict": (lambda self, x: {"a": self.c(x)}.values(), {"c": "c"}),
    "nested": (
        lambda self, x: {"a": {"b": [self.c(x), {"c": (x * 2, None)}]}},
        {"a.b.0": "a.b.0", "a.b.1.c.0": "a.b.1.c.0"},
    ),
}


@pytest.mark.parametrize("case", OUTPUTS.values(), ids=OUTPUTS)
def test_outputs_keep_their_names(case):
    function, expected = case
    graph = same(Net(function, c=conv()), image())
    assert outputs_of(graph) == expected
    values = [value.name for node in graph.nodes for value in node.outputs] + inputs_of(graph)
    assert len(values) == len(set(values))


CONSTANTS = {
    "in a tuple": (
        lambda self, x: (self.c(x), torch.ones(3)),
        r"output 2 of 2 does not depend on the input: it is left",
    ),
    "in a dict": (lambda self, x: {"a": self.c(x), "grid": self.c.bias}, "grid does not depend on the input"),
    "two": (
        lambda self, x: (torch.ones_like(x), self.c(x), torch.arange(4)),
        "output 1 of 3, output 3 of 3 do not depend on the input: they are left out",
    ),
    "an array": (lambda self, x: (self.c(x), np.ones(3)), "output 2 of 2 does not depend"),
    "without elements": (lambda self, x: (self.c(x), torch.zeros(0)), "output 2 of 2 does not depend"),
}


@pytest.mark.parametrize("case", CONSTANTS.values(), ids=CONSTANTS)
def test_outputs_that_are_constants_are_left_out_with_a_warning(case):
    function, message = case
    model = Net(function, c=conv()).eval()
    with pytest.warns(OutputWarning, match=message):
        graph = trace(model, image())
    x = image()
    with torch.no_grad():
        torch.testing.assert_close(to_torch(graph)(x), model.c(x))


@pytest.mark.filterwarnings("default")
def test_a_constant_output_does_not_stop_an_export(tmp_path, capfd):
    arguments = ["export", f"{__name__}:WithConstant", "--input-shape", "1,4,6,6", "-o", str(tmp_path / "net")]
    assert main(arguments) == 0
    lines = capfd.readouterr()
    assert lines.err.startswith(
        "warning: anchors does not depend on the input: it is left out of the network's outputs"
    )
    assert "equal to the model" in lines.out


class WithConstant(nn.Module):
    def forward(self, x):
        return {"found": x * 2, "anchors": torch.arange(4.0)}


class Two(nn.Module):
    def forward(self, image, mask=None, *, scale=1.0):
        return image * scale + (mask if mask is not None else 0)


def test_inputs_are_named_after_the_parameters():
    assert inputs_of(same(Two(), (image(), image()))) == ["image", "mask"]
    assert inputs_of(same(Two(), image())) == ["data"]
    assert inputs_of(same(Two(), (image(), None))) == ["data"]
    assert inputs_of(same(Two(), {"image": image(), "mask": image(), "scale": 3.0})) == ["image", "mask"]
    assert inputs_of(same(lambda a, b: a * b + a, (image(), image()))) == ["a", "b"]
    assert inputs_of(same(lambda *many: many[0] + many[1], (image(), image()))) == ["data0", "data1"]


def test_nested_inputs():
    graph = same(lambda d, rest: d["a"] + rest[0] + rest[1][0], ({"a": image()}, [image(), (image(),)]))
    assert inputs_of(graph) == ["d.a", "rest.0", "rest.1.0"]
    assert inputs_of(same(lambda pair: pair.a * pair.b, (Pair(image(), image()),))) == ["pair.a", "pair.b"]
    assert inputs_of(same(lambda f: f.boxes * f.scores, (Found(image(), image()),))) == ["f.boxes", "f.scores"]


def test_one_tensor_given_twice_is_two_inputs():
    x = image()
    assert len(trace(lambda a, b: a + b, (x, x)).inputs) == 2


def test_the_inputs_are_not_written_to():
    x = image()
    before = x.clone()
    trace(lambda x: x.mul_(2), x)
    assert torch.equal(x, before)


def test_an_input_that_requires_a_gradient():
    same(lambda x: x * 2, image().requires_grad_())


def test_integers_that_become_floats():
    numbers = torch.arange(24).reshape(1, 4, 6)
    same(lambda x: x.float() / 3 + x * 2, numbers)
    same(lambda x: x.float() / 255, numbers.to(torch.uint8))
    same(lambda x: x.flatten(1).to(torch.float32), numbers.to(torch.uint8))
