"""Dropout: nothing at all once training is over."""

from __future__ import annotations

from ..errors import Refused
from ..registry import Layer, Source, from_torch, layer, number


@layer("Dropout", param="dropout_param")
class Dropout(Layer):
    """The identity at inference; in training drops each number with probability dropout_ratio.

    Source: BVLC Caffe, dropout_layer.cpp.
    """

    dropout_ratio: float = 0.5

    def to_torch(self, shapes, blobs):
        return Source(f"nn.Dropout({number(self.dropout_ratio)})")


@from_torch(
    "torch.nn.functional.dropout", "torch.nn.functional.dropout1d", "torch.nn.functional.dropout2d",
    "torch.nn.functional.dropout3d", "torch.nn.functional.alpha_dropout",
    "torch.nn.functional.feature_alpha_dropout", "torch.dropout",
)  # fmt: skip
def dropout(net, input, p=0.5, training=True, inplace=False):
    if training:
        raise Refused("dropout that is on at inference is random", "pass training=self.training")
    return net.add(Dropout(p), input) if 0 < p < 1 else input
