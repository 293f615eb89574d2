"""What no Caffe layer computes, said clearly."""

from __future__ import annotations

from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch

ROUNDING = "floor ceil round trunc fix frac"
WAVES = "sin cos tan asin acos atan atan2 sinh cosh"
REASONS = {
    **dict.fromkeys(ROUNDING.split(), ("no Caffe layer rounds", "keep the fractions, or round what the network gives")),
    **dict.fromkeys(WAVES.split(), ("no Caffe layer has waves", "compute it from constants, or before the network")),
}
NAMES = [f"{home}.{name}" for name in REASONS for home in ("torch", "torch.Tensor")]


def _refuse(name: str) -> Any:
    why, fix = REASONS[name.rsplit(".", 1)[-1]]

    def refused(net: Builder, *inputs: Value, **named: Any) -> Any:
        raise Refused(f"{name}: {why}", fix)

    return from_torch(name)(refused)


for _name in NAMES:
    _refuse(_name)
