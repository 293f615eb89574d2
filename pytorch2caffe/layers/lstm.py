"""Caffe's own LSTM."""

from __future__ import annotations

from ..errors import Refused
from ..registry import Layer, Source, layer

CODE = '''
def caffe_lstm(x, cont, weight, bias, recurrent, h=None, c=None):
    """Caffe's LSTM: cont is 0 where a sequence starts. Returns all h, the last h and the last c."""
    h = x.new_zeros(x.shape[1], recurrent.shape[1]) if h is None else h[0]
    c = torch.zeros_like(h) if c is None else c[0]
    outputs = []
    for x_t, cont_t in zip(F.linear(x.flatten(2), weight, bias), cont[:, :, None]):
        i, f, o, g = (x_t + F.linear(h * cont_t, recurrent)).chunk(4, 1)
        c = c * cont_t * f.sigmoid() + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        outputs.append(h)
    return torch.stack(outputs), h[None], c[None]
'''


@layer("LSTM", param="recurrent_param")
class LSTM(Layer):
    """Bottoms x [T, N, ...] and cont [T, N] (with expose_hidden also h0, c0 [1, N, H]); gates i, f, o, g.

    Top h [T, N, H] (and the last h, c [1, N, H]). Blobs: weight [4H, D], bias [4H], recurrent weight [4H, H].
    Source: BVLC Caffe, lstm_layer.cpp, lstm_unit_layer.cpp.
    """

    num_output: int
    expose_hidden: bool = False

    def blob_shapes(self, shapes):
        rows, size = 4 * self.num_output, 1
        for dim in shapes[0][2:]:
            size *= dim
        return [(rows, size), (rows,), (rows, self.num_output)]

    def to_torch(self, shapes, blobs):
        if len(shapes) != (4 if self.expose_hidden else 2):
            raise Refused("LSTM with a static input", "add it to x before")
        state = dict(zip(("weight", "bias", "recurrent"), blobs, strict=True))
        call = "caffe_lstm({0}, {1}, {weight}, {bias}, {recurrent}"
        expr = f"{call}, {{2}}, {{3}})" if self.expose_hidden else f"{call})[0]"
        return Source(expr=expr, state=state, define=CODE)
