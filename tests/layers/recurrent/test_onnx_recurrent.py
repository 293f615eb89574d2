"""ONNX's LSTM, GRU and RNN against PyTorch's, in both directions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import UnsupportedError, load_onnx, save_caffe
from pytorch2caffe.verify.onnx_model import verify_onnx
from tests.frontends.onnx.nets import array, node, outputs, write

FROM_TORCH = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}


def gates(kind, tensor):
    parts = np.split(tensor.detach().numpy(), len(FROM_TORCH[kind]))
    return np.concatenate([parts[index] for index in FROM_TORCH[kind]])


@pytest.mark.parametrize("kind", FROM_TORCH)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_as_in_pytorch(tmp_path, kind, bidirectional):
    module = getattr(nn, kind)(3, 4, bidirectional=bidirectional)
    x = array(5, 2, 3)
    ends = ["", "_reverse"] if bidirectional else [""]
    weights = {
        short: np.stack([gates(kind, getattr(module, f"weight_{name}_l0{end}")) for end in ends])
        for short, name in (("W", "ih"), ("R", "hh"))
    }
    biases = [[gates(kind, getattr(module, f"bias_{name}_l0{end}")) for name in ("ih", "hh")] for end in ends]
    weights["B"] = np.stack([np.concatenate(both) for both in biases])
    more = {"linear_before_reset": 1} if kind == "GRU" else {}
    each = node(
        kind, "x W R B", "y h", hidden_size=4, direction="bidirectional" if bidirectional else "forward", **more
    )
    graph = load_onnx(write(tmp_path / "net.onnx", [each], x.shape, ["y", "h"], weights))
    y, h = outputs(graph, x)
    with torch.no_grad():
        expected, last = module(torch.from_numpy(x))
    last = last[0] if kind == "LSTM" else last
    joined = y.transpose(0, 2, 1, 3).reshape(5, 2, -1)
    np.testing.assert_allclose(joined, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(h, last, rtol=1e-4, atol=1e-5)


def test_the_reverse_direction_and_a_layout_with_the_batch_first(tmp_path):
    weights = {"W": array(1, 4, 3), "R": array(1, 4, 4)}
    x = array(5, 2, 3)
    forward = node("RNN", "x W R", "y", hidden_size=4)
    backward = node("RNN", "x W R", "y", hidden_size=4, direction="reverse")
    first = node("RNN", "x W R", "y", hidden_size=4, layout=1)
    run = [
        outputs(load_onnx(write(tmp_path / "net.onnx", [each], given.shape, constants=weights)), given)[0]
        for each, given in ((forward, x), (backward, x[::-1]), (first, x.transpose(1, 0, 2)))
    ]
    np.testing.assert_allclose(run[1][::-1], run[0], rtol=1e-5)
    np.testing.assert_allclose(run[2].transpose(1, 2, 0, 3), run[0], rtol=1e-5)


def gru_of_the_specification(x, w, r, b):
    """ONNX, Operators.md, GRU with linear_before_reset = 0: gates z, r, h; one direction, from a state of zeros."""
    hidden = r.shape[-1]
    h, states = np.zeros((x.shape[1], hidden)), []
    (wz, wr, wh), (rz, rr, rh) = np.split(w, 3), np.split(r, 3)
    wbz, wbr, wbh, rbz, rbr, rbh = np.split(b, 6)
    for step in x.astype(np.float64):
        z = 1 / (1 + np.exp(-(step @ wz.T + h @ rz.T + wbz + rbz)))
        reset = 1 / (1 + np.exp(-(step @ wr.T + h @ rr.T + wbr + rbr)))
        new = np.tanh(step @ wh.T + (reset * h) @ rh.T + rbh + wbh)
        h = (1 - z) * new + z * h
        states.append(h)
    return np.stack(states)


def test_a_gru_that_resets_the_state_before_its_product(tmp_path, real_caffe):
    weights = {"W": array(2, 12, 3), "R": array(2, 12, 4), "B": array(2, 24)}
    x = array(5, 2, 3)
    each = node("GRU", "x W R B", "y", hidden_size=4, direction="bidirectional")
    path = write(tmp_path / "net.onnx", [each], x.shape, constants=weights)
    graph = load_onnx(path)
    forward, backward = (
        gru_of_the_specification(given, *(weights[key][index] for key in "WRB"))
        for index, given in enumerate((x, x[::-1]))
    )
    np.testing.assert_allclose(outputs(graph, x)[0], np.stack((forward, backward[::-1]), 1), rtol=1e-4, atol=1e-5)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(graph, *files)
    assert verify_onnx(path, *files, [x], "caffe").equal
    assert real_caffe.networks_run


@pytest.mark.parametrize(
    ("kind", "attributes", "message"),
    [("RNN", {"clip": 1.0}, "clip"), ("RNN", {"activations": ["Elu"]}, "Elu")],
)
def test_what_is_refused(tmp_path, kind, attributes, message):
    weights = {"W": array(1, 4, 3), "R": array(1, 4, 4)}
    each = node(kind, "x W R", "y", hidden_size=4, **attributes)
    with pytest.raises(UnsupportedError, match=message):
        load_onnx(write(tmp_path / "net.onnx", [each], (5, 2, 3), constants=weights))
