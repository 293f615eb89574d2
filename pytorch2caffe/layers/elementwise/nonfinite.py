"""IsNaN and IsInf, which Caffe cannot express: of numbers that are known to be finite, they are constants."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import OnnxNode, from_onnx
from .masked_rows import is_finite


@from_onnx("IsNaN", "IsInf")
def is_nan(net: Builder, X: Value, *, detect_negative: int = 1, detect_positive: int = 1, node: OnnxNode) -> np.ndarray:
    """Exporters write `Where(IsNaN(p), 0, p)` after the Softmax of attention, for rows that a mask leaves empty."""
    if net.bounds.producer(X) is None or not is_finite(net, X):
        what = f"{node.op} of numbers that are not known to be finite"
        raise Refused(what, "remove it: a Caffe network does not compute with inf and NaN")
    return np.zeros(X.shape, bool)
