"""One layer of an LSTM, GRU or plain recurrent network, in one direction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn, Tagged
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..activation.clip import clip
from ..activation.sigmoid import Sigmoid
from ..activation.tanh import TanH
from ..elementwise.eltwise import Eltwise
from ..linear.inner_product import InnerProduct
from ..shape.concat import Concat
from ..shape.slice import slice_at
from .lstm import LSTM

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
RESET_BEFORE = """
def gru_reset_before(x, h, weight_ih, weight_hh, bias_ih=None, bias_hh=None):
    hidden, states = h.shape[2], []
    two = 2 * hidden
    b_rz, b_n = (None, None) if bias_hh is None else (bias_hh[:two], bias_hh[two:])
    for step in F.linear(x, weight_ih, bias_ih):
        r, z = torch.sigmoid(step[:, :two] + F.linear(h[0], weight_hh[:two], b_rz)).split(hidden, 1)
        n = torch.tanh(step[:, two:] + F.linear(r * h[0], weight_hh[two:], b_n))
        h = (n + z * (h[0] - n))[None]
        states.append(h)
    return torch.cat(states), h
"""
FROM_TORCH = [0, 1, 3, 2]  # Caffe's gates i, f, o, g from PyTorch's i, f, g, o


@layer("Recurrent")
class Recurrent(Layer):
    """PyTorch's nn.LSTM, nn.GRU or nn.RNN on [T, N, D] (one direction, one layer), from a given state [1, N, H].

    Inputs: x, h0 (and c0 of an LSTM). Outputs: all h [T, N, H], the last h (and c) [1, N, H].
    Blobs: weight_ih [gates H, D], weight_hh [gates H, H], and their biases if bias.
    reset_after: of a GRU, whether the state is reset after its product with weight_hh, as in PyTorch, or before, as in
    the first version of its paper (arXiv 1406.1078v1) and in ONNX's linear_before_reset=0.
    """

    kind: str
    hidden: int
    bias: bool = True
    nonlinearity: str = "tanh"
    reset_after: bool = True

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        rows = GATES[self.kind] * self.hidden
        return [(rows, shapes[0][2]), (rows, self.hidden), *([(rows,), (rows,)] if self.bias else [])]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        names = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if self.bias else [])]
        parameters = ", ".join(f"{{{name}}}" for name in names)
        tail = f"[{parameters}], {self.bias}, 1, 0.0, False, False, False"
        state = dict(zip(names, blobs, strict=True))
        if not self.reset_after:
            return Source(expr=f"gru_reset_before({{0}}, {{1}}, {parameters})", define=RESET_BEFORE, state=state)
        if self.kind == "LSTM":
            return Source(expr=f"torch.lstm({{0}}, ({{1}}, {{2}}), {tail})", state=state)
        name = "gru" if self.kind == "GRU" else f"rnn_{self.nonlinearity}"
        return Source(expr=f"torch.{name}({{0}}, {{1}}, {tail})", state=state)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn's LSTM, GRU or RNN of one sample [T, D]; its gates are i, f, o, g, or r, z, n."""
        (steps, batch, size), hidden = shapes[0], self.hidden
        if batch != 1:
            raise Refused(f"a batch of {batch}; ncnn accepts one sample at a time", "convert with a batch of 1")
        if self.nonlinearity != "tanh":
            raise Refused(f"ncnn's RNN has no {self.nonlinearity}")
        if not self.reset_after:
            raise Refused("ncnn's GRU resets the state after its product with the weights")
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

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        cont = Value("cont", inputs[0].shape[:2])
        if self.kind == "LSTM" and net.takes(LSTM(self.hidden, expose_hidden=True), inputs[0], cont, *inputs[1:]):
            return self._as_caffe(net, inputs, blobs)
        return self._unrolled(net, inputs, blobs)

    def _as_caffe(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """Caffe's LSTM; its `cont` input is 1 everywhere: one sequence, which starts from the given state."""
        x, h0, c0 = inputs
        steps, batch, _ = x.shape
        w_ih, w_hh, bias = (_reordered(b) for b in (*blobs[:2], _bias(self, blobs)))
        cont = net.constant(np.ones((steps, batch)))
        lstm = LSTM(self.hidden, expose_hidden=True)
        return net.add(lstm, x, cont, h0, c0, blobs=[w_ih, bias, w_hh], name="lstm")

    def _unrolled(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """Step by step; what does not depend on the state is computed for all steps at once."""
        x, *state = inputs
        rows = GATES[self.kind] * self.hidden
        bias_ih: np.ndarray | None = None
        bias_hh: np.ndarray | None = None
        if self.bias and self.kind == "GRU":
            bias_ih, bias_hh = blobs[2:]
        elif self.bias:
            bias_ih = _bias(self, blobs)
        driven = _affine(net, x, blobs[0], bias_ih, rows)
        outputs = []
        parts = slice_at(net, driven, 2, [2 * self.hidden], "x") if self.kind == "GRU" else [driven]
        steps = (slice_at(net, part, 0, range(1, x.shape[0]), "step") for part in parts)
        for step in zip(*steps, strict=True):
            if self.reset_after:
                fed = _affine(net, state[0], blobs[1], bias_hh, rows)
                state = getattr(self, f"_{self.kind.lower()}")(net, step, fed, *state)
            else:
                state = [self._gru_reset_before(net, step, state[0], blobs[1], bias_hh)]
            outputs.append(state[0])
        all_steps = net.add(Concat(0), *outputs, name="steps") if len(outputs) > 1 else outputs[0]
        return [all_steps, *state]

    def _rnn(self, net: Lowering, step: Sequence[Value], fed: Value, h: Value) -> list[Value]:
        total = net.add(Eltwise("SUM"), *step, fed, name="sum")
        return [net.add(TanH(), total, name="h") if self.nonlinearity == "tanh" else clip(net, total, 0.0, None)]

    def _gru(self, net: Lowering, step: Sequence[Value], fed: Value, h: Value) -> list[Value]:
        hidden, (x_rz, x_n) = self.hidden, step
        h_rz, h_n = slice_at(net, fed, 2, [2 * hidden], "h")
        gates = net.add(Sigmoid(), net.add(Eltwise("SUM"), x_rz, h_rz, name="sum"), name="gates")
        r, z = slice_at(net, gates, 2, [hidden], "gate")
        new = net.add(Eltwise("SUM"), x_n, net.add(Eltwise("PROD"), r, h_n, name="reset"), name="sum")
        return [_between(net, h, net.add(TanH(), new, name="new"), z)]

    def _gru_reset_before(
        self, net: Lowering, step: Sequence[Value], h: Value, weight: np.ndarray, bias: np.ndarray | None
    ) -> Value:
        two, (x_rz, x_n) = 2 * self.hidden, step
        fed = _affine(net, h, weight[:two], None if bias is None else bias[:two], two)
        gates = net.add(Sigmoid(), net.add(Eltwise("SUM"), x_rz, fed, name="sum"), name="gates")
        r, z = slice_at(net, gates, 2, [self.hidden], "gate")
        reset = net.add(Eltwise("PROD"), r, h, name="reset")
        h_n = _affine(net, reset, weight[two:], None if bias is None else bias[two:], self.hidden)
        return _between(net, h, net.add(TanH(), net.add(Eltwise("SUM"), x_n, h_n, name="sum"), name="new"), z)

    def _lstm(self, net: Lowering, step: Sequence[Value], fed: Value, h: Value, c: Value) -> list[Value]:
        total = net.add(Eltwise("SUM"), *step, fed, name="sum")
        i, f, g, o = slice_at(net, total, 2, [self.hidden * k for k in (1, 2, 3)], "gate")
        i, f, o = (net.add(Sigmoid(), gate, name="open") for gate in (i, f, o))
        added = net.add(Eltwise("PROD"), i, net.add(TanH(), g, name="new"), name="added")
        c = net.add(Eltwise("SUM"), net.add(Eltwise("PROD"), f, c, name="kept"), added, name="c")
        return [net.add(Eltwise("PROD"), o, net.add(TanH(), c, name="squashed"), name="h"), c]


def _between(net: Builder, h: Value, n: Value, z: Value) -> Value:
    """The next state of a GRU, n + z (h - n)."""
    change = net.add(Eltwise("SUM", (1.0, -1.0)), h, n, name="change")
    return net.add(Eltwise("SUM"), n, net.add(Eltwise("PROD"), z, change, name="kept"), name="h")


def _bias(layer: Recurrent, blobs: Sequence[np.ndarray]) -> np.ndarray:
    """The sum of both biases, or zeros."""
    rows = GATES[layer.kind] * layer.hidden
    return blobs[2] + blobs[3] if layer.bias else np.zeros(rows, np.float32)


def _reordered(blob: np.ndarray) -> np.ndarray:
    """The rows of PyTorch's gates in Caffe's order."""
    return np.concatenate([np.split(blob, 4)[i] for i in FROM_TORCH])


def _affine(net: Builder, x: Value, weight: np.ndarray, bias: np.ndarray | None, rows: int) -> Value:
    blobs = [weight] if bias is None else [weight, bias]
    return net.add(InnerProduct(rows, bias is not None, 2), x, blobs=blobs, name="affine")
