"""A normalization and the Scale that follows it, as one layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...formats.ncnn import Ncnn
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source
from ..elementwise.scale import Scale
from .group_norm import GroupNorm
from .instance_norm import InstanceNorm
from .layer_norm import LayerNorm
from .rms_norm import RMSNorm


@dataclass(frozen=True)
class AffineNorm(Layer):
    """A normalization and the Scale that follows it: one layer in ncnn. Blobs: those of the Scale."""

    type = "AffineNorm"
    norm: Layer
    scale: Scale

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape] | None:
        return [shapes[0]]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        scaled = self.scale.to_torch(shapes, blobs)
        return replace(scaled, expr=scaled.expr.replace("{0}", self.norm.to_torch(shapes, ()).expr))

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        plain = self.norm.to_ncnn(shapes, ())
        rows = [blob.reshape(-1) for blob in blobs]
        if not isinstance(self.norm, RMSNorm) and len(rows) == 1:
            rows.append(np.zeros_like(rows[0]))
        affine_key = 3 if isinstance(self.norm, GroupNorm) else 2
        return replace(plain, params={**plain.params, affine_key: 1}, weights=tuple(rows))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        return net.add(self.scale, net.add(self.norm, *inputs, name="normal"), blobs=blobs)


def affine(norm: Layer, scale: Scale) -> AffineNorm | None:
    """The AffineNorm of two layers, or None if their axes differ or ncnn has no such layer."""
    if isinstance(norm, (LayerNorm, RMSNorm)):
        fits = scale.axis == norm.axis and not (isinstance(norm, RMSNorm) and scale.bias_term)
    else:
        fits = isinstance(norm, (GroupNorm, InstanceNorm)) and scale.axis == 1
    return AffineNorm(norm, scale) if fits else None
