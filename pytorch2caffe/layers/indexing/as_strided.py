"""torch.as_strided, which reads memory: refused, with the functions that name axes instead."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch


@from_torch("torch.as_strided", "torch.Tensor.as_strided")
def as_strided(net: Builder, input: Value, *args: object, **kwargs: object) -> Value:
    what = "as_strided reads by positions in memory, which a graph does not have"
    raise Refused(what, "use x.unfold(dim, size, step) for windows, x.diagonal(), x[::2], x.expand() or x.permute()")
