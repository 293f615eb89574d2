"""LSTM, GRU and plain recurrent networks: stacked, in both directions, with initial states."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import Refused
from ..graph import Value
from ..ncnn import Ncnn, Tagged
from ..registry import Layer, Source, from_torch, layer
from .clip import clip
from .concat import Concat
from .eltwise import Eltwise
from .inner_product import InnerProduct
from .linear_map import select_indices
from .lstm import LSTM
from .permute import permute_to
from .reshape import reshape_to
from .sigmoid import Sigmoid
from .slice import slice_at
from .strided_slice import crop
from .tanh import TanH

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
FROM_TORCH = [0, 1, 3, 2]  # Caffe's gates i, f, o, g from PyTorch's i, f, g, o


@layer("Recurrent")
class Recurrent(Layer):
    """PyTorch's nn.LSTM, nn.GRU or nn.RNN on [T, N, D] (one direction, one layer), from a state given as [1, N, H].

    Inputs: x, h0 (and c0 of an LSTM). Outputs: all h [T, N, H], the last h (and c) [1, N, H].
    Blobs: weight_ih [gates H, D], weight_hh [gates H, H], and their biases if bias.
    """

    kind: str
    hidden: int
    bias: bool = True
    nonlinearity: str = "tanh"

    def blob_shapes(self, shapes):
        rows = GATES[self.kind] * self.hidden
        return [(rows, shapes[0][2]), (rows, self.hidden), *([(rows,), (rows,)] if self.bias else [])]

    def to_torch(self, shapes, blobs):
        names = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if self.bias else [])]
        parameters = ", ".join(f"{{{name}}}" for name in names)
        tail = f"[{parameters}], {self.bias}, 1, 0.0, False, False, False"
        state = dict(zip(names, blobs, strict=True))
        if self.kind == "LSTM":
            return Source(expr=f"torch.lstm({{0}}, ({{1}}, {{2}}), {tail})", state=state)
        name = "gru" if self.kind == "GRU" else f"rnn_{self.nonlinearity}"
        return Source(expr=f"torch.{name}({{0}}, {{1}}, {tail})", state=state)

    def to_ncnn(self, shapes, blobs):
        """ncnn's LSTM, GRU or RNN of one sample [T, D]; its gates are i, f, o, g, or r, z, n."""
        (steps, batch, size), hidden = shapes[0], self.hidden
        if batch != 1:
            raise Refused(f"a batch of {batch}; ncnn takes one sample at a time", "convert with a batch of 1")
        if self.nonlinearity != "tanh":
            raise Refused(f"ncnn's RNN has no {self.nonlinearity}")
        w_ih, w_hh, bias = blobs[0], blobs[1], _bias(self, blobs)
        if self.kind == "LSTM":
            w_ih, w_hh, bias = map(_reordered, (w_ih, w_hh, bias))
        if self.kind == "GRU":  # r and z add both biases; n multiplies the state's own by r
            parts = blobs[2:] if self.bias else (np.zeros(3 * hidden, np.float32),) * 2
            bias = np.concatenate([bias[: 2 * hidden], *(part[2 * hidden :] for part in parts)])
        states = ((1, hidden),) * (len(shapes) - 1)
        weights = Tagged(w_ih), Tagged(bias), Tagged(w_hh)
        params = {0: hidden, 1: w_ih.size, 2: 0}
        return Ncnn(self.kind, params, weights, ((steps, size), *states), ((steps, hidden), *states))

    def lower(self, net, inputs, blobs):
        if self.kind == "LSTM" and not net.lacks(LSTM(self.hidden)):
            return self._as_caffe(net, inputs, blobs)
        return self._unrolled(net, inputs, blobs)

    def _as_caffe(self, net, inputs, blobs):
        """Caffe's LSTM; its `cont` input says where sequences go on: everywhere, from the state given."""
        x, h0, c0 = inputs
        steps, batch, _ = x.shape
        w_ih, w_hh, bias = (_reordered(b) for b in (*blobs[:2], _bias(self, blobs)))
        cont = net.constant(np.ones((steps, batch)))
        made = LSTM(self.hidden, expose_hidden=True)
        return net.add(made, x, cont, h0, c0, blobs=[w_ih, bias, w_hh], name="lstm")

    def _unrolled(self, net, inputs, blobs):
        """Step by step; what does not depend on the state is computed for all steps at once."""
        x, *state = inputs
        rows = GATES[self.kind] * self.hidden
        biases = blobs[2:] if self.kind == "GRU" and self.bias else (_bias(self, blobs), None)
        driven = _affine(net, x, blobs[0], biases[0] if self.bias else None, rows)
        outputs = []
        for step in slice_at(net, driven, 0, range(1, x.shape[0]), "step"):
            fed = _affine(net, state[0], blobs[1], biases[1] if self.bias else None, rows)
            state = getattr(self, f"_{self.kind.lower()}")(net, step, fed, *state)
            outputs.append(state[0])
        all_steps = net.add(Concat(0), *outputs, name="steps") if len(outputs) > 1 else outputs[0]
        return [all_steps, *state]

    def _rnn(self, net, step, fed, h):
        total = net.add(Eltwise("SUM"), step, fed, name="sum")
        return [net.add(TanH(), total, name="h") if self.nonlinearity == "tanh" else clip(net, total, 0.0, None)]

    def _gru(self, net, step, fed, h):
        hidden = self.hidden
        x_rz, x_n = slice_at(net, step, 2, [2 * hidden], "x")
        h_rz, h_n = slice_at(net, fed, 2, [2 * hidden], "h")
        gates = net.add(Sigmoid(), net.add(Eltwise("SUM"), x_rz, h_rz, name="sum"), name="gates")
        r, z = slice_at(net, gates, 2, [hidden], "gate")
        new = net.add(Eltwise("SUM"), x_n, net.add(Eltwise("PROD"), r, h_n, name="reset"), name="sum")
        n = net.add(TanH(), new, name="new")
        kept = net.add(Eltwise("PROD"), z, net.add(Eltwise("SUM", (1.0, -1.0)), h, n, name="change"), name="kept")
        return [net.add(Eltwise("SUM"), n, kept, name="h")]

    def _lstm(self, net, step, fed, h, c):
        total = net.add(Eltwise("SUM"), step, fed, name="sum")
        i, f, g, o = slice_at(net, total, 2, [self.hidden * k for k in (1, 2, 3)], "gate")
        i, f, o = (net.add(Sigmoid(), gate, name="open") for gate in (i, f, o))
        added = net.add(Eltwise("PROD"), i, net.add(TanH(), g, name="new"), name="added")
        c = net.add(Eltwise("SUM"), net.add(Eltwise("PROD"), f, c, name="kept"), added, name="c")
        return [net.add(Eltwise("PROD"), o, net.add(TanH(), c, name="squashed"), name="h"), c]


def _bias(layer: Recurrent, blobs: Any) -> np.ndarray:
    rows = GATES[layer.kind] * layer.hidden
    return blobs[2] + blobs[3] if layer.bias else np.zeros(rows, np.float32)


def _reordered(blob):
    return np.concatenate([np.split(blob, 4)[i] for i in FROM_TORCH])


def _affine(net, x, weight, bias, rows):
    return net.add(InnerProduct(rows, bias is not None, 2), x, blobs=[weight] if bias is None else [weight, bias],
                   name="affine")  # fmt: skip


def _run(net, kind, input, state, params, has_biases, num_layers, bidirectional, batch_first, **named):
    """All layers and directions; returns the output and the last states, each [layers * directions, N, H]."""
    per = 4 if has_biases else 2
    directions = 2 if bidirectional else 1
    if len(params) != per * num_layers * directions:
        raise Refused(f"{kind} with projections has no Caffe layer", "use proj_size=0")
    batched = len(input.shape) == 3
    x = input if batched else reshape_to(net, input, (input.shape[0], 1, input.shape[1]))
    x = permute_to(net, x, (1, 0, 2)) if batch_first and batched else x
    state = [_value(net, s if batched else _with_batch(net, s)) for s in state]
    last = []
    for index in range(num_layers):
        outputs = []
        for direction in range(directions):
            cell = index * directions + direction
            blobs = params[cell * per : (cell + 1) * per]
            start = [crop(net, s, {0: (cell, cell + 1)}) for s in state]
            backwards = range(x.shape[0] - 1, -1, -1)
            fed = select_indices(net, x, 0, backwards) if direction else x
            made = Recurrent(kind, blobs[1].shape[1], bool(has_biases), **named)
            y, *ends = net.add(made, fed, *start, blobs=blobs, name=f"l{index}" + ("_reverse" if direction else ""))
            outputs.append(select_indices(net, y, 0, backwards) if direction else y)
            last.append(ends)
        x = net.add(Concat(2), *outputs, name="directions") if directions == 2 else x if not outputs else outputs[0]
    x = permute_to(net, x, (1, 0, 2)) if batch_first and batched else x
    x = x if batched else reshape_to(net, x, (x.shape[0], x.shape[2]))
    ends = [
        net.add(Concat(0), *parts, name="last") if len(parts) > 1 else parts[0] for parts in zip(*last, strict=True)
    ]
    return [x, *(e if batched else reshape_to(net, e, (e.shape[0], e.shape[2])) for e in ends)]


def _value(net, state):
    return state if isinstance(state, Value) else net.constant(state)


def _with_batch(net, state):
    shape = (state.shape[0], 1, state.shape[1])
    return reshape_to(net, state, shape) if isinstance(state, Value) else state.reshape(shape)


def _plain(kind, batch_first):
    if not isinstance(batch_first, bool):
        raise Refused(f"{kind} on packed sequences of different lengths", "feed padded sequences of one length")


@from_torch("torch.lstm", "aten.lstm")
def lstm(net, input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=None):
    _plain("lstm", batch_first)
    return _run(net, "LSTM", input, hx, params, has_biases, num_layers, bidirectional, batch_first)


@from_torch("torch.gru", "aten.gru")
def gru(net, input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=None):
    _plain("gru", batch_first)
    return _run(net, "GRU", input, [hx], params, has_biases, num_layers, bidirectional, batch_first)


@from_torch("torch.rnn_tanh", "aten.rnn_tanh")
def rnn_tanh(net, input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=None):
    _plain("rnn", batch_first)
    return _run(net, "RNN", input, [hx], params, has_biases, num_layers, bidirectional, batch_first)


@from_torch("torch.rnn_relu", "aten.rnn_relu")
def rnn_relu(net, input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=None):
    _plain("rnn", batch_first)
    return _run(
        net, "RNN", input, [hx], params, has_biases, num_layers, bidirectional, batch_first, nonlinearity="relu"
    )


def _cell(net, kind, input, state, weights, **named):
    """One step: a sequence of one."""
    x = reshape_to(net, input, (1, *input.shape))
    state = [_value(net, s if isinstance(s, Value) else s[None]) for s in state]
    state = [reshape_to(net, s, (1, *s.shape[-2:])) for s in state]
    blobs = [w for w in weights if w is not None]
    made = Recurrent(kind, blobs[1].shape[1], len(blobs) == 4, **named)
    _, *ends = net.add(made, x, *state, blobs=blobs)
    return [reshape_to(net, e, e.shape[1:]) for e in ends]


@from_torch("torch.lstm_cell")
def lstm_cell(net, input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    return _cell(net, "LSTM", input, hx, [w_ih, w_hh, b_ih, b_hh])


@from_torch("torch.gru_cell")
def gru_cell(net, input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    return _cell(net, "GRU", input, [hx], [w_ih, w_hh, b_ih, b_hh])[0]


@from_torch("torch.rnn_tanh_cell")
def rnn_tanh_cell(net, input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    return _cell(net, "RNN", input, [hx], [w_ih, w_hh, b_ih, b_hh])[0]


@from_torch("torch.rnn_relu_cell")
def rnn_relu_cell(net, input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    return _cell(net, "RNN", input, [hx], [w_ih, w_hh, b_ih, b_hh], nonlinearity="relu")[0]
