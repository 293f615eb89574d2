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

from ...errors import Refused

DECOMPOSED: dict[str, Callable[..., Any]] = {}  # name -> a function with the same parameters


def _decomposes(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        DECOMPOSED.update(dict.fromkeys(names, function))
        return function

    return register


@_decomposes("aten.convolution", "aten._convolution")
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
    *_: bool,  # of cuDNN, in a traced program
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


@_decomposes("aten._native_multi_head_attention")
def native_multi_head_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim: int,
    num_head: int,
    qkv_weight: Tensor,
    qkv_bias: Tensor,
    proj_weight: Tensor,
    proj_bias: Tensor,
    mask: Tensor | None = None,
    need_weights: bool = True,
    average_attn_weights: bool = True,
    mask_type: int | None = None,
) -> tuple[Tensor, Tensor | None]:
    """The fast path of nn.MultiheadAttention(batch_first=True). mask_type: 0 of attention, 1 of padding, 2 of both."""
    if mask_type == 2:
        raise Refused("a mask of attention and one of padding at once", "pass one mask")
    y, weights = F.multi_head_attention_forward(
        query.transpose(0, 1),
        key.transpose(0, 1),
        value.transpose(0, 1),
        embed_dim_to_check=embed_dim,
        num_heads=num_head,
        in_proj_weight=qkv_weight,
        in_proj_bias=qkv_bias,
        bias_k=None,
        bias_v=None,
        add_zero_attn=False,
        dropout_p=0.0,
        out_proj_weight=proj_weight,
        out_proj_bias=proj_bias,
        training=False,
        key_padding_mask=mask if mask_type == 1 else None,
        need_weights=need_weights,
        attn_mask=None if mask_type == 1 else mask,
        average_attn_weights=average_attn_weights,
    )
    return y.transpose(0, 1), weights


@_decomposes("aten._transformer_encoder_layer_fwd")
def transformer_encoder_layer(
    src: Tensor,
    embed_dim: int,
    num_heads: int,
    qkv_weight: Tensor,
    qkv_bias: Tensor,
    proj_weight: Tensor,
    proj_bias: Tensor,
    use_gelu: bool,
    norm_first: bool,
    eps: float,
    norm_weight_1: Tensor,
    norm_bias_1: Tensor,
    norm_weight_2: Tensor,
    norm_bias_2: Tensor,
    ffn_weight_1: Tensor,
    ffn_bias_1: Tensor,
    ffn_weight_2: Tensor,
    ffn_bias_2: Tensor,
    mask: Tensor | None = None,
    mask_type: int | None = None,
) -> Tensor:
    """The fast path of nn.TransformerEncoderLayer(batch_first=True)."""

    def attention(x: Tensor) -> Tensor:
        shared = embed_dim, num_heads, qkv_weight, qkv_bias, proj_weight, proj_bias, mask, False, True, mask_type
        return native_multi_head_attention(x, x, x, *shared)[0]

    def feed_forward(x: Tensor) -> Tensor:
        hidden = F.linear(x, ffn_weight_1, ffn_bias_1)
        return F.linear(F.gelu(hidden) if use_gelu else F.relu(hidden), ffn_weight_2, ffn_bias_2)

    def norm_1(x: Tensor) -> Tensor:
        return F.layer_norm(x, [embed_dim], norm_weight_1, norm_bias_1, eps)

    def norm_2(x: Tensor) -> Tensor:
        return F.layer_norm(x, [embed_dim], norm_weight_2, norm_bias_2, eps)

    if norm_first:
        src = src + attention(norm_1(src))
        return src + feed_forward(norm_2(src))
    src = norm_1(src + attention(src))
    return norm_2(src + feed_forward(src))


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


@_decomposes("torch.nn.functional.one_hot")
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    if num_classes < 0:
        raise Refused("one_hot with as many classes as the greatest number has", "pass num_classes")
    return F.embedding(tensor, torch.eye(num_classes, dtype=torch.int64))
