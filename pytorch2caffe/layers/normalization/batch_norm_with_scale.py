"""BatchNorm with a scale and a bias of its own, as NVIDIA's and Intel's forks of Caffe have it."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Value
from .batch_norm import batch_norm

WHAT = "BatchNorm with 5 blobs (mean, variance, factor, scale, bias) is of NVIDIA's or Intel's fork of Caffe"


@from_caffe("BatchNorm", param="batch_norm_param", in_place=True, blobs=5)
def batch_norm_with_scale(net: Builder, node: CaffeNode, x: Value) -> Value:
    """Batch normalization by its statistics, then scale and bias.

    Intel's fork divides the statistics by the factor, NVIDIA's does not, and has an eps of at least 1e-5.
    Source: NVIDIA's fork, batch_norm_layer.cpp; Intel's fork, mkldnn_batch_norm_layer.cpp.
    """
    channels = (x.shape[1],)
    mean, variance, blob, scale, bias = node.weights(channels, channels, (1,), channels, channels)
    param, factor = node.param, float(blob[0])
    eps, by_batch = param.get("eps", 1e-5), not param.get("use_global_stats", True)
    is_nvidia, is_intel = bool(param.get("scale_bias", False)), "use_weight_bias" in param
    if is_nvidia == is_intel and (factor != 1 or eps < 1e-5 or by_batch):
        differs = (
            f"they differ where the factor is not 1 (here {factor:g}), eps is below 1e-5 or the batch is normalized"
        )
        raise Refused(f"{WHAT}; {differs}", "write scale_bias: true for NVIDIA's, use_weight_bias: true for Intel's")
    if is_intel and not (param["use_weight_bias"] and not by_batch):
        raise Refused(
            "BatchNorm of Intel's fork with 5 blobs, and use_weight_bias or use_global_stats: false", "drop it"
        )
    if is_nvidia:
        unit, eps = 1.0, max(eps, 1e-5)
    else:
        unit = 1 / factor if factor else 0.0
    mean, variance = (np.asarray(array) * np.float32(unit) for array in (mean, variance))
    return batch_norm(net, x, mean, variance, np.asarray(scale), np.asarray(bias), eps=eps)
