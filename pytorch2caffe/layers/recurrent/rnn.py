"""Caffe's RNN: the plain recurrent layer."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

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

    Optionally a static input [N, ...] that is added at each step, and with expose_hidden h0 [1, N, H].
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
        return unrolled(
            self.type, "caffe_rnn", CODE, shapes, blobs, int(self.expose_hidden), ("recurrent", "out", "out_bias")
        )


def unrolled(
    caffe_type: str,
    function: str,
    code: str,
    shapes: Sequence[Shape],
    blobs: Sequence[np.ndarray],
    states: int,
    names: Sequence[str],
) -> Source:
    """The call of `function`, which `code` defines and which computes a sequence step by step, for the layer's bottoms.

    shapes: of x [T, N, ...], cont [T, N], perhaps a static input [N, ...], then of the initial states.
    states: the number of initial states; if there are any, the last states are outputs too.
    names:  the parameters of `function` that hold the blobs after weight, bias and that of the static input.
    Raises Refused for other bottoms.
    """
    static = len(shapes) - 2 - states
    if static not in (0, 1) or len(shapes[0]) < 2 or shapes[1] != shapes[0][:2]:
        raise Refused(
            f"{caffe_type} of inputs of shape {list(map(list, shapes))}",
            "give x [T, N, ...] and cont [T, N]" + (", and the states" if states else ""),
        )
    names = ["weight", "bias", *(["static"] if static else []), *names]
    state = dict(zip(names, blobs, strict=True))
    arguments = ["{0}", "{1}", *(f"{{{name}}}" for name in names if name != "static")]
    if static:
        arguments.append("static=F.linear({2}.flatten(1), {static})")
    initial = range(2 + static, 2 + static + states)
    arguments += [f"{name}={{{index}}}" for name, index in zip("hc", initial, strict=False)]
    call = f"{function}({', '.join(arguments)})"
    return Source(expr=call if states else f"{call}[0]", state=state, define=code)
