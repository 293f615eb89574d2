"""Fake quantization of torch.ao.quantization: refused, or read as ranges of activations and steps of weights."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import nn

from ...errors import Refused
from ...graph.graph import Value
from ...graph.registry import from_torch
from .functions import refusal

PER_TENSOR = "torch.fake_quantize_per_tensor_affine"
_READ: ContextVar[bool] = ContextVar("read", default=False)


@contextmanager
def fake_quantization_read() -> Iterator[None]:
    """A scope in which `trace` reads fake quantization: activations stay float, with the range of their integers.

    Weights are rounded. The scales are those that the modules have, whether fake quantization is on or off.
    """
    token = _READ.set(True)
    try:
        yield
    finally:
        _READ.reset(token)


@contextmanager
def stored_scales(modules: Iterable[nn.Module]) -> Iterator[None]:
    """A scope in which the modules of fake quantization that are to be read use their scales and observe nothing."""
    replaced: list[nn.Module] = []
    if _READ.get() and "torch.ao.quantization.fake_quantize" in sys.modules:
        from torch.ao.quantization.fake_quantize import FakeQuantize

        replaced = [m for m in modules if isinstance(m, FakeQuantize) and "forward" not in vars(m)]
    for module in replaced:
        vars(module)["forward"] = _Quantizer(module)
    try:
        yield
    finally:
        for module in replaced:
            vars(module).pop("forward", None)


class _Quantizer:
    def __init__(self, module: Any) -> None:
        self.module = module

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        module, limits = self.module, (self.module.quant_min, self.module.quant_max)
        scale, zero = module.scale.detach().float(), module.zero_point.detach()
        if module.is_per_channel:
            return torch.fake_quantize_per_channel_affine(x, scale, zero.int(), module.ch_axis, *limits)
        return torch.fake_quantize_per_tensor_affine(x, float(scale.reshape(())), int(zero.reshape(())), *limits)


@from_torch(PER_TENSOR)
def _fake_quantize(net: Any, x: Value, scale: Any, zero_point: Any, quant_min: int, quant_max: int) -> Value:
    """The activation itself, with the largest magnitude that its integers have."""
    if not _READ.get():
        raise Refused(*refusal(PER_TENSOR, "", False))
    step, zero = float(scale), int(zero_point)
    # one more step below 0, as -128 has, is no other range
    low, high = abs(quant_min - zero), abs(quant_max - zero)
    x.int8_range = max(x.int8_range, step * (high if zero == 0 and low == high + 1 else max(low, high)))
    return x
