"""Rewrites of the Reshapes between layers that read or write other shapes than the values have."""

from __future__ import annotations

from .ops import Op, Ops, reshape_op


def move_reshapes(ops: Ops) -> None:
    """Moves Reshapes after the elementwise layers that alone read them, where other Reshapes may undo them.

    before: InnerProduct [16] -> Reshape [16, 1, 1] -> Swish -> Reshape [16] -> InnerProduct
    after:  InnerProduct [16] -> Swish -> Reshape [16, 1, 1] -> Reshape [16] -> InnerProduct
    """
    names = ops.names()
    read_counts = ops.read_counts()
    shaping = {op.tops[0]: op for op in ops.lines if op.is_reshape}
    lines: list[Op] = []
    moved: set[Op] = set()
    for op in ops.lines:
        lines.append(op)
        if not _is_elementwise(op) or op.bottoms[0] not in shaping:
            continue
        (bottom,), (top,) = op.bottoms, op.tops
        before = shaping[bottom]
        if read_counts[bottom] > 1 or bottom in ops.outputs:
            continue
        flat = names.unique(f"{top}.flat")
        ops.shapes[flat] = ops.shapes[before.bottoms[0]]
        op.bottoms, op.tops = before.bottoms, [flat]
        name = names.unique(f"{op.name}.reshape")
        shaping[top] = reshape_op(name, flat, top, ops.shapes[top], op.node)
        lines.append(shaping[top])
        moved.add(before)
    ops.lines[:] = [op for op in lines if op not in moved]


def _is_elementwise(op: Op) -> bool:
    return not op.is_reshape and op.node is not None and op.node.layer.elementwise and not op.weights


def drop_reshapes(ops: Ops) -> None:
    """Removes Reshapes that change nothing, or that only Reshapes read, or that ncnn's BinaryOp does not need.

    before: Pooling [512] -> Reshape [512, 1, 1] -> Reshape [512] -> InnerProduct
    after:  Pooling [512] -> InnerProduct
    """
    source: dict[str, str] = {}
    for op in ops.lines:
        op.bottoms = _factors(op, ops, source) if op.type == "BinaryOp" else op.bottoms
        op.bottoms = [source.get(name, name) if op.is_reshape else name for name in op.bottoms]
        if op.is_reshape:
            source[op.tops[0]] = op.bottoms[0]
    same: dict[str, str] = {}
    kept = []
    for op in ops.lines:
        op.bottoms = [same.get(name, name) for name in op.bottoms]
        is_identity = op.is_reshape and ops.shapes[op.bottoms[0]] == ops.shapes[op.tops[0]]
        if is_identity and op.tops[0] not in ops.outputs:
            same[op.tops[0]] = op.bottoms[0]
        else:
            kept.append(op)
    ops.lines[:] = kept
    read_counts = ops.read_counts()
    ops.lines[:] = [op for op in kept if not op.is_reshape or op.tops[0] in ops.outputs or read_counts[op.tops[0]]]


def _factors(op: Op, ops: Ops, source: dict[str, str]) -> list[str]:
    """The bottoms of a BinaryOp: a number for each channel, [C, 1, 1], may be a blob [C].

    Source: ncnn, src/layer/binaryop.cpp: a vector is aligned with the outermost axis where the sizes are equal.
    """
    shapes = [ops.shapes[name] for name in op.bottoms]
    bottoms = list(op.bottoms)
    for index, shape in enumerate(shapes):
        other = shapes[1 - index] if len(shapes) == 2 else ()
        channels = shape[:1]
        if len(other) == 3 and shape == (*channels, 1, 1) and other[:1] == channels != (1,):
            flat = source.get(bottoms[index], "")
            bottoms[index] = flat if ops.shapes.get(flat) == channels else bottoms[index]
    return bottoms
