# ruff: noqa: ARG004, ARG005, E501 (tables of cases; functions in the form that torch calls)
"""What cannot be converted, and what is said about it: the module, the line, what is wrong and the way out."""

from __future__ import annotations

import copy
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import ConversionError, UnsupportedError, export
from pytorch2caffe.frontends.torch import trace
from tests.frontends.torch.same import Net, conv, image


@torch.library.custom_op("pytorch2caffe_tests::sine", mutates_args=())
def sine(x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.sin(x.numpy()))


class HalfWay(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.lgamma(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


def in_a_thread(x):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(torch.tanh, x).result() + x


def cast_and_written(x):
    y = torch.relu(x)
    y.double().add_(1)
    return y * 2


ALWAYS = "a Caffe network computes the same for every input"
REWRITE = "rewrite it with supported functions, or register one"
NEW = "replace the in-place call by one that returns a new tensor"
PLAIN = "use the plain Python module or function instead: with PYTORCH_JIT=0 torch.jit.script returns it"

# name: (what is done with the feature map, what is wrong, the way out)
CASES: dict[str, tuple[Any, str, str]] = {
    "an unregistered function": (torch.lgamma, "torch.lgamma has no Caffe layer", REWRITE),
    "an unregistered method": (lambda x: x.erfinv(), "torch.Tensor.erfinv has no Caffe layer", REWRITE),
    "an unregistered operator": (torch.ops.aten.lgamma.default, "aten.lgamma has no Caffe layer", REWRITE),
    "a part of a Python function": (
        lambda x: torch.block_diag(x[0, 0], x[0, 1]),
        "torch.functional.block_diag has no Caffe layer: it calls torch.block_diag",
        REWRITE,
    ),
    "a branch on values": (
        lambda x: x if x.sum() else -x,
        "a Python decision or number taken from traced values (__bool__)",
        ALWAYS,
    ),
    "a number from values": (
        lambda x: x * int(x[0, 0, 0, 0]),
        "a Python decision or number taken from traced values (__int__)",
        ALWAYS,
    ),
    "item": (lambda x: x * x.mean().item(), "a Python decision or number taken from traced values (item)", ALWAYS),
    "tolist": (lambda x: x * x.flatten().tolist()[0], "taken from traced values (tolist)", ALWAYS),
    "a fill value from values": (
        lambda x: x.new_full((1, 4, 6, 6), x.mean()) + x,
        "a Python decision or number taken",
        ALWAYS,
    ),
    "a random draw per number": (
        lambda x: torch.bernoulli(x.sigmoid()),
        "torch.bernoulli is random",
        "omit the noise in eval mode",
    ),
    "added noise": (lambda x: x + torch.randn(x.shape), "uses random numbers", "omit the noise in eval mode"),
    "noise like it": (lambda x: x + 2 * torch.rand_like(x), "uses random numbers", "omit the noise in eval mode"),
    "Python's random numbers": (
        lambda x: x + torch.tensor([random.random()]),
        "Python's random numbers",
        "compute it with torch",
    ),  # noqa: S311
    "dropout left on": (lambda x: F.dropout(x, 0.5, training=True), "random", "pass training=self.training"),
    "positions of values": (torch.nonzero, "torch.nonzero returns a shape that depends on the data", ALWAYS),
    "distinct values": (torch.unique, "returns a shape that depends on the data", ALWAYS),
    "a numpy round trip": (
        lambda x: torch.from_numpy(np.tanh(x.numpy())),
        "numpy passes the values out of PyTorch",
        "compute with torch",
    ),
    "a numpy function": (
        lambda x: torch.as_tensor(np.tanh(x)),
        "__array__ passes the values out of PyTorch",
        "compute with torch",
    ),
    "a deep copy": (lambda x: copy.deepcopy(x) + 1, "__deepcopy__ passes the values", "compute with torch"),
    "shared memory": (lambda x: x.share_memory_() + 1, "share_memory_ passes the values", "compute with torch"),
    "the address": (lambda x: x + x.data_ptr() % 2, "data_ptr passes the values", "compute with torch"),
    "another thread": (
        in_a_thread,
        "changed with the input but was not traced (another thread",
        "in the model's own thread",
    ),
    "dlpack behind its back": (
        lambda x: torch.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(x.relu())) + x,
        "memory shared with a traced tensor",
        "compute it with torch",
    ),
    "memory nobody filled": (
        lambda x: x + torch.empty(6),
        "uses memory that no torch operation wrote",
        "compiled extension",
    ),
    "a custom operator": (lambda x: sine(x) + 1, "pytorch2caffe_tests.sine has no Caffe layer", REWRITE),
    "an autograd.Function of such a call": (HalfWay.apply, "torch.lgamma has no Caffe layer", REWRITE),
    "vmap": (lambda x: torch.vmap(lambda y: y * 2)(x) + 1, "depends on the input but was not traced", PLAIN),
    "a gradient": (
        lambda x: torch.func.grad(lambda y: (y**2).sum())(x),
        "depends on the input but was not traced",
        PLAIN,
    ),
    "a write into a copy of another type": (cast_and_written, "overwritten in place through another tensor", NEW),
    "complex numbers": (lambda x: (x * 1j).imag, "complex", "use two real tensors"),
    "a complex constant": (
        lambda x: x * torch.ones(1, dtype=torch.complex64),
        "torch.complex64",
        "use plain float tensors",
    ),
    "sparse": (lambda x: x.reshape(4, 36).to_sparse().to_dense(), "torch.Tensor.to_sparse has no Caffe layer", REWRITE),
    "quantised": (
        lambda x: torch.quantize_per_tensor(x, 0.1, 0, torch.qint8).dequantize(),
        "quantize_per_tensor computes with integers of a quantized model",
        "pass the model in float",
    ),
    "fake quantisation": (
        lambda x: torch.fake_quantize_per_tensor_affine(x, 0.1, 0, -128, 127),
        "fake quantization is on: it rounds activations",
        "turn it off",
    ),
    "indices that Caffe lacks": (
        lambda x: F.adaptive_max_pool2d(x, 2, return_indices=True)[1] + 1,
        "uses an output of torch.nn.functional.adaptive_max_pool2d",
        "compute it from the others",
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_refusal_says_where_what_and_how_to_mend_it_and_writes_nothing(case, tmp_path: Path) -> None:
    function, what, fix = case
    model = Net(lambda self, x: self.head(self.stem(x)), stem=conv(), head=Net(lambda self, x: function(x)))
    with pytest.raises(UnsupportedError) as caught:
        export(model, image(), tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    first = caught.value.problems[0]
    assert first.where.startswith("head (test_refusals.py:"), first
    assert what in first.what
    assert fix in first.fix
    assert not list(tmp_path.iterdir())


def test_all_problems_are_listed_at_once() -> None:
    def forward(self, x):
        x = torch.lgamma(self.stem(x))
        x = x + torch.randn(6)
        x = x * 2 if bool(x.mean()) else x
        return torch.vmap(lambda y: y * 2)(x).erfinv()

    with pytest.raises(UnsupportedError) as caught:
        trace(Net(forward, stem=conv()), image())
    text = str(caught.value)
    assert text.startswith("5 parts of this model cannot be traced:\n  1. Net (test_refusals.py:")
    for what in ("torch.lgamma", "random numbers", "(__bool__)", "not traced", "erfinv"):
        assert what in text
    assert text.count("fix:") == 5


def test_a_line_that_runs_twice_is_one_problem() -> None:
    with pytest.raises(UnsupportedError) as caught:
        trace(Net(lambda self, x: [torch.lgamma(x) for _ in range(2)]), image())
    assert len(caught.value.problems) == 1


RETURNS = {
    "nothing": (lambda x: None, "returned no tensor but NoneType"),
    "a number": (lambda x: 3, "returned no tensor but int"),
    "a constant": (lambda x: torch.ones(3), "the output: does not depend on the input"),
    "constants only": (lambda x: {"a": torch.ones(3)}, "the output a: does not depend on the input"),
    "a generator": (lambda x: (y for y in (x, x)), "is a generator, not a tensor"),
    "a set": (lambda x: {x}, "is a set, not a tensor"),
}


@pytest.mark.parametrize("case", RETURNS.values(), ids=RETURNS)
def test_a_return_value_that_is_no_output_is_refused(case) -> None:
    model, message = case
    with pytest.raises(ConversionError, match=message):
        trace(model, image())


MODELS = {
    "lazy": (nn.LazyConv2d(4, 3), "weight is not initialized"),
    "without values": (nn.Conv2d(4, 4, 3, device="meta"), "weight has no values"),
    "a class": (nn.ReLU, "ReLU is a class, not a model: pass an instance"),
    "no model": ("resnet18", "a str is not a model"),
}


@pytest.mark.parametrize("case", MODELS.values(), ids=MODELS)
def test_what_is_no_model_is_refused(case) -> None:
    model, message = case
    with pytest.raises(ConversionError, match=message):
        trace(model, image())


def test_inputs_without_a_tensor_are_refused() -> None:
    with pytest.raises(ConversionError, match="no tensor among the inputs"):
        trace(nn.ReLU(), ())
    with pytest.raises(ConversionError, match="torch.complex64"):
        trace(nn.ReLU(), torch.zeros(1, dtype=torch.complex64))


def test_arithmetic_that_wraps_round_is_refused() -> None:
    pixels = torch.randint(0, 255, (1, 3, 4, 4), dtype=torch.uint8)
    with pytest.raises(
        UnsupportedError,
        match="computes in torch.uint8, Caffe in float32: .* within 0 and 255\n *fix: convert it with .float",
    ):
        trace(lambda x: (x - 128).float(), pixels)


def test_branches_that_only_a_compiler_runs_are_refused() -> None:
    def forward(x):
        return torch.cond(torch.tensor(True), lambda y: y * 2, lambda y: y * 3, (x,))

    with pytest.raises(
        UnsupportedError, match=r"test_refusals.py:\d+\): torch.cond contains parts .*\n *fix: use Python's own if"
    ):
        trace(forward, image())


def test_what_the_model_raises_passes_through() -> None:
    def forward(self, x):
        raise LookupError("the model's own")

    with pytest.raises(LookupError, match="the model's own"):
        trace(Net(forward), image())


def test_the_page_of_refusals_is_up_to_date() -> None:
    from tests.frontends.torch.refusals_page import PAGE, page

    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.frontends.torch.refusals_page"
