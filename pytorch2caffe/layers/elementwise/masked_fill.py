"""masked_fill: one number wherever a mask is true."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Term, Value
from ...graph.registry import from_torch, keeps_masks
from .mask import mask_of
from .where import choose


@from_torch("torch.masked_fill", "torch.Tensor.masked_fill", "torch.Tensor.masked_fill_")
@keeps_masks
def masked_fill(net: Builder, input: Operand, mask: Operand, value: Term) -> Value:
    return choose(net, mask_of(net, mask, "masked_fill"), value, input)
