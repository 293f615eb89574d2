"""What no Caffe layer computes, said clearly."""

from __future__ import annotations

from ...errors import Refused
from ...graph.registry import from_torch

ROUNDING = "floor ceil round trunc fix frac"
WAVES = "sin cos tan asin acos atan atan2 sinh cosh"
REASONS = {
    **dict.fromkeys(ROUNDING.split(), ("no Caffe layer rounds", "keep the fractions, or round what the network gives")),
    **dict.fromkeys(WAVES.split(), ("no Caffe layer has waves", "compute it from constants, or before the network")),
}
NAMES = [f"{home}.{name}" for name in REASONS for home in ("torch", "torch.Tensor")]


def _refuse(name):
    why, fix = REASONS[name.rsplit(".", 1)[-1]]

    def refused(net, *inputs, **named):
        raise Refused(f"{name}: {why}", fix)

    return from_torch(name)(refused)


for _name in NAMES:
    _refuse(_name)
