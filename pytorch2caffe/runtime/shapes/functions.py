"""`torch` and `torch.nn.functional` for tensors of which only the shape is known."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, prod
from types import SimpleNamespace

from ...layers.pooling.windows import torch_window_count
from .tensor import Number, ShapeTensor, require

Size = int | Sequence[int]

# Modes of interpolate: the ranks that they accept.
RANKS = {"linear": {3}, "bilinear": {4}, "bicubic": {4}, "trilinear": {5}} | dict.fromkeys(
    ("nearest", "nearest-exact", "area"), {3, 4, 5}
)


def sizes_of(size: Size, count: int) -> tuple[int, ...]:
    """A size for each of `count` spatial axes."""
    sizes = (size,) * count if isinstance(size, int) else tuple(size)
    require(len(sizes) == count)
    return sizes


def pool2d(
    x: ShapeTensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> ShapeTensor:
    """Pooling of [N, C, H, W]; avg_pool2d has no dilation."""
    require(len(x.shape) == 4)
    kernels, pads, dilations = (sizes_of(size, 2) for size in (kernel_size, padding, dilation))
    strides = sizes_of(kernel_size if stride is None else stride, 2)
    mode = "CEIL" if ceil_mode else "FLOOR"
    axes = list(zip(kernels, strides, pads, dilations, strict=True))
    require(all(min(kernel, stride, dilation) > 0 and 0 <= 2 * pad <= kernel for kernel, stride, pad, dilation in axes))
    spatial = [torch_window_count(size, *axis, mode) for size, axis in zip(x.shape[2:], axes, strict=True)]
    return ShapeTensor((*x.shape[:2], *spatial))


def resized(x: ShapeTensor, size: Size | None, factors: float | Sequence[float] | None, mode: str) -> ShapeTensor:
    """Spatial axes of another size, or of one that is `factors` times as large, rounded down."""
    rank = len(x.shape)
    require(rank in RANKS.get(mode, ()) and (size is None) != (factors is None))
    if size is not None:
        return ShapeTensor((*x.shape[:2], *sizes_of(size, rank - 2)))
    each = (factors,) * (rank - 2) if isinstance(factors, (int, float)) else tuple(factors or ())
    require(len(each) == rank - 2)
    return ShapeTensor((*x.shape[:2], *(floor(n * factor) for n, factor in zip(x.shape[2:], each, strict=True))))


def of_each(x: ShapeTensor) -> ShapeTensor:
    """A function of each element."""
    return x.of_each()


def of_two(a: ShapeTensor | Number, b: ShapeTensor | Number) -> ShapeTensor:
    """A function of the elements of two tensors, or of those of one and a number."""
    if isinstance(a, ShapeTensor):
        return a.broadcast(b)
    require(isinstance(b, ShapeTensor))
    return of_two(b, a)


def full_like(x: ShapeTensor, value: Number) -> ShapeTensor:
    return x.of_each(value)


def cat(tensors: Sequence[ShapeTensor], dim: int) -> ShapeTensor:
    first, *others = tensors
    sizes = [first.shape[first.axis(dim)]]
    for other in others:
        require(len(other.shape) == len(first.shape))
        sizes.append(other.shape[other.axis(dim)])
        require(other.with_size(dim, sizes[0]).shape == first.shape)
    return first.with_size(dim, sum(sizes))


def stack(tensors: Sequence[ShapeTensor], dim: int) -> ShapeTensor:
    require(len({tensor.shape for tensor in tensors}) == 1)
    return cat([tensor.unsqueeze(dim) for tensor in tensors], dim)


def matmul(a: ShapeTensor, b: ShapeTensor) -> ShapeTensor:
    require(min(len(a.shape), len(b.shape)) > 1 and a.shape[-1] == b.shape[-2])
    batch = ShapeTensor(a.shape[:-2]).broadcast(ShapeTensor(b.shape[:-2]))
    return ShapeTensor((*batch.shape, a.shape[-2], b.shape[-1]))


def pad(x: ShapeTensor, pad: Sequence[int], value: Number = 0.0) -> ShapeTensor:
    sizes = list(x.shape)
    require(len(pad) % 2 == 0 and len(pad) <= 2 * len(sizes) and min(pad, default=0) >= 0)
    for index in range(len(pad) // 2):
        sizes[-1 - index] += pad[2 * index] + pad[2 * index + 1]
    return ShapeTensor(sizes)


def linear(x: ShapeTensor, weight: ShapeTensor) -> ShapeTensor:
    require(len(weight.shape) == 2 and len(x.shape) > 0 and x.shape[-1] == weight.shape[1])
    return x.with_size(-1, weight.shape[0])


def embedding(x: ShapeTensor, weight: ShapeTensor) -> ShapeTensor:
    require(len(weight.shape) == 2)
    return ShapeTensor((*x.shape, weight.shape[1]))


def layer_norm(x: ShapeTensor, normalized_shape: Sequence[int], eps: float) -> ShapeTensor:
    require(len(normalized_shape) > 0 and x.shape[-len(normalized_shape) :] == tuple(normalized_shape))
    return x.of_each()


def group_norm(x: ShapeTensor, groups: int, eps: float) -> ShapeTensor:
    require(len(x.shape) > 2 and groups > 0 and x.shape[1] % groups == 0 and prod(x.shape[2:]) > 1)
    return x.of_each()


def instance_norm(x: ShapeTensor, eps: float) -> ShapeTensor:
    require(len(x.shape) > 2 and prod(x.shape[2:]) > 1)
    return x.of_each()


def batch_norm(x: ShapeTensor, mean: None, variance: None, training: bool, eps: float) -> ShapeTensor:
    require(mean is None and variance is None and len(x.shape) > 1 and prod(x.shape) > x.shape[1])
    return x.of_each()


def normalize(x: ShapeTensor, dim: int, eps: float) -> ShapeTensor:
    x.axis(dim)
    return x.of_each()


def channel_shuffle(x: ShapeTensor, groups: int) -> ShapeTensor:
    require(len(x.shape) > 2 and groups > 0 and x.shape[1] % groups == 0)
    return x.of_each()


def interpolate(x: ShapeTensor, size: Size, mode: str, align_corners: bool | None = None) -> ShapeTensor:
    return resized(x, size, None, mode)


OF_EACH = ("abs", "ceil", "cos", "erf", "exp", "expm1", "floor", "log", "log1p", "round", "sigmoid", "sin", "trunc")
OF_TWO = ("atan2", "maximum", "minimum", "pow")

TORCH = SimpleNamespace(
    **dict.fromkeys(OF_EACH, of_each),
    **dict.fromkeys(OF_TWO, of_two),
    sqrt=of_each,
    full_like=full_like,
    cat=cat,
    stack=stack,
    matmul=matmul,
)
FUNCTIONAL = SimpleNamespace(
    avg_pool2d=pool2d,
    pad=pad,
    linear=linear,
    embedding=embedding,
    layer_norm=layer_norm,
    rms_norm=layer_norm,
    group_norm=group_norm,
    instance_norm=instance_norm,
    batch_norm=batch_norm,
    normalize=normalize,
    channel_shuffle=channel_shuffle,
    interpolate=interpolate,
)
