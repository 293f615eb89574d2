"""Layers that Caffe files spell out are ncnn's own layers again: as many as from the model, with its numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pytorch2caffe import load_caffe, save_caffe, save_ncnn, trace
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.runtime.run import relative_l2
from pytorch2caffe.verify.runtimes import get
from pytorch2caffe.verify.runtimes.ncnn import run_files
from tests.lively import make_lively

IMAGE, ROWS = (1, 4, 6, 6), (1, 5, 8)


class SelfAttention(nn.Module):
    """Without a mask; `others` are the tokens that it attends to."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(2, (3, 2, 4)).permute(2, 0, 3, 1, 4).unbind(0)
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Windows(nn.Module):
    """Attention in two windows, with a bias per head and a mask per window."""

    def __init__(self, masked: bool) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)
        self.register_buffer("bias", torch.randn(1, 2, 4, 4))
        self.register_buffer("mask", torch.randn(2, 1, 4, 4) if masked else torch.zeros(1, 1, 4, 4))

    def forward(self, x: Tensor) -> Tensor:
        x = x.reshape(2, 4, 8)
        q, k, v = self.qkv(x).unflatten(2, (3, 2, 4)).permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q * 0.5) @ k.transpose(-2, -1) + (self.bias + self.mask)
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2)).reshape(1, 8, 8)


class Gated(nn.Sequential):
    """Squeeze and excitation: the InnerProducts read vectors."""

    def __init__(self) -> None:
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 3, 1), nn.SiLU(), nn.Conv2d(3, 4, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return x * super().forward(x)


Case = tuple[Callable[..., Any], tuple[int, ...], list[str]]
CASES: dict[str, Case] = {
    "relu6": (nn.ReLU6(), IMAGE, ["Clip"]),
    "hard swish": (nn.Hardswish(), IMAGE, ["HardSwish"]),
    "hard sigmoid": (nn.Hardsigmoid(), IMAGE, ["HardSigmoid"]),
    "silu": (nn.SiLU(), IMAGE, ["Swish"]),
    "mish": (nn.Mish(), IMAGE, ["Mish"]),
    "gelu": (nn.GELU(), IMAGE, ["GELU"]),
    "gelu, tanh": (nn.GELU("tanh"), IMAGE, ["GELU"]),
    "channel shuffle": (nn.ChannelShuffle(2), IMAGE, ["ShuffleChannel"]),
    "pixel shuffle": (nn.PixelShuffle(2), IMAGE, ["PixelShuffle"]),
    "nearest": (nn.Upsample(scale_factor=3), IMAGE, ["Interp"]),
    "layer norm": (nn.LayerNorm(8), ROWS, ["LayerNorm"]),
    "group norm": (nn.GroupNorm(2, 4), IMAGE, ["GroupNorm"]),
    "instance norm": (nn.InstanceNorm2d(4), IMAGE, ["InstanceNorm"]),
    "attention": (SelfAttention(), ROWS, ["MultiHeadAttention"]),
    "squeeze and excitation": (
        Gated(),
        (1, 4, 4, 4),  # as many channels as rows and columns: a vector must be aligned with the channels
        ["Split", "Pooling", "InnerProduct", "Swish", "InnerProduct", "BinaryOp"],
    ),
    "dropout": (nn.Sequential(nn.Dropout(), nn.Conv2d(4, 2, 1), nn.Dropout(), nn.ReLU()), IMAGE, ["Convolution"]),
}


def written(graph: Graph, prefix: Path, x: np.ndarray) -> tuple[list[str], np.ndarray]:
    """The types of the layers without the input, and what ncnn computes."""
    files = save_ncnn(graph, prefix, fold=True)
    results = run_files(Path(f"{prefix}.param"), Path(f"{prefix}.bin"), {files.inputs[graph.inputs[0].name]: x}, None)
    (output,) = files.outputs.values()
    return [op.type for op in files.lines[1:]], next(array for (_, top), array in results.items() if top == output)


def both_ways(model: Callable[..., Any], x: Tensor, folder: Path) -> list[list[str]]:
    """The types of the layers from the model and from its Caffe files; both give the model's numbers in ncnn."""
    if reason := get("ncnn").unavailable():
        pytest.skip(f"ncnn: {reason}")
    files = folder / "net.prototxt", folder / "net.caffemodel"
    graph = trace(model, x)
    save_caffe(graph, *files)
    with torch.no_grad():
        expected = model(x).numpy()
    found = []
    for each in (graph, load_caffe(*files)):
        types, y = written(each, folder / "net", x.numpy())
        assert relative_l2(y.reshape(expected.shape), expected) < 2e-6
        found.append(types)
    return found


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_as_from_the_model(case: Case, tmp_path: Path) -> None:
    model, shape, types = case
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 2
    if isinstance(model, nn.Module):
        make_lively(model, x)
    assert both_ways(model, x, tmp_path) == [types, types]


@pytest.mark.parametrize("masked", [False, True])
def test_attention_in_windows(masked: bool, tmp_path: Path) -> None:
    for types in both_ways(Windows(masked).eval(), torch.randn(1, 8, 8), tmp_path):
        assert types.count("SDPA") == 1
        assert not {"Softmax", "MatMul", "Eltwise"} & {*types}


def test_layers_of_a_table_stay(tmp_path: Path) -> None:
    """They run in int8, which MultiHeadAttention does not."""
    from pytorch2caffe.backends.ncnn.table.table import Table
    from pytorch2caffe.backends.ncnn.table.targets import quantizable
    from pytorch2caffe.backends.ncnn.table.weights import weight_scales

    graph = trace(SelfAttention().eval(), torch.randn(ROWS))
    nodes = quantizable(graph)
    table = Table({node.name: weight_scales(node) for node in nodes}, {node.name: 30.0 for node in nodes})
    files = save_ncnn(graph, tmp_path / "net", table, fold=True)
    assert files.int8 == 2
    assert {"SDPA", "InnerProduct"} <= {op.type for op in files.lines}
