"""Dropout: nothing at all once training is over."""

from __future__ import annotations

from ...errors import Refused
from ...formats.ncnn import Ncnn
from ...graph.registry import Layer, Source, from_ir, from_torch, layer, number


@layer("Dropout", param="dropout_param")
class Dropout(Layer):
    """The identity at inference; in training drops each number with probability dropout_ratio.

    Source: BVLC Caffe, dropout_layer.cpp.
    """

    elementwise = True

    dropout_ratio: float = 0.5

    def to_torch(self, shapes, blobs):
        return Source(f"nn.Dropout({number(self.dropout_ratio)})")

    def to_ir(self, net, inputs, blobs):
        return net.op("Dropout", *inputs, keep_prob=1 - self.dropout_ratio)

    def to_ncnn(self, shapes, blobs):
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
def dropout(net, input, p=0.5, training=True, inplace=False):
    if training:
        raise Refused("dropout that is on at inference is random", "pass training=self.training")
    return net.add(Dropout(p), input) if 0 < p < 1 else input


@from_ir("Dropout", "Identity", "StopGradient", "CheckNumerics")
def ir_dropout(net, node, input):
    """What does nothing at inference. `keep_prob` is the ratio kept, or dropped, as the file's author would have it."""
    return input
