"""PyTorch's pooling over one to three axes, as Pooling layers, which pool two axes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import pair
from ..indexing.strided_slice import crop_space
from ..shape.reshape import drop_batch, reshape_to, with_batch
from .pooling import Pooling
from .windows import torch_count


def stride_of(kernel: Any, stride: Any, rank: int = 2) -> Any:
    """PyTorch's stride of a pooling, the kernel where none is given."""
    return pair(kernel if stride is None or isinstance(stride, (tuple, list)) and not stride else stride, rank)


def pool(
    net: Builder,
    input: Value,
    method: str,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: Any,
    dilation: int = 1,
    **named: Any,
) -> Value:
    """PyTorch's pooling as one layer; as a plain Caffe one where rounding up and down are the same."""
    x, added = with_batch(net, 2, input)
    (kh, kw), (ph, pw), (dh, dw) = pair(kernel_size), pair(padding), pair(dilation)
    sh, sw = stride_of(kernel_size, stride)
    made = Pooling(method, kh, kw, sh, sw, ph, pw, round_mode="FLOOR", dilation_h=dh, dilation_w=dw, **named)
    want = tuple(
        torch_count(size, *axis, "CEIL" if ceil_mode else "FLOOR")
        for size, axis in zip(x.shape[2:], made.axes, strict=True)
    )
    for mode in ("CEIL", "FLOOR"):
        if made.sizes(x.shape, mode) == want:
            return drop_batch(net, net.add(replace(made, round_mode=mode), x), added)
    y = crop_space(net, net.add(replace(made, round_mode="CEIL"), x), want)  # a window cut off
    return drop_batch(net, y, added)


def as_rows(net: Builder, input: Value) -> Any:
    """[N, C, L] as [N, C, 1, L], and back, with or without a batch."""
    x = reshape_to(net, input, (*input.shape[:-1], 1, input.shape[-1]), "row")
    return x, lambda y: reshape_to(net, y, (*y.shape[:-2], y.shape[-1]))


def pool1d(
    net: Builder,
    input: Value,
    method: str,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil_mode: Any,
    dilation: int = 1,
    **named: Any,
) -> Value:
    x, back = as_rows(net, input)
    (k,), (s,), (p,), (d,) = pair(kernel, 1), stride_of(kernel, stride, 1), pair(padding, 1), pair(dilation, 1)
    return back(pool(net, x, method, (1, k), (1, s), (0, p), ceil_mode, (1, d), **named))


def pool3d(
    net: Builder,
    input: Value,
    method: str,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil_mode: Any,
    dilation: int = 1,
    **named: Any,
) -> Value:
    """The last two axes, each depth a channel; then the depth, the picture's rows in one."""
    x, added = with_batch(net, 3, input)
    k, s, p, d = pair(kernel, 3), stride_of(kernel, stride, 3), pair(padding, 3), pair(dilation, 3)
    n, c, depth, *space = x.shape
    x = reshape_to(net, x, (n, c * depth, *space), "pictures")
    x = pool(net, x, method, k[1:], s[1:], p[1:], ceil_mode, d[1:], **named)
    space = x.shape[2:]
    x = reshape_to(net, x, (n, c, depth, space[0] * space[1]), "columns")
    x = pool(net, x, method, (k[0], 1), (s[0], 1), (p[0], 0), ceil_mode, (d[0], 1), **named)
    return drop_batch(net, reshape_to(net, x, (n, c, x.shape[2], *space), "volume"), added)
