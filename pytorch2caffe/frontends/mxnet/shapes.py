"""MXNet's operators on shapes, and reductions. Source: MXNet 1.9, src/operator/tensor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import TORCH
from ...layers.indexing.strided_slice import crop
from ...layers.shape.pad import pad_with
from ...layers.shape.reshape import reshape_to
from .files import Node


def to_rows(net: Builder, x: Value) -> Value:
    """[N, ...] as [N, all the rest]."""
    return x if len(x.shape) == 2 else reshape_to(net, x, (x.shape[0], prod(x.shape[1:])), "rows")


def flatten(net: Builder, node: Node, x: Value) -> Any:
    return TORCH["torch.reshape"](net, x, (x.shape[0], prod(x.shape[1:])))


def reshape(net: Builder, node: Node, x: Value) -> Any:
    """0 copies an axis, -1 is what is left, -2 copies all further axes, -3 joins two, -4 splits one in two."""
    wanted = node.integers("shape")
    node.read |= {"target_shape", "keep_highest"}
    if not wanted or node.flag("reverse"):
        raise Refused("Reshape without a shape, or from the end", "use shape=, without reverse")
    shape: list[int] = []
    left, codes = list(x.shape), list(wanted)
    while codes:
        code = codes.pop(0)
        if code == -2:
            shape, left = shape + left, []
        elif code == -3:
            shape.append(left.pop(0) * left.pop(0))
        elif code == -4:
            size, first, second = left.pop(0), codes.pop(0), codes.pop(0)
            shape += [size // second if first == -1 else first, size // first if second == -1 else second]
        else:
            own = left.pop(0) if left else 1
            shape.append(own if code == 0 else code)
    return TORCH["torch.reshape"](net, x, tuple(shape))


def transpose(net: Builder, node: Node, x: Value) -> Any:
    return TORCH["torch.permute"](net, x, node.integers("axes", tuple(range(len(x.shape)))[::-1]))


def swap_axes(net: Builder, node: Node, x: Value) -> Any:
    return TORCH["torch.transpose"](net, x, node.integer("dim1", 0), node.integer("dim2", 0))


def expand_dims(net: Builder, node: Node, x: Value) -> Any:
    return TORCH["torch.unsqueeze"](net, x, node.integer("axis"))


def squeeze(net: Builder, node: Node, x: Value) -> Any:
    axes = () if node.text("axis", "None") == "None" else node.integers("axis")
    chosen = {axis % len(x.shape) for axis in axes} or {i for i, size in enumerate(x.shape) if size == 1}
    return TORCH["torch.reshape"](net, x, tuple(size for i, size in enumerate(x.shape) if i not in chosen))


def concat(net: Builder, node: Node, *inputs: Any) -> Any:
    return TORCH["torch.cat"](net, inputs, node.integer("dim", 1))


def stack(net: Builder, node: Node, *inputs: Any) -> Any:
    return TORCH["torch.stack"](net, inputs, node.integer("axis", 0))


def split(net: Builder, node: Node, x: Value) -> Any:
    axis, count = node.integer("axis", 1) % len(x.shape), node.integer("num_outputs")
    parts = TORCH["torch.chunk"](net, x, count, axis)
    if node.flag("squeeze_axis"):
        parts = [TORCH["torch.squeeze"](net, part, axis) for part in parts]
    return list(parts)


def slice_axis(net: Builder, node: Node, x: Value) -> Any:
    axis = node.integer("axis") % len(x.shape)
    size = x.shape[axis]
    end = size if node.text("end", "None") == "None" else node.integer("end")
    begin = node.integer("begin")
    return crop(net, x, {axis: (begin + size * (begin < 0), end + size * (end < 0))})


def slice_all(net: Builder, node: Node, x: Value) -> Any:
    """begin and end for the first axes; None for the edge. Steps are refused."""
    if node.text("step", "()").strip("()[] ,") not in ("", "1", "None"):
        raise Refused("slice with a step", "use slice_axis")
    begins, ends = (
        [part.strip() for part in node.text(key).strip("()[]").split(",") if part.strip()] for key in ("begin", "end")
    )
    cuts = {}
    for axis, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        size = x.shape[axis]
        first, last = 0 if begin == "None" else int(begin), size if end == "None" else int(end)
        cuts[axis] = (first + size * (first < 0), min(last + size * (last < 0), size))
    return crop(net, x, cuts)


def slice_like(net: Builder, node: Node, x: Value, like: Value) -> Any:
    axes = node.integers("axes", tuple(range(len(x.shape))))
    return crop(net, x, {axis % len(x.shape): (0, like.shape[axis]) for axis in axes})


def cropped(net: Builder, node: Node, x: Value, like: Value | None = None) -> Any:
    """To the height and width of the second input, or h_w; from `offset` on, or the middle."""
    size = like.shape[2:] if like is not None else node.integers("h_w", (0, 0))
    offset = node.integers("offset", (0, 0))
    if node.flag("center_crop"):
        offset = tuple((own - wanted) // 2 for own, wanted in zip(x.shape[2:], size, strict=True))
    return crop(net, x, {axis + 2: (offset[axis], offset[axis] + size[axis]) for axis in (0, 1)})


def pad(net: Builder, node: Node, x: Value) -> Any:
    mode, widths = node.text("mode"), node.integers("pad_width")
    pairs = {axis: (widths[2 * axis], widths[2 * axis + 1]) for axis in range(len(x.shape))}
    if mode == "constant":
        return pad_with(net, x, pairs, node.number("constant_value", 0.0))
    modes = {"edge": "replicate", "reflect": "reflect"}
    if mode not in modes or any(map(any, (pairs[0], pairs[1]))):
        raise Refused(f"Pad with mode={mode} of samples or channels", "pad the map")
    ends = [end for axis in range(len(x.shape) - 1, 1, -1) for end in pairs[axis]]
    return TORCH["torch.nn.functional.pad"](net, x, ends, modes[mode])


def reduced(function: str, net: Builder, node: Node, x: Value) -> Any:
    rank = len(x.shape)
    text = node.text("axis", "()")
    axes = tuple(range(rank)) if text.strip("() ") in ("", "None") else node.integers("axis")
    if node.flag("exclude"):
        axes = tuple(set(range(rank)) - {axis % rank for axis in axes})
    return TORCH[f"torch.{function}"](net, x, axes, node.flag("keepdims"))


def product(net: Builder, node: Node, a: Any, b: Any) -> Any:
    """A matrix product; of more than two axes (dot) only of matrices."""
    node.read.add("forward_stype")
    if node.op == "dot" and (len(a.shape) > 2 or len(b.shape) > 2):
        raise Refused("dot of more than two axes", "use batch_dot")
    turned = node.flag("transpose_a"), node.flag("transpose_b")
    a, b = (TORCH["torch.transpose"](net, v, -1, -2) if turn else v for v, turn in zip((a, b), turned, strict=True))
    return TORCH["torch.matmul"](net, a, b)


SHAPES: dict[str, Callable[..., Any]] = {
    "Flatten": flatten,
    "flatten": flatten,
    "Reshape": reshape,
    "reshape": reshape,
    "transpose": transpose,
    "SwapAxis": swap_axes,
    "swapaxes": swap_axes,
    "expand_dims": expand_dims,
    "squeeze": squeeze,
    "Concat": concat,
    "concat": concat,
    "stack": stack,
    "SliceChannel": split,
    "split": split,
    "slice_axis": slice_axis,
    "slice": slice_all,
    "crop": slice_all,
    "slice_like": slice_like,
    "Crop": cropped,
    "Pad": pad,
    "pad": pad,
    **{name: partial(reduced, name) for name in ("mean", "sum")},
    "sum_axis": partial(reduced, "sum"),
    "max": partial(reduced, "amax"),
    "min": partial(reduced, "amin"),
    "dot": product,
    "batch_dot": product,
}
