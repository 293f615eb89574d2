"""Convolution and pooling over three spatial axes, channels last."""

from __future__ import annotations

from typing import Any

from ...errors import Refused
from .convert import Net, rule
from .node import Tensor, TfNode, constant_of
from .plane import Pads, auto_pad, in_space, is_nchw, of_all_axes, windows
from .rules_arrays import reshaped


@rule("Conv3D")
def conv3d(net: Net, node: TfNode, x: Tensor, kernel: Tensor) -> Tensor:
    _check(node, x)
    stride, dilation = (in_space(node, node.integers(key), 3) for key in ("strides", "dilations"))
    *window, inputs, outputs = kernel.shape
    if inputs < 1 or x.shape[4] % inputs or outputs % (x.shape[4] // inputs):
        raise Refused(f"a kernel of shape {list(kernel.shape)} for {x.shape[4]} channels")
    counts, pads = windows(node, x.shape[1:4], window, stride, dilation)
    attrs: dict[str, Any] = {
        "kernel_shape": [*window, x.shape[4], outputs],
        "strides": [1, *stride, 1],
        "pads": of_all_axes(pads),
        "auto_pad": auto_pad(node),
        "use_bias": False,
    }
    if x.shape[4] > inputs:
        attrs["group"] = x.shape[4] // inputs
    if dilation != (1, 1, 1):
        attrs["dilations"] = [1, *dilation, 1]
    weights = {"weights": constant_of(kernel)}
    return net.emit("Conv", node, [x], (x.shape[0], *counts, outputs), weights=weights, **attrs)


@rule("MaxPool3D", "AvgPool3D")
def pool3d(net: Net, node: TfNode, x: Tensor) -> Tensor:
    """Columns first, then depth and rows: a maximum of maxima, a mean of means."""
    _check(node, x)
    window, stride = (in_space(node, node.integers(key), 3) for key in ("ksize", "strides"))
    (depth, rows, columns), pads = windows(node, x.shape[1:4], window, stride, (1, 1, 1))
    n, d, h, w, c = x.shape

    def pooled(y: Tensor, shape: tuple[int, ...], window: Any, stride: Any, pads: Pads, name: str) -> Tensor:
        attrs: dict[str, Any] = {
            "pooling_type": "AVG" if node.op == "AvgPool3D" else "MAX",
            "kernel_shape": [1, *window, 1],
            "strides": [1, *stride, 1],
            "pads": of_all_axes(pads),
            "auto_pad": auto_pad(node),
        }
        return net.emit("Pool", node, [y], shape, name=name, **attrs)

    y = reshaped(net, node, x, (n, d * h, w, c), "/pictures")
    y = pooled(y, (n, d * h, columns, c), (1, window[2]), (1, stride[2]), ((0, 0), pads[2]), "/columns")
    y = reshaped(net, node, y, (n, d, h, columns * c), "/planes")
    y = pooled(y, (n, depth, rows, columns * c), window[:2], stride[:2], pads[:2], "/rows")
    return reshaped(net, node, y, (n, depth, rows, columns, c))


def _check(node: TfNode, x: Tensor) -> None:
    if len(x.shape) != 5 or is_nchw(node):
        raise Refused(f"{node.op} of a tensor of {len(x.shape)} axes", "use five axes, channels last")
