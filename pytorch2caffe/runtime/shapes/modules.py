"""`torch.nn` for tensors of which only the shape is known: modules by the shapes of their weights and outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from ...graph.graph import Shape
from .functions import Size, pool2d, resized, sizes_of
from .tensor import Rejected, ShapeTensor, require


@dataclass(frozen=True)
class ShapeModule:
    """A module: its output for an input, and the shapes of its weights by their names."""

    forward: Callable[[ShapeTensor], ShapeTensor]
    weights: dict[str, Shape] = field(default_factory=dict)

    def __call__(self, x: ShapeTensor) -> ShapeTensor:
        return self.forward(x)


def of_each(*settings: Any, **options: Any) -> ShapeModule:
    """A module that applies a function to each element."""
    return ShapeModule(ShapeTensor.of_each)


def along(dim: int) -> ShapeModule:
    """A module that works along an axis."""
    return ShapeModule(lambda x: x.with_size(dim, x.shape[x.axis(dim)]))


def of_channels(channels: int, ranks: Sequence[int], **weights: Shape) -> ShapeModule:
    """A module that keeps the shape, with weights for each channel."""

    def forward(x: ShapeTensor) -> ShapeTensor:
        require(len(x.shape) in ranks and x.shape[1] == channels)
        return x.of_each()

    return ShapeModule(forward, weights)


def batch_norm(ranks: Sequence[int]) -> Callable[..., ShapeModule]:
    """nn.BatchNorm1d, 2d or 3d."""

    def make(channels: int, eps: float = 0.0, affine: bool = True) -> ShapeModule:
        names = ("running_mean", "running_var", *(("weight", "bias") if affine else ()))
        return of_channels(channels, ranks, **dict.fromkeys(names, (channels,)))

    return make


def convolution(count: int, transposed: bool) -> Callable[..., ShapeModule]:
    """nn.Conv1d to 3d, nn.ConvTranspose1d to 3d, of `count` spatial axes."""

    def make(
        channels: int,
        filters: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> ShapeModule:
        kernels, strides, pads, dilations = (sizes_of(s, count) for s in (kernel_size, stride, padding, dilation))
        require(min(groups, channels, filters, *kernels, *strides, *dilations) > 0 and min(pads) >= 0)
        require(channels % groups == 0 and filters % groups == 0)
        axes = list(zip(kernels, strides, pads, dilations, strict=True))

        def window_count(size: int, kernel: int, stride: int, pad: int, dilation: int) -> int:
            if transposed:
                return (size - 1) * stride - 2 * pad + dilation * (kernel - 1) + 1
            return (size + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1

        def forward(x: ShapeTensor) -> ShapeTensor:
            require(len(x.shape) == count + 2 and x.shape[1] == channels)
            sizes = [window_count(size, *axis) for size, axis in zip(x.shape[2:], axes, strict=True)]
            return ShapeTensor((x.shape[0], filters, *sizes))

        first = (channels, filters // groups) if transposed else (filters, channels // groups)
        return ShapeModule(forward, {"weight": (*first, *kernels), **({"bias": (filters,)} if bias else {})})

    return make


def prelu(count: int) -> ShapeModule:
    if count > 1:
        return of_channels(count, range(2, 6), weight=(count,))
    return ShapeModule(ShapeTensor.of_each, {"weight": (1,)})


def local_response_norm(size: int, *settings: float) -> ShapeModule:
    def forward(x: ShapeTensor) -> ShapeTensor:
        require(len(x.shape) > 2)
        return x.of_each()

    return ShapeModule(forward)


def flatten(start_dim: int = 1, end_dim: int = -1) -> ShapeModule:
    return ShapeModule(lambda x: x.flatten(start_dim, end_dim))


def linear(size: int, out: int, bias: bool = True) -> ShapeModule:
    def forward(x: ShapeTensor) -> ShapeTensor:
        require(len(x.shape) > 0)
        if x.shape[-1] != size:
            raise Rejected(f"a last axis of {x.shape[-1]} cannot be multiplied by a weight of {out}x{size}")
        return x.with_size(-1, out)

    return ShapeModule(forward, {"weight": (out, size), **({"bias": (out,)} if bias else {})})


def embedding(rows: int, size: int) -> ShapeModule:
    return ShapeModule(lambda x: ShapeTensor((*x.shape, size)), {"weight": (rows, size)})


def pooling(*settings: Any, **options: Any) -> ShapeModule:
    return ShapeModule(lambda x: pool2d(x, *settings, **options))


def adaptive_pooling(size: Size) -> ShapeModule:
    def forward(x: ShapeTensor) -> ShapeTensor:
        require(len(x.shape) == 4)
        return ShapeTensor((*x.shape[:2], *sizes_of(size, 2)))

    return ShapeModule(forward)


def unfold(kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> ShapeModule:
    kernels = sizes_of(kernel_size, 2)

    def forward(x: ShapeTensor) -> ShapeTensor:
        require(len(x.shape) == 4)
        windows = convolution(2, False)(x.shape[1], 1, kernels, stride, padding, dilation)(x).shape[2:]
        return ShapeTensor((x.shape[0], x.shape[1] * kernels[0] * kernels[1], windows[0] * windows[1]))

    return ShapeModule(forward)


def pixel_shuffle(factor: int) -> ShapeModule:
    def forward(x: ShapeTensor) -> ShapeTensor:
        require(len(x.shape) == 4 and factor > 0 and x.shape[1] % factor**2 == 0)
        n, channels, height, width = x.shape
        return ShapeTensor((n, channels // factor**2, height * factor, width * factor))

    return ShapeModule(forward)


def pixel_unshuffle(factor: int) -> ShapeModule:
    def forward(x: ShapeTensor) -> ShapeTensor:
        require(len(x.shape) == 4 and factor > 0 and x.shape[2] % factor == 0 and x.shape[3] % factor == 0)
        n, channels, height, width = x.shape
        return ShapeTensor((n, channels * factor**2, height // factor, width // factor))

    return ShapeModule(forward)


def upsample(scale_factor: float | Sequence[float], mode: str, align_corners: bool | None = None) -> ShapeModule:
    return ShapeModule(lambda x: resized(x, None, scale_factor, mode))


OF_EACH = (
    *("ReLU", "ReLU6", "LeakyReLU", "ELU", "GELU", "Hardsigmoid", "Hardswish", "Hardtanh", "Mish", "SiLU"),
    *("Sigmoid", "Softplus", "Tanh", "Dropout"),
)

MODULES = SimpleNamespace(
    **dict.fromkeys(OF_EACH, of_each),
    **{f"Conv{count}d": convolution(count, False) for count in (1, 2, 3)},
    **{f"ConvTranspose{count}d": convolution(count, True) for count in (1, 2, 3)},
    **{f"BatchNorm{count}d": batch_norm(ranks) for count, ranks in ((1, (2, 3)), (2, (4,)), (3, (5,)))},
    **dict.fromkeys(("Softmax", "LogSoftmax"), along),
    **dict.fromkeys(("MaxPool2d", "AvgPool2d"), pooling),
    **dict.fromkeys(("AdaptiveMaxPool2d", "AdaptiveAvgPool2d"), adaptive_pooling),
    PReLU=prelu,
    LocalResponseNorm=local_response_norm,
    Flatten=flatten,
    Linear=linear,
    Embedding=embedding,
    Unfold=unfold,
    PixelShuffle=pixel_shuffle,
    PixelUnshuffle=pixel_unshuffle,
    Upsample=upsample,
)
