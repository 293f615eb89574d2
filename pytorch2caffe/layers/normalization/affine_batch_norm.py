"""Batch normalization and the Scale that follows it, as one layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...graph.graph import Shape
from ...graph.registry import Layer, Source
from .batch_norm import batch_norm_module, batch_norm_operator


@dataclass(frozen=True)
class AffineBatchNorm(Layer):
    """BatchNorm and the Scale that follows it: one module in PyTorch. Blobs: BatchNorm's, then Scale's."""

    type = "BatchNorm"
    eps: float = 1e-5
    bias_term: bool = True

    def may_be_overwritten(self, inputs: int) -> bool:
        return True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        source = batch_norm_module(shapes[0], self.eps, blobs[:3], affine=True)
        source.state["weight"] = blobs[3]
        source.state["bias"] = blobs[4] if self.bias_term else np.broadcast_to(np.float32(0), blobs[3].shape)
        return source

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        return batch_norm_operator(net, inputs[0], self.eps, blobs)
