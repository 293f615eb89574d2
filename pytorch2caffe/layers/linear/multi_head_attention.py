"""MultiHeadAttention: attention with its four linear layers, as ncnn has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod, sqrt

import numpy as np

from ...formats.ncnn import Ncnn, Tagged
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, number

BLOBS = ("q_weight", "q_bias", "k_weight", "k_bias", "v_weight", "v_bias", "out_weight", "out_bias")


@dataclass(frozen=True)
class MultiHeadAttention(Layer):
    """out(softmax(scale * q(query) k(key)^T) v(value)) for each head, of one sample.

    Inputs: query [..., T, C], key [..., S, K], value [..., S, V], or one for all three; the leading axes are 1.
    Output: as the query. Blobs: weight and bias of q [E, C], k [E, K], v [E, V] and out [C, E].
    """

    type = "MultiHeadAttention"
    needs_weights = True

    heads: int
    scale: float

    def multiply_adds(self, inputs: Sequence[Shape], outputs: Sequence[Shape], blobs: Sequence[np.ndarray]) -> int:
        targets, sources = (prod(shape[:-1]) for shape in (inputs[0], inputs[-1]))
        q, k, v, out = (blob.size for blob in blobs[::2])
        return targets * (q + out) + sources * (k + v) + 2 * targets * sources * len(blobs[1])

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape] | None:
        return [shapes[0]]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        inputs = [0, 1, 2] if len(shapes) == 3 else [0] * 3
        heads = ", ".join(
            f"F.linear({{{index}}}.flatten(0, -2), {{{name}_weight}}, {{{name}_bias}})"
            f".unflatten(1, ({self.heads}, -1)).transpose(0, 1)[None]"
            for index, name in zip(inputs, "qkv", strict=True)
        )
        rows = f"F.scaled_dot_product_attention({heads}, scale={number(self.scale)})[0].transpose(0, 1).flatten(1)"
        call = f"F.linear({rows}, {{out_weight}}, {{out_bias}}).reshape({tuple(shapes[0])})"
        return Source(expr=call, state=dict(zip(BLOBS, blobs, strict=True)))

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """Source: ncnn, src/layer/multiheadattention.cpp. The scale is written where it is not the usual one."""
        rows = tuple((prod(shape[:-1]), shape[-1]) for shape in shapes)
        embed = len(blobs[1])
        params = {0: embed, 1: self.heads, 2: blobs[0].size, 3: blobs[2].shape[1], 4: blobs[4].shape[1]}
        if np.float32(self.scale) != np.float32(1 / sqrt(embed // self.heads)):
            params[6] = self.scale  # type: ignore[assignment]
        weights = tuple(blob if index % 2 else Tagged(blob) for index, blob in enumerate(blobs))
        return Ncnn("MultiHeadAttention", params, weights, rows, (rows[0],))
