"""ncnn's layers, one for each line of a .param file, and the rewrites on them; build.py makes them of a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...formats.ncnn import Tagged, activation, reshape
from ...graph.graph import Names, Node

RESHAPE = "Reshape"
FUSES_ACTIVATION = {
    "Convolution",
    "ConvolutionDepthWise",
    "Deconvolution",
    "DeconvolutionDepthWise",
    "InnerProduct",
    "Convolution1D",
    "ConvolutionDepthWise1D",
}


@dataclass(eq=False)
class Op:
    """A line of a .param file: a layer with the blobs that it reads and writes, its params and weights.

    node: the node from which it originates.
    """

    type: str
    name: str
    bottoms: list[str]
    tops: list[str]
    params: dict[int, Any] = field(default_factory=dict)
    weights: tuple[Tagged | np.ndarray, ...] = ()
    node: Node | None = None

    @property
    def is_reshape(self) -> bool:
        """Whether only the shape changes."""
        return self.type == RESHAPE


def reshape_op(name: str, bottom: str, top: str, dims: Sequence[int], node: Node | None) -> Op:
    """A Reshape to these axes, outermost first."""
    return Op(RESHAPE, name, [bottom], [top], reshape(dims), (), node)


@dataclass(eq=False)
class Ops:
    """A network in ncnn's layers.

    lines:   the layers in execution order.
    shapes:  the shape of each blob, outermost axis first, without the batch axis.
    outputs: blobs that must not be removed or renamed.
    """

    lines: list[Op]
    shapes: dict[str, tuple[int, ...]]
    outputs: set[str]

    def names(self) -> Names:
        """Makes names that neither a layer nor a blob has."""
        return Names([*(op.name for op in self.lines), *self.shapes])

    def read_counts(self) -> Counter[str]:
        """How many times each blob is read."""
        return Counter(name for op in self.lines for name in op.bottoms)


def fuse_activations(ops: Ops) -> None:
    """Fuses an activation into the weighted layer before it, if nothing else reads that; the activation's blob remains.

    before: Convolution conv1 -> conv1, ReLU conv1 -> relu1
    after:  Convolution conv1 (9=1) -> relu1
    """
    read_counts = ops.read_counts()
    writer = {top: op for op in ops.lines for top in op.tops}
    fused = set()
    for op in ops.lines:
        params = activation(op.type, op.params)
        before = writer.get(op.bottoms[0]) if params and op.bottoms else None
        if params is None or before is None or before.type not in FUSES_ACTIVATION or 9 in before.params:
            continue
        if read_counts[op.bottoms[0]] == 1 and op.bottoms[0] not in ops.outputs:
            before.params = {**before.params, **params}
            before.tops = op.tops
            writer[op.tops[0]] = before
            fused.add(op)
    ops.lines[:] = [op for op in ops.lines if op not in fused]


def insert_splits(ops: Ops) -> list[Op]:
    """The lines with a Split after each blob that is read more than once, because an ncnn blob has one consumer.

    before: pool1 -> fire2, pool1 -> fire3
    after:  pool1 -> Split splitncnn_0 -> pool1_splitncnn_0 -> fire2, pool1_splitncnn_1 -> fire3
    """
    read_counts = ops.read_counts()
    names = ops.names()
    copies: dict[str, list[str]] = {}
    lines: list[Op] = []
    for op in ops.lines:
        bottoms = [copies[name].pop(0) if name in copies else name for name in op.bottoms]
        lines.append(Op(op.type, op.name, bottoms, list(op.tops), op.params, op.weights, op.node))
        for top in op.tops:
            if read_counts[top] > 1:
                copies[top] = [names.unique(f"{top}_splitncnn_{index}") for index in range(read_counts[top])]
                lines.append(Op("Split", names.unique(f"splitncnn_{top}"), [top], list(copies[top])))
    return lines
