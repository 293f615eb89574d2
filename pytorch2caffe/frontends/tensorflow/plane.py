"""Channel order and window sizes: what convolution and pooling share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ...errors import Refused
from .convert import Net
from .node import Tensor, TfNode

Pads = Sequence[tuple[int, int]]


def is_nchw(node: TfNode) -> bool:
    layout = node.text("data_format", "NHWC")
    if layout not in ("NHWC", "NCHW", "NDHWC", ""):
        raise Refused(f"data_format {layout!r}", "use NHWC or NDHWC")
    return layout == "NCHW"


def transposed(net: Net, node: TfNode, x: Tensor, perm: Sequence[int], name: str) -> Tensor:
    before = net.before(x, "Transpose")
    if before is not x and [net.nodes[x.edge].attrs["perm"][axis] for axis in perm] == list(range(len(perm))):
        return replace(before, kind=x.kind)  # the two cancel
    shape = [x.shape[axis] for axis in perm]
    return net.emit("Transpose", node, [x], shape, kind=x.kind, name=name, perm=list(perm))


def channels_last(net: Net, node: TfNode, x: Tensor) -> Tensor:
    return transposed(net, node, x, (0, 2, 3, 1), "/nhwc")


def channels_first(net: Net, node: TfNode, x: Tensor) -> Tensor:
    return transposed(net, node, x, (0, 3, 1, 2), "/nchw")


def in_nhwc(function: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a rule for channels last one for both layouts. Its result, or the first of them, is transposed back."""

    def both(net: Net, node: TfNode, x: Tensor, *more: Tensor, **settings: Any) -> Any:
        if len(x.shape) != 4:
            raise Refused(f"{node.op} of a tensor of {len(x.shape)} axes")
        if not is_nchw(node):
            return function(net, node, x, *more, **settings)
        found = function(net, node, channels_last(net, node, x), *more, **settings)
        if isinstance(found, list):
            return [channels_first(net, node, found[0]), *found[1:]]
        return channels_first(net, node, found)

    both.__name__ = function.__name__
    return both


def in_plane(node: TfNode, sizes: Sequence[int]) -> tuple[int, int]:
    """The numbers for rows and columns, of four in the node's layout."""
    rows, columns = in_space(node, sizes, 2)
    return rows, columns


def in_space(node: TfNode, sizes: Sequence[int], axes: int) -> tuple[int, ...]:
    """The numbers for the two or three spatial axes, of one per axis in the node's layout."""
    if not sizes:
        return (1,) * axes
    if len(sizes) != axes + 2:
        raise Refused(f"{len(sizes)} numbers for the {axes + 2} axes of a tensor")
    space, rest = (sizes[2:], sizes[:2]) if is_nchw(node) else (sizes[1:-1], [sizes[0], sizes[-1]])
    if list(rest) != [1, 1] or min(space) < 1:
        raise Refused(f"steps of {list(sizes)} along batch or channels")
    return tuple(space)


def windows(
    node: TfNode, size: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[list[int], Pads]:
    """The number of windows, and the padding (before, after), per spatial axis: TensorFlow's SAME, VALID, EXPLICIT."""
    padding = node.text("padding")
    explicit = node.integers("explicit_paddings")
    pads, counts = [], []
    for axis in range(len(size)):
        extent = (kernel[axis] - 1) * dilation[axis] + 1
        if padding == "SAME":
            count = -(-size[axis] // stride[axis])
            total = max((count - 1) * stride[axis] + extent - size[axis], 0)
            pads.append((total // 2, total - total // 2))
        elif padding == "VALID":
            pads.append((0, 0))
        elif padding == "EXPLICIT" and len(explicit) == 8:
            begin = 2 * (axis + (2 if is_nchw(node) else 1))
            pads.append((explicit[begin], explicit[begin + 1]))
        else:
            raise Refused(f"padding {padding!r}")
        counts.append((size[axis] + sum(pads[axis]) - extent) // stride[axis] + 1)
        if counts[axis] < 1:
            raise Refused(f"a window of {extent} in {size[axis]} rows or columns", "give a larger --inputShape")
    return counts, pads


def of_all_axes(pads: Pads) -> list[int]:
    """The padding of the spatial axes as the IR writes it: before, for all axes, then after."""
    return [0, *(before for before, _ in pads), 0, 0, *(after for _, after in pads), 0]


def auto_pad(node: TfNode) -> str:
    return {"SAME": "SAME_UPPER", "VALID": "VALID"}.get(node.text("padding"), "NOTSET")
