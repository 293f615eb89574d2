"""Functions that no Caffe layer computes. Each is refused with the reason and a fix."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch

REASONS = {
    "tan": ("no Caffe layer computes a tangent", "write x.sin() / x.cos()"),
    "sinh": ("no Caffe layer computes a hyperbolic sine", "write (x.exp() - (-x).exp()) / 2"),
    "cosh": ("no Caffe layer computes a hyperbolic cosine", "write (x.exp() + (-x).exp()) / 2"),
}
NAMES = [f"{home}.{name}" for name in REASONS for home in ("torch", "torch.Tensor")]


def _refuse(name: str) -> Callable[..., Value]:
    reason, fix = REASONS[name.rsplit(".", 1)[-1]]

    def refused(net: Builder, *inputs: Operand, **named: object) -> Value:
        raise Refused(f"{name}: {reason}", fix)

    return from_torch(name)(refused)


for _name in NAMES:
    _refuse(_name)
