"""Caffe's own plain recurrent layer."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer

CODE = '''
def caffe_rnn(x, cont, weight, bias, recurrent, out, out_bias, static=None, h=None):
    """Caffe's RNN: cont is 0 where a sequence starts. Returns all outputs and the last hidden state."""
    h = x.new_zeros(x.shape[1], recurrent.shape[1]) if h is None else h[0]
    driven = F.linear(x.flatten(2), weight, bias)
    driven = driven if static is None else driven + static
    outputs = []
    for x_t, cont_t in zip(driven, cont[:, :, None], strict=True):
        h = (x_t + F.linear(h * cont_t, recurrent)).tanh()
        outputs.append(F.linear(h, out, out_bias).tanh())
    return torch.stack(outputs), h[None]
'''


@layer("RNN", param="recurrent_param")
class RNN(Layer):
    """h_t = tanh(W h_(t-1) cont_t + W_x x_t + b), o_t = tanh(W_o h_t + b_o). Bottoms x [T, N, ...], cont [T, N].

    Also, if there, a static input [N, ...] that is added at each step, and with expose_hidden h0 [1, N, H].
    Top o [T, N, H] (and the last h). Blobs: W_x, b, (W_static), W, W_o, b_o.  Source: BVLC Caffe, rnn_layer.cpp.
    """

    needs_weights = True

    num_output: int
    expose_hidden: bool = False

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        rows, static = self.num_output, shapes[2 : len(shapes) - self.expose_hidden]
        return [
            (rows, prod(shapes[0][2:])),
            (rows,),
            *((rows, prod(s[1:])) for s in static),
            (rows, rows),
            (rows, rows),
            (rows,),
        ]

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape] | None:
        return [(*shapes[0][:2], self.num_output), *([(1, shapes[0][1], self.num_output)] * self.expose_hidden)]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return unrolled(self, "caffe_rnn", CODE, shapes, blobs, 1, ("recurrent", "out", "out_bias"))


def unrolled(
    made: Any,
    function: Any,
    code: Any,
    shapes: Sequence[Shape],
    blobs: Sequence[np.ndarray],
    states: Any,
    names: Sequence[str],
) -> Any:
    """The call of a function that steps through a sequence, for the bottoms and blobs that there are."""
    hidden = states if made.expose_hidden else 0
    static = len(shapes) - 2 - hidden
    if static not in (0, 1) or len(shapes[0]) < 2 or shapes[1] != shapes[0][:2]:
        raise Refused(
            f"{made.type} of inputs of shape {list(map(list, shapes))}",
            "give x [T, N, ...] and cont [T, N]" + (", and the states" if hidden else ""),
        )
    names = ["weight", "bias", *(["static"] if static else []), *names]
    state = dict(zip(names, blobs, strict=True))
    arguments = ["{0}", "{1}", *(f"{{{name}}}" for name in names if name != "static")]
    if static:
        arguments.append("static=F.linear({2}.flatten(1), {static})")
    given = range(2 + static, 2 + static + hidden)
    arguments += [f"{name}={{{index}}}" for name, index in zip("hc", given, strict=False)]
    call = f"{function}({', '.join(arguments)})"
    return Source(expr=call if hidden else f"{call}[0]", state=state, define=code)
