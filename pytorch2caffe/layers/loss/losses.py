"""Losses between two tensors, as they are: numbers of their own, the mean, or the sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..activation.clip import clip
from ..elementwise.absval import AbsVal
from ..elementwise.arithmetic import arithmetic
from ..elementwise.power import Power
from ..reduction.reduce import reduce


def _reduced(
    net: Builder,
    x: Value,
    reduction: Any,
    weight: np.ndarray | None = None,
    size_average: Any = None,
    reduce_numbers: Any = None,
) -> Any:
    if weight is not None or size_average is not None or reduce_numbers is not None:
        raise Refused("a loss with weight, size_average or reduce", "give reduction only, and multiply before")
    return x if reduction == "none" else reduce(net, reduction, x, None, False)


def _apart(net: Builder, input: Value, target: Any) -> Any:
    """input - target, each a value or constant."""
    input = input if isinstance(input, Value) else net.constant(input)
    return arithmetic(net, "sub", input, target)


@from_torch("torch.nn.functional.l1_loss", "torch._C._nn.l1_loss")
def l1_loss(
    net: Builder,
    input: Value,
    target: Operand,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Operand | None = None,
) -> Any:
    x = net.add(AbsVal(), _apart(net, input, target), name="apart")
    return _reduced(net, x, reduction, weight, size_average, reduce)


@from_torch("torch.nn.functional.mse_loss", "torch._C._nn.mse_loss")
def mse_loss(
    net: Builder,
    input: Value,
    target: Operand,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Operand | None = None,
) -> Any:
    x = net.add(Power(power=2.0), _apart(net, input, target), name="square")
    return _reduced(net, x, reduction, weight, size_average, reduce)


@from_torch("torch.nn.functional.huber_loss", "torch._C._nn.huber_loss")
def huber_loss(
    net: Builder,
    input: Value,
    target: Operand,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Operand | None = None,
) -> Any:
    """With d = |x - y| and c = min(d, delta): c (d - c / 2)."""
    if delta <= 0:
        raise Refused(f"huber_loss with delta={delta}", "use a positive delta")
    far = net.add(AbsVal(), _apart(net, input, target), name="apart")
    near = clip(net, far, None, delta)
    left = arithmetic(net, "sub", far, net.add(Power(scale=0.5), near, name="half"))
    return _reduced(net, arithmetic(net, "mul", near, left), reduction, weight)


@from_torch("torch.nn.functional.smooth_l1_loss", "torch._C._nn.smooth_l1_loss")
def smooth_l1_loss(
    net: Builder,
    input: Value,
    target: Operand,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Any:
    """Huber's over beta; of beta 0 the absolute difference."""
    if beta == 0:
        return l1_loss(net, input, target, size_average, reduce, reduction)
    x = net.add(Power(scale=1 / beta), huber_loss(net, input, target, "none", beta), name="over_beta")
    return _reduced(net, x, reduction, None, size_average, reduce)
