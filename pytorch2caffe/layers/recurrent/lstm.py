"""Caffe's LSTM layer."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..activation.sigmoid import Sigmoid
from ..activation.tanh import TanH
from ..elementwise.binary import Binary
from ..elementwise.eltwise import Eltwise
from ..linear.inner_product import InnerProduct
from ..shape.concat import Concat
from ..shape.reshape import reshape_to
from ..shape.slice import slice_at
from .rnn import unrolled

CODE = '''
def caffe_lstm(x, cont, weight, bias, recurrent, static=None, h=None, c=None):
    """Caffe's LSTM: cont is 0 where a sequence starts. Returns all h, the last h and the last c."""
    h = x.new_zeros(x.shape[1], recurrent.shape[1]) if h is None else h[0]
    c = torch.zeros_like(h) if c is None else c[0]
    driven = F.linear(x.flatten(2), weight, bias)
    driven = driven if static is None else driven + static
    outputs = []
    for x_t, cont_t in zip(driven, cont[:, :, None], strict=True):
        i, f, o, g = (x_t + F.linear(h * cont_t, recurrent)).chunk(4, 1)
        c = c * cont_t * f.sigmoid() + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        outputs.append(h)
    return torch.stack(outputs), h[None], c[None]
'''


@layer("LSTM", param="recurrent_param")
class LSTM(Layer):
    """Bottoms x [T, N, ...] and cont [T, N], optionally a static input [N, ...] that is added at each step, and with
    expose_hidden h0, c0 [1, N, H]. Gates i, f, o, g.

    Top h [T, N, H] (and the last h, c [1, N, H]).
    Blobs: weight [4H, D], bias [4H], (weight of the static input), recurrent weight [4H, H].
    Source: BVLC Caffe, lstm_layer.cpp, lstm_unit_layer.cpp.
    """

    needs_weights = True

    num_output: int
    expose_hidden: bool = False

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        rows, static = 4 * self.num_output, shapes[2 : len(shapes) - 2 * self.expose_hidden]
        inputs = [(rows, prod(s[1:])) for s in static]
        return [(rows, prod(shapes[0][2:])), (rows,), *inputs, (rows, self.num_output)]

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape] | None:
        return [(*shapes[0][:2], self.num_output), *([(1, shapes[0][1], self.num_output)] * 2 * self.expose_hidden)]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return unrolled(self.type, "caffe_lstm", CODE, shapes, blobs, 2 * self.expose_hidden, ("recurrent",))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """For targets without it, step by step: where cont is 0 the state is reset to 0."""
        x, cont, *rest = inputs
        (steps, batch), hidden = x.shape[:2], self.num_output
        static, state = (rest[:-2], rest[-2:]) if self.expose_hidden else (rest, [])
        h, c = state or [net.constant(np.zeros((1, batch, hidden)))] * 2
        weights = [blob.reshape(4 * hidden, -1) for blob in (blobs[0], *blobs[2:])]
        fed = net.add(InnerProduct(4 * hidden, True, 2), x, blobs=[weights[0], blobs[1]], name="fed")
        for value in static:
            term = net.add(InnerProduct(4 * hidden, False, 1), value, blobs=weights[1:2], name="static")
            fed = net.add(Binary("add"), fed, reshape_to(net, term, (1, batch, 4 * hidden), "row"), name="sum")
        continues = reshape_to(net, cont, (steps, batch, 1), "cont")
        outputs = []
        cuts = range(1, steps)
        driven, conts = slice_at(net, fed, 0, cuts, "step"), slice_at(net, continues, 0, cuts, "go")
        for step, cont_t in zip(driven, conts, strict=True):
            h, c = (net.add(Binary("mul"), value, cont_t, name="kept") for value in (h, c))
            own = net.add(InnerProduct(4 * hidden, False, 2), h, blobs=weights[-1:], name="own")
            gates = net.add(Eltwise(), step, own, name="gates")
            i, f, o, g = slice_at(net, gates, 2, [hidden * k for k in (1, 2, 3)], "gate")
            i, f, o = (net.add(Sigmoid(), gate, name="open") for gate in (i, f, o))
            added = net.add(Eltwise("PROD"), i, net.add(TanH(), g, name="new"), name="added")
            c = net.add(Eltwise(), net.add(Eltwise("PROD"), f, c, name="left"), added, name="c")
            h = net.add(Eltwise("PROD"), o, net.add(TanH(), c, name="squashed"), name="h")
            outputs.append(h)
        all_steps = net.add(Concat(0), *outputs, name="steps") if len(outputs) > 1 else h
        return [all_steps, h, c] if self.expose_hidden else all_steps
