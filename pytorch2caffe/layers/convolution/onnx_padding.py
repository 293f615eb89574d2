"""The padding of ONNX's convolutions and poolings, given or as `auto_pad` asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import Refused

MOST_PAD = 1 << 16
Pads = list[tuple[int, int]]  # per spatial axis, the padding before and after it
Sizes = Sequence[int]


def sizes_of(values: Sizes | None, rank: int, name: str) -> tuple[int, ...]:
    """An attribute with a number per spatial axis, 1 by default. Raises Refused for another length or range."""
    found = tuple(int(v) for v in values) if values is not None else (1,) * rank
    if len(found) != rank or not all(0 < v < MOST_PAD for v in found):
        raise Refused(f"{name} must be {rank} integers above 0, not {list(found)}")
    return found


def pads_of(shape: Sizes, kernel: Sizes, strides: Sizes, dilations: Sizes, pads: Sizes | None, auto_pad: str) -> Pads:
    """The padding of each axis of `shape`, the spatial axes. Source: ONNX, Operators.md, Conv."""
    rank = len(shape)
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        found = []
        for size, k, stride, dilation in zip(shape, kernel, strides, dilations, strict=True):
            total = max((-(-size // stride) - 1) * stride + dilation * (k - 1) + 1 - size, 0)
            small, large = total // 2, total - total // 2
            found.append((small, large) if auto_pad == "SAME_UPPER" else (large, small))
        return found
    if auto_pad not in ("NOTSET", "VALID", ""):
        raise Refused(f"auto_pad {auto_pad!r}", "use SAME_UPPER, SAME_LOWER, VALID or NOTSET")
    if pads is None or auto_pad == "VALID":
        return [(0, 0)] * rank
    if len(pads) != 2 * rank or not all(0 <= p < MOST_PAD for p in pads):
        raise Refused(f"pads must be {2 * rank} integers of at least 0, not {list(pads)}")
    return [(int(pads[axis]), int(pads[axis + rank])) for axis in range(rank)]
