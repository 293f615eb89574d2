"""Functions of torch that are computed by others: operators of exported programs, and those of prepared quantization.

A program that `run_decompositions` made consists of the operators of Core ATen, some of which have no public name, or
more results than the function of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

DECOMPOSED: dict[str, Callable[..., Any]] = {}  # name -> a function with the same parameters


def _decomposes(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        DECOMPOSED.update(dict.fromkeys(names, function))
        return function

    return register


@_decomposes("aten.convolution")
def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor:
    rank = weight.dim() - 2
    if transposed:
        function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
        return function(input, weight, bias, stride, padding, output_padding, groups, dilation)
    return (F.conv1d, F.conv2d, F.conv3d)[rank - 1](input, weight, bias, stride, padding, dilation, groups)


@_decomposes("aten._native_batch_norm_legit_no_training")
def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor,
    running_var: Tensor,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    y = F.batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    return y, torch.zeros(0), torch.zeros(0)


@_decomposes("aten._native_batch_norm_legit")
def batch_statistics_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, *rest: Any
) -> tuple[Tensor, Tensor, Tensor]:
    """rest: running_mean and running_var, which one of the two forms lacks, then training, momentum, eps."""
    *statistics, training, momentum, eps = rest
    mean, var = statistics or (None, None)
    y = F.batch_norm(input, mean, var, weight, bias, training, momentum, eps)
    return y, torch.zeros(0), torch.zeros(0)


@_decomposes("aten.native_layer_norm")
def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    return F.layer_norm(input, list(normalized_shape), weight, bias, eps), torch.zeros(0), torch.zeros(0)


@_decomposes("aten.native_group_norm")
def group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, n: int, c: int, size: int, group: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    return F.group_norm(input, group, weight, bias, eps), torch.zeros(0), torch.zeros(0)


@_decomposes("aten._softmax", "aten._safe_softmax")
def softmax(input: Tensor, dim: int, half_to_float: bool = False) -> Tensor:
    return F.softmax(input, dim)


@_decomposes("aten._log_softmax")
def log_softmax(input: Tensor, dim: int, half_to_float: bool) -> Tensor:
    return F.log_softmax(input, dim)


@_decomposes("aten.embedding")
def embedding(weight: Tensor, indices: Tensor, *_: Any) -> Tensor:
    return F.embedding(indices, weight)


@_decomposes("aten.adaptive_max_pool2d")
def adaptive_max_pool2d(input: Tensor, output_size: Sequence[int]) -> tuple[Tensor, Tensor]:
    return F.adaptive_max_pool2d(input, tuple(output_size), return_indices=True)


@_decomposes("aten.max_pool2d_with_indices")
def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: list[int],
    stride: list[int] | None = None,
    padding: int | list[int] = 0,
    dilation: int | list[int] = 1,
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    return F.max_pool2d(input, kernel_size, stride or None, padding, dilation, ceil_mode, return_indices=True)


@_decomposes("aten.as_strided")
def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """A reshape, where the result reads the memory of the input in the order of the input's elements."""
    offset = int(input.storage_offset()) if storage_offset is None else storage_offset
    own = _positions(input.shape, input.stride(), int(input.storage_offset()))
    if own.equal(_positions(size, stride, offset)):
        return input.reshape(tuple(size))
    return torch.as_strided(input, size, stride, storage_offset)


def _positions(size: Sequence[int], stride: Sequence[int], offset: int) -> Tensor:
    """The positions in memory of a tensor's elements, in order."""
    positions = torch.full((), offset)
    for length, step in zip(size, stride, strict=True):
        positions = positions.unsqueeze(-1) + torch.arange(length) * step
    return positions.flatten()


@_decomposes("torch.fused_moving_avg_obs_fake_quant")
def fused_moving_avg_obs_fake_quant(
    input: Tensor,
    observer_on: Tensor,
    fake_quant_on: Tensor,
    running_min: Tensor,
    running_max: Tensor,
    scale: Tensor,
    zero_point: Tensor,
    averaging_const: float,
    quant_min: int,
    quant_max: int,
    ch_axis: int,
    per_row_fake_quant: bool = False,
    symmetric_quant: bool = False,
) -> Tensor:
    """Without fake quantization its input: what an observer records changes no result."""
    if not fake_quant_on:
        return input
    return torch.fake_quantize_per_tensor_affine(input, scale, zero_point, quant_min, quant_max)
