"""BN: two layers of this name, of SegNet's and of PSPNet's forks of Caffe."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Value
from ..elementwise.scale import Scale
from .batch_norm import batch_norm


@from_caffe("BN", param="bn_param", in_place=True)
def bn(net: Builder, node: CaffeNode, x: Value) -> Value:
    """SegNet's at inference is a Scale: blobs scale and shift, into which the statistics were folded.

    PSPNet's is a batch normalization: blobs slope, bias, mean and variance.
    Source: bn_layer.cpp of caffe-segnet, and of PSPNet's fork.
    """
    mode, eps = node.param.get("bn_mode"), node.param.get("eps", 1e-5)
    count = len(node.blobs) if node.blobs is not None else 2 if mode is not None else 4
    channels = (x.shape[1],)
    if count != 4:
        if mode != "INFERENCE":
            what = "BN of SegNet's fork without bn_mode: INFERENCE normalizes by the statistics of its batch"
            raise Refused(what, "fold them into the weights by SegNet's compute_bn_statistics.py, and use that file")
        scale, shift = node.weights(channels, channels)
        result: Value = net.add(Scale(1, 1, True), x, blobs=[scale, shift])
        return result
    slope, bias, mean, variance = (np.asarray(blob) for blob in node.weights(channels, channels, channels, channels))
    return batch_norm(net, x, mean, variance, slope, bias, eps=eps)
