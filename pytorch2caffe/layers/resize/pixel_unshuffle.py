"""torch.pixel_unshuffle: spatial positions become channels."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to


@from_torch("torch.pixel_unshuffle", "torch.nn.functional.pixel_unshuffle")
def pixel_unshuffle(net: Builder, input: Value, downscale_factor: int) -> Value:
    """[..., C, H r, W r] to [..., C r r, H, W]."""
    r, (*lead, channels, height, width) = downscale_factor, input.shape
    x = reshape_to(net, input, (*lead, channels, height // r, r, width // r, r), "split")
    n = len(lead)
    x = permute_to(net, x, [*range(n + 1), n + 2, n + 4, n + 1, n + 3])
    return reshape_to(net, x, (*lead, channels * r**2, height // r, width // r))
