"""Keras' LSTM and GRU, against the equations of its documentation in numpy and against PyTorch's."""

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError, to_torch
from pytorch2caffe.formats.mmdnn.node import IrNode
from pytorch2caffe.frontends.mmdnn.reader import graph_of
from tests.layers.conftest import relative_l2

UNITS, WIDTH, STEPS = 4, 3, 5


def weights(kind, bias_rows=1):
    rng, gates = np.random.default_rng(0), {"lstm": 4, "gru": 3}[kind]
    stored = {
        f"{kind}_weights": rng.normal(size=(WIDTH, gates * UNITS)),
        f"{kind}_recurrent_weights": rng.normal(size=(UNITS, gates * UNITS)),
    }
    if bias_rows:
        bias = rng.normal(size=(bias_rows, gates * UNITS))
        stored[f"{kind}_bias"] = bias if bias_rows > 1 else bias[0]
    return {key: value.astype(np.float32) for key, value in stored.items()}


def run(kind, stored, x, activation="sigmoid", **attrs):
    attrs = {"units": UNITS, "recurrent_activation": activation, **attrs}
    data = IrNode("x", "DataInput", [], {"shape": (-1, STEPS, WIDTH)})
    nodes = [data, IrNode("y", kind.upper(), ["x"], attrs, stored), IrNode("y_activation", "Tanh", ["y"])]
    with torch.no_grad():
        return to_torch(graph_of(nodes))(torch.from_numpy(x)).numpy()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def hard_sigmoid(x):
    return np.clip(0.2 * x + 0.5, 0, 1)


def lstm(stored, x, gate):
    kernel, recurrent, bias = stored.values()
    h = c = np.zeros((len(x), UNITS))
    for t in range(STEPS):
        i, f, g, o = np.split(x[:, t] @ kernel + bias + h @ recurrent, 4, 1)
        c = gate(f) * c + gate(i) * np.tanh(g)
        h = gate(o) * np.tanh(c)
        yield h


def gru(stored, x, gate):
    kernel, recurrent, *rest = stored.values()
    bias, inner = rest[0] if rest and rest[0].ndim == 2 else (rest[0] if rest else 0.0, None)
    h = np.zeros((len(x), UNITS))
    for t in range(STEPS):
        x_z, x_r, x_h = np.split(x[:, t] @ kernel + bias, 3, 1)
        u_z, u_r, u_h = np.split(recurrent, 3, 1)
        b_z, b_r, b_h = np.split(np.zeros(3 * UNITS) if inner is None else inner, 3)
        z, r = gate(x_z + h @ u_z + b_z), gate(x_r + h @ u_r + b_r)
        new = np.tanh(x_h + ((r * h) @ u_h if inner is None else r * (h @ u_h + b_h)))
        h = z * h + (1 - z) * new
        yield h


@pytest.mark.parametrize("gate", [sigmoid, hard_sigmoid])
@pytest.mark.parametrize("kind", [lstm, gru])
def test_keras_equations(kind, gate):
    x, stored = np.random.default_rng(1).normal(size=(2, STEPS, WIDTH)).astype(np.float32), weights(kind.__name__)
    states = np.stack(list(kind(stored, x, gate)), 1)
    assert relative_l2(run(kind.__name__, stored, x, gate.__name__), states[:, -1]) < 1e-5
    for attrs in ({"return_sequences": True}, {"_output_shapes": [(-1, STEPS, UNITS)]}):
        assert relative_l2(run(kind.__name__, stored, x, gate.__name__, **attrs), states) < 1e-5


@pytest.mark.parametrize("rows", [0, 2])
def test_a_gru_without_a_bias_and_with_two(rows):
    x, stored = np.random.default_rng(1).normal(size=(2, STEPS, WIDTH)).astype(np.float32), weights("gru", rows)
    assert relative_l2(run("gru", stored, x), list(gru(stored, x, sigmoid))[-1]) < 1e-5


def test_pytorch_s_lstm_with_its_weights_transposed():
    theirs, x = nn.LSTM(WIDTH, UNITS, batch_first=True), torch.randn(2, STEPS, WIDTH)
    kernel, recurrent, *biases = (parameter.detach().numpy() for parameter in theirs.parameters())
    stored = {"lstm_weights": kernel.T, "lstm_recurrent_weights": recurrent.T, "lstm_bias": sum(biases)}
    with torch.no_grad():
        assert relative_l2(run("lstm", stored, x.numpy(), return_sequences=True), theirs(x)[0].numpy()) < 1e-5


REFUSED = {
    "as MMdnn's Keras parser leaves it": ({}, {"recurrent_activation": "sigmoid"}, "lacks its weights"),
    "gates of an unknown kind": (weights("lstm"), {}, "lacks its attribute 'recurrent_activation'"),
    "gates of a kind of its own": (weights("lstm"), {"recurrent_activation": "relu"}, "use sigmoid or hard_sigmoid"),
    "other units": (weights("lstm"), {"recurrent_activation": "sigmoid", "units": 7}, "of 4 units"),
}


@pytest.mark.parametrize(("stored", "attrs", "what"), REFUSED.values(), ids=REFUSED)
def test_it_refuses(stored, attrs, what):
    nodes = [IrNode("x", "DataInput", [], {"shape": (-1, STEPS, WIDTH)}), IrNode("y", "LSTM", ["x"], attrs, stored)]
    with pytest.raises(ConversionError, match=what):
        graph_of(nodes)
