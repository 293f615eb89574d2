"""Functions that no Caffe layer computes: rounding and trigonometry. Each is refused with the reason and a fix."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch

ROUNDING = "floor ceil round trunc fix frac"
TRIGONOMETRIC = "sin cos tan asin acos atan atan2 sinh cosh"
REASONS = {
    **dict.fromkeys(ROUNDING.split(), ("no Caffe layer rounds", "keep the fractions, or round the network's output")),
    **dict.fromkeys(
        TRIGONOMETRIC.split(), ("no Caffe layer is trigonometric", "compute it from constants, or before the network")
    ),
}
NAMES = [f"{home}.{name}" for name in REASONS for home in ("torch", "torch.Tensor")]


def _refuse(name: str) -> Callable[..., Value]:
    reason, fix = REASONS[name.rsplit(".", 1)[-1]]

    def refused(net: Builder, *inputs: Operand, **named: object) -> Value:
        raise Refused(f"{name}: {reason}", fix)

    return from_torch(name)(refused)


for _name in NAMES:
    _refuse(_name)
