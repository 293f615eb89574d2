"""Caffe's own LSTM layer, as files have it; what PyTorch's nn.LSTM becomes is in test_recurrent.py."""

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe.errors import Refused
from pytorch2caffe.graph.builder import Builder
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.layers.recurrent.lstm import LSTM
from pytorch2caffe.runtime.build import build
from pytorch2caffe.runtime.infer import infer
from pytorch2caffe.verify.runtimes import get

STEPS, BATCH, INPUT, HIDDEN = 5, 2, 3, 4
BLOBS = [
    torch.randn(4 * HIDDEN, INPUT).numpy(),
    torch.randn(4 * HIDDEN).numpy(),
    torch.randn(4 * HIDDEN, HIDDEN).numpy(),
]
CONT = {
    "one sequence": np.array([[0, 0], [1, 1], [1, 1], [1, 1], [1, 1]], np.float32),
    "a new one in the middle": np.array([[0, 0], [1, 1], [0, 1], [1, 1], [1, 0]], np.float32),
    "going on": np.ones((STEPS, BATCH), np.float32),
}


def run_ours(layer, *inputs):
    shapes = [i.shape for i in inputs]
    result = build(layer.to_torch(shapes, BLOBS))(*(torch.as_tensor(i) for i in inputs))
    return result if isinstance(result, tuple) else (result,)


def run_caffe(layer, tmp_path, *inputs):
    """The layer in a file of its own, in real Caffe."""
    from pytorch2caffe import save_caffe

    net = Builder(Graph(), infer)
    names = ["x", "cont", "h", "c"][: len(inputs)]
    values = [net.input(name, array.shape) for name, array in zip(names, inputs, strict=True)]
    outputs = net.add(layer, *values, blobs=BLOBS)
    tops = outputs if isinstance(outputs, list) else [outputs]
    net.graph.outputs = {top.name: top for top in tops}
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(net.graph, *files)
    results = get("caffe").run(*files, dict(zip(names, inputs, strict=True)))
    by_top = {top: array for (_, top), array in results.items()}
    return [by_top[top.name] for top in tops]


@pytest.mark.parametrize("cont", CONT.values(), ids=CONT)
@pytest.mark.parametrize("exposed", [False, True], ids=["plain", "exposed"])
def test_means_what_real_caffe_means(cont, exposed, real_caffe, tmp_path):
    layer = LSTM(HIDDEN, exposed)
    inputs = [np.random.default_rng(0).standard_normal((STEPS, BATCH, INPUT)).astype(np.float32), cont]
    if exposed:
        inputs += [np.full((1, BATCH, HIDDEN), 0.3, np.float32), np.full((1, BATCH, HIDDEN), -0.2, np.float32)]
    for ours, caffes in zip(run_ours(layer, *inputs), run_caffe(layer, tmp_path, *inputs), strict=True):
        np.testing.assert_allclose(ours.numpy(), caffes, rtol=0, atol=2e-6)


def test_is_pytorchs_with_its_gates_in_another_order():
    torchs = nn.LSTM(INPUT, HIDDEN)
    order = [0, 1, 3, 2]  # PyTorch: i, f, g, o; Caffe: i, f, o, g

    def gates(parameter):
        return np.concatenate([parameter.detach().numpy().reshape(4, HIDDEN, -1)[i] for i in order])

    bias = gates(torchs.bias_ih_l0 + torchs.bias_hh_l0)[:, 0]
    blobs = [gates(torchs.weight_ih_l0), bias, gates(torchs.weight_hh_l0)]
    x = torch.randn(STEPS, BATCH, INPUT)
    source = LSTM(HIDDEN).to_torch([x.shape, (STEPS, BATCH)], blobs)
    torch.testing.assert_close(build(source)(x, torch.as_tensor(CONT["one sequence"])), torchs(x)[0])


WIRES = 'layer {{ name: "l" type: "LSTM" {} recurrent_param {{ num_output: 4 {} }} }}'
RANDOM = np.random.default_rng(0)


def test_a_static_input(same_as_caffe):
    wires = 'bottom: "x" bottom: "cont" bottom: "static" top: "h"'
    x, static = RANDOM.standard_normal((STEPS, BATCH, INPUT)), RANDOM.standard_normal((BATCH, 6))
    same_as_caffe(WIRES.format(wires, ""), x=x, cont=CONT["a new one in the middle"], static=static)


def test_a_static_input_and_states(same_as_caffe):
    wires = 'bottom: "x" bottom: "cont" bottom: "static" bottom: "h0" bottom: "c0" top: "h" top: "hT" top: "cT"'
    x, static = RANDOM.standard_normal((STEPS, BATCH, INPUT)), RANDOM.standard_normal((BATCH, 6))
    h0, c0 = RANDOM.standard_normal((2, 1, BATCH, HIDDEN))
    settings = "expose_hidden: true"
    same_as_caffe(WIRES.format(wires, settings), x=x, cont=CONT["going on"], static=static, h0=h0, c0=c0)


def test_too_many_inputs_are_refused():
    with pytest.raises(Refused, match="give x"):
        LSTM(HIDDEN).to_torch([(STEPS, BATCH, INPUT), (STEPS, BATCH), (BATCH, 7), (BATCH, 7)], BLOBS)


def test_blob_shapes():
    assert LSTM(HIDDEN).blob_shapes([(STEPS, BATCH, INPUT)]) == [(16, 3), (16,), (16, 4)]
