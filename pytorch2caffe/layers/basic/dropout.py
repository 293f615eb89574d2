"""Dropout: the identity at inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.onnx_rules import OnnxNode, from_onnx
from ...graph.registry import Layer, Source, from_ir, from_torch, layer, number
from ..elementwise.power import Power


@layer("Dropout", param="dropout_param")
class Dropout(Layer):
    """The identity at inference; in training zeroes each element with probability dropout_ratio.

    Source: BVLC Caffe, dropout_layer.cpp.
    """

    elementwise = True

    dropout_ratio: float = 0.5

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        """With scale_train: false, the numbers times 1 - dropout_ratio.

        Source: py-faster-rcnn's fork of Caffe, dropout_layer.cpp, which then does not scale in training.
        """
        ratio = param.get("dropout_ratio", 0.5)
        return cls(ratio) if param.get("scale_train", True) else Power(scale=1 - ratio)

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(f"nn.Dropout({number(self.dropout_ratio)})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        return inputs[0]

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        return net.op("Dropout", *inputs, keep_prob=1 - self.dropout_ratio)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Dropout")


@from_torch(
    "torch.nn.functional.dropout",
    "torch.nn.functional.dropout1d",
    "torch.nn.functional.dropout2d",
    "torch.nn.functional.dropout3d",
    "torch.nn.functional.alpha_dropout",
    "torch.nn.functional.feature_alpha_dropout",
    "torch.dropout",
)
def dropout(net: Builder, input: Value, p: float = 0.5, training: bool = True, inplace: bool = False) -> Value:
    if training and p > 0:
        raise Refused("dropout with training=True is random", "pass training=self.training")
    return net.add(Dropout(p), input) if 0 < p < 1 else input


@from_ir("Dropout", "Identity", "StopGradient", "CheckNumerics")
def ir_dropout(net: Builder, node: IrOperator, input: Value) -> Value:
    """The identity. `keep_prob` is not read: some files give the ratio that is kept, others the one that is dropped."""
    return input


@from_onnx("Dropout")
def onnx_dropout(
    net: Builder,
    data: Value,
    ratio: Any = 0.5,
    training_mode: np.ndarray | None = None,
    *,
    node: OnnxNode,
    seed: int = 0,
    is_test: int = 1,
) -> Any:
    """The identity. A Dropout that trains is refused: it is random."""
    if training_mode is not None and np.any(training_mode) and np.any(ratio):
        raise Refused("Dropout in training is random", "export the network in eval mode")
    return [data, np.ones(data.shape, bool)][: max(node.outputs, 1)]
