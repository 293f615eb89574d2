"""Operators that move numbers: reshape, transpose, slices, joins, padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from .convert import Net, rule
from .fold_arrays import few, part_sizes, slices
from .node import DEPENDS_ON_BATCH, Tensor, TfNode, ir_dims
from .rules_math import axis_of

MOST_RUNS = 1024  # of adjacent entries, in a gather


@rule("Reshape")
def reshape(net: Net, node: TfNode, x: Tensor, shape: Tensor) -> Tensor:
    return reshaped(net, node, x, shape.integers())


def reshaped(net: Net, node: TfNode, x: Tensor, wanted: Sequence[int], name: str = "") -> Tensor:
    """A tensor in another shape, one size of which may be -1: what is left."""
    total = int(np.prod(x.shape, dtype=object))
    known = int(np.prod([size for size in wanted if size != -1], dtype=object))
    open_ = [index for index, size in enumerate(wanted) if size == -1]
    if len(open_) > 1 or min(wanted, default=1) < -1 or not known or total % known or not open_ and total != known:
        shown = [list(ir_dims(x.shape)), [-1 if size >= DEPENDS_ON_BATCH else size for size in wanted]]
        raise Refused(f"a reshape from {shown[0]} to {shown[1]}", "is the --inputShape right?")
    found = tuple(total // known if size == -1 else size for size in wanted)
    x = net.before(x, "Reshape")
    if found == x.shape:
        return x
    return net.emit("Reshape", node, [x], found, kind=x.kind, name=name, shape=list(ir_dims(found)))


@rule("Squeeze")
def squeeze(net: Net, node: TfNode, x: Tensor) -> Tensor:
    rank = len(x.shape)
    axes = sorted({axis_of(axis, rank) for axis in node.integers("squeeze_dims")})
    axes = axes or [axis for axis, size in enumerate(x.shape) if size == 1]
    if any(x.shape[axis] != 1 for axis in axes):
        raise Refused(f"a squeeze of axes {axes} of shape {list(ir_dims(x.shape))}", "is the --inputShape right?")
    shape = [size for axis, size in enumerate(x.shape) if axis not in axes]
    return net.emit("Squeeze", node, [x], shape, kind=x.kind, axes=axes) if axes else x


@rule("ExpandDims")
def expand_dims(net: Net, node: TfNode, x: Tensor, axis: Tensor) -> Tensor:
    return unsqueezed(net, node, x, axis_of(axis.integer(), len(x.shape) + 1))


def unsqueezed(net: Net, node: TfNode, x: Tensor, axis: int, name: str = "") -> Tensor:
    shape = [*x.shape[:axis], 1, *x.shape[axis:]]
    return net.emit("Unsqueeze", node, [x], shape, kind=x.kind, name=name, axes=[axis])


@rule("Transpose")
def transpose(net: Net, node: TfNode, x: Tensor, perm: Tensor) -> Tensor:
    order = perm.integers()
    if sorted(order) != list(range(len(x.shape))):
        raise Refused(f"axes in the order {order} of a tensor of {len(x.shape)}")
    if order == sorted(order):
        return x
    shape = [x.shape[axis] for axis in order]
    if (stack := net.nodes.get(x.edge)) is not None and stack.op == "Pack":
        others = [axis for axis in order if axis != stack.attrs["axis"]]
        parts = [net.data[edge] for edge in stack.inputs if edge in net.data]
        if others == sorted(others) and len(parts) == len(stack.inputs):  # a stack along another axis
            axis = order.index(stack.attrs["axis"])
            return net.emit("Pack", node, parts, shape, kind=x.kind, axis=axis, N=len(parts))
    of_input = order == [0, 2, 3, 1] and x.edge in net.nodes and net.nodes[x.edge].op == "DataInput"
    name = "/nhwc" if of_input else ""  # so that keep_channels_first knows it
    return net.emit("Transpose", node, [x], shape, kind=x.kind, name=name, perm=order)


@rule("ConcatV2", "Concat")
def concat(net: Net, node: TfNode, *inputs: Tensor) -> Tensor:
    *parts, last = inputs if node.op == "ConcatV2" else (*inputs[1:], inputs[0])
    parts = [part for part in parts if 0 not in part.shape]
    axis = axis_of(last.integer(), len(parts[0].shape))
    others = {(*part.shape[:axis], *part.shape[axis + 1 :]) for part in parts}
    if len(others) != 1:
        raise Refused(f"parts of shapes {[list(ir_dims(part.shape)) for part in parts]} along axis {axis}")
    if len(parts) == 1:
        return parts[0]
    shape = list(parts[0].shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    return net.emit("Concat", node, parts, shape, kind=parts[0].kind, axis=axis)


@rule("Pack")
def pack(net: Net, node: TfNode, *inputs: Tensor) -> Tensor:
    axis = axis_of(node.integer("axis"), len(inputs[0].shape) + 1)
    if len({x.shape for x in inputs}) != 1:
        raise Refused("a stack of tensors of different shapes")
    shape = [*inputs[0].shape[:axis], len(inputs), *inputs[0].shape[axis:]]
    return net.emit("Pack", node, inputs, shape, kind=inputs[0].kind, axis=axis, N=len(inputs))


@rule("Unpack")
def unpack(net: Net, node: TfNode, x: Tensor, axis: int | None = None) -> list[Tensor]:
    axis = axis_of(node.integer("axis") if axis is None else axis, len(x.shape))
    shape = [*x.shape[:axis], *x.shape[axis + 1 :]]
    few(x.shape[axis])
    return net.emit("Unstack", node, [x], *[shape] * x.shape[axis], kind=x.kind, axis=axis, num=x.shape[axis])


@rule("Split")
def split(net: Net, node: TfNode, axis: Tensor, x: Tensor) -> list[Tensor]:
    along, count = axis_of(axis.integer(), len(x.shape)), few(node.integer("num_split"))
    if x.shape[along] % count or x.shape[along] >= DEPENDS_ON_BATCH:
        raise Refused(f"a split of {list(ir_dims(x.shape))} into {count} along axis {along}")
    if count == 1:
        return [x]
    shape = [size // count if index == along else size for index, size in enumerate(x.shape)]
    return net.emit("Split", node, [x], *[shape] * count, kind=x.kind, axis=along, split=count)


@rule("SplitV")
def split_at(net: Net, node: TfNode, x: Tensor, sizes: Tensor, axis: Tensor) -> list[Tensor]:
    along = axis_of(axis.integer(), len(x.shape))
    found, begin = [], 0
    for index, size in enumerate(part_sizes(sizes.integers()[: few(sizes.shape[0])], x.shape[along])):
        ranges = [(0, n) for n in x.shape]
        ranges[along] = (begin, begin + size)
        found.append(sliced(net, node, x, [(*r, 1) for r in ranges], (), f"/{index}"))
        begin += size
    return found


# ---- slices -------------------------------------------------------------------------------------------------------


@rule("Slice")
def cut(net: Net, node: TfNode, x: Tensor, begin: Tensor, size: Tensor) -> Tensor:
    pairs = list(zip(begin.integers(), size.integers(), x.shape, strict=True))
    return sliced(net, node, x, [(b, total if s == -1 else b + s, 1) for b, s, total in pairs], ())


@rule("StridedSlice")
def strided_slice(net: Net, node: TfNode, x: Tensor, begin: Tensor, end: Tensor, strides: Tensor) -> Tensor:
    index = slices(node, begin.integers(), end.integers(), strides.integers())
    if index.count(Ellipsis) > 1:
        raise Refused("two ellipses in one slice")
    left = len(x.shape) - sum(entry is not None and entry is not Ellipsis for entry in index)
    if Ellipsis not in index:
        index.append(Ellipsis)
    at = index.index(Ellipsis)
    index[at : at + 1] = [slice(None)] * left
    ranges: list[tuple[int, int, int]] = []
    shrunk, new, position = [], [], 0
    for entry in index:
        size = x.shape[len(ranges)] if len(ranges) < len(x.shape) else 0
        if entry is None:
            new.append(position)
            position += 1
        elif isinstance(entry, slice):
            ranges.append(entry.indices(size))
            position += 1
        else:
            if not -size <= entry < size or entry < 0 and size >= DEPENDS_ON_BATCH:
                raise Refused(f"entry {entry} of an axis of {size}")
            shrunk.append(len(ranges))
            ranges.append((entry % size, entry % size + 1, 1))
    found = sliced(net, node, x, ranges, shrunk)
    for axis in new:
        found = unsqueezed(net, node, found, axis, f"/new_{axis}")
    return found


def sliced(
    net: Net, node: TfNode, x: Tensor, ranges: Sequence[tuple[int, int, int]], shrunk: Sequence[int], name: str = ""
) -> Tensor:
    """The parts of each axis from start to stop in steps; the axes in `shrunk` are dropped."""
    if len(ranges) != len(x.shape):
        raise Refused(f"a slice of {len(ranges)} axes of a tensor of {len(x.shape)}")
    for axis, (start, stop, step) in enumerate(ranges):
        if step < 0:
            if x.shape[axis] >= DEPENDS_ON_BATCH:
                raise Refused("a slice that reverses the batch")
            x = gathered(net, node, x, list(range(start, stop, step)), axis, f"{name}/reverse_{axis}")
    ranges = [(0, x.shape[axis], 1) if r[2] < 0 else r for axis, r in enumerate(ranges)]
    counts = [max(0, -(-(stop - start) // step)) for start, stop, step in ranges]
    if not all(counts) or any(stop > size or start < 0 for (start, stop, _), size in zip(ranges, x.shape, strict=True)):
        raise Refused(f"a slice {list(ranges)} of shape {list(x.shape)}", "is the --inputShape right?")
    if tuple(counts) == x.shape and not shrunk:
        return x
    whole = sum(1 << axis for axis, count in enumerate(counts) if count == x.shape[axis] and axis not in shrunk)
    fixed = [max(count, r[0]) for count, r in zip(counts, ranges, strict=True)]
    if any(size >= DEPENDS_ON_BATCH and not whole >> axis & 1 for axis, size in enumerate(fixed)):
        raise Refused("a slice of the batch", "fix the batch size: give --inputShape with it")
    shape = [count for axis, count in enumerate(counts) if axis not in shrunk]
    starts, ends, steps = ([0 if whole >> axis & 1 else r[i] for axis, r in enumerate(ranges)] for i in range(3))
    masks = {"begin_mask": whole, "end_mask": whole, "shrink_axis_mask": sum(1 << axis for axis in shrunk)}
    steps = [step or 1 for step in steps]
    attrs: dict[str, Any] = {"starts": starts, "ends": ends, "strides": steps, "new_axis_mask": 0, **masks}
    return net.emit("Slice", node, [x], shape, kind=x.kind, name=name, **attrs)


@rule("ReverseV2")
def reverse(net: Net, node: TfNode, x: Tensor, axes: Tensor) -> Tensor:
    over = {axis_of(axis, len(x.shape)) for axis in axes.integers()}
    ranges = [(n - 1, -1, -1) if axis in over else (0, n, 1) for axis, n in enumerate(x.shape)]
    return sliced(net, node, x, ranges, ())


@rule("Gather", "GatherV2", "ResourceGather")
def gather(net: Net, node: TfNode, table: Tensor, indices: Tensor, axis: Tensor | None = None) -> Tensor:
    if node.integer("batch_dims"):
        raise Refused("GatherV2 with batch_dims")
    if table.resource is not None:
        from .rules_inputs import read_variable

        table = read_variable(net, node, table)
    along = axis_of(axis.integer(), len(table.shape)) if axis is not None else 0
    if table.constant and along == 0 and len(table.shape) == 2:
        rows, columns = table.shape
        weights = {"weights": table}
        shape = (*indices.shape, columns)
        return net.emit("Embedding", node, [indices], shape, weights=weights, input_dim=rows, output_dim=columns)
    if not indices.constant or len(indices.shape) > 1:
        raise Refused("a gather whose indices depend on data")
    size = table.shape[along]
    chosen = [index + size if index < 0 else index for index in indices.integers()]
    if any(not 0 <= index < size for index in chosen) or size >= DEPENDS_ON_BATCH:
        raise Refused(f"entries {chosen[:8]} of an axis of {size}")
    if indices.shape == ():
        ranges = [(chosen[0], chosen[0] + 1, 1) if i == along else (0, n, 1) for i, n in enumerate(table.shape)]
        return sliced(net, node, table, ranges, [along])
    return gathered(net, node, table, chosen, along)


def gathered(net: Net, node: TfNode, x: Tensor, indices: Sequence[int], axis: int, name: str = "") -> Tensor:
    """The entries of an axis in another order: slices of adjacent entries, concatenated."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][1]:
            runs[-1][1] += 1
        else:
            runs.append([index, index + 1])
    if not 0 < len(runs) <= MOST_RUNS:
        raise Refused(f"a gather of {len(runs)} runs of entries")
    parts = []
    for number, (start, stop) in enumerate(runs):
        ranges = [(start, stop, 1) if i == axis else (0, size, 1) for i, size in enumerate(x.shape)]
        parts.append(sliced(net, node, x, ranges, (), f"{name}/{number}"))
    if len(parts) == 1:
        return parts[0]
    shape = [len(indices) if i == axis else size for i, size in enumerate(x.shape)]
    return net.emit("Concat", node, parts, shape, kind=x.kind, name=name, axis=axis)


# ---- padding and repeating ----------------------------------------------------------------------------------------


@rule("Pad", "PadV2", "MirrorPad")
def pad(net: Net, node: TfNode, x: Tensor, pads: Tensor, value: Tensor | None = None) -> Tensor:
    flat = pads.integers()
    before, after = flat[::2], flat[1::2]
    if len(flat) != 2 * len(x.shape) or min(flat, default=0) < 0:
        raise Refused(f"padding {flat} of a tensor of {len(x.shape)} axes")
    if not any(flat):
        return x
    if any(size >= DEPENDS_ON_BATCH and a + b for size, a, b in zip(x.shape, before, after, strict=True)):
        raise Refused("padding of the batch", "choose an output before it")
    shape = [size + a + b for size, a, b in zip(x.shape, before, after, strict=True)]
    mode = node.text("mode").lower() if node.op == "MirrorPad" else "constant"
    attrs: dict[str, Any] = {"pads": [*before, *after], "mode": mode}
    if mode == "constant":
        attrs["constant_values"] = float(value.array()) if value is not None else 0.0
    return net.emit("Pad", node, [x], shape, kind=x.kind, **attrs)


@rule("Tile")
def tile(net: Net, node: TfNode, x: Tensor, multiples: Tensor) -> Tensor:
    times = multiples.integers()
    if len(times) != len(x.shape) or min(times, default=1) < 1:
        raise Refused(f"a tile {times} times of a tensor of {len(x.shape)} axes")
    if max(times, default=1) == 1:
        return x
    shape = [size * n for size, n in zip(x.shape, times, strict=True)]
    return net.emit("Tile", node, [x], shape, kind=x.kind, multiples=times)
