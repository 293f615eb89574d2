"""The IR's DepthToSpace and SpaceToDepth, which are TensorFlow's."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to


def _block(node: IrOperator) -> int:
    return node.integer("block_size" if "block_size" in node else "blocksize")


@from_ir("DepthToSpace")
def ir_depth_to_space(net: Builder, node: IrOperator, input: Value) -> Value:
    """Channel (i * r + j) * C + c moves to row i, column j of the block; PyTorch's order is (c * r + i) * r + j."""
    r, (n, channels, height, width) = _block(node), input.shape
    x = reshape_to(net, input, (n, r, r, channels // r**2, height, width), "split")
    return reshape_to(net, permute_to(net, x, (0, 3, 4, 1, 5, 2)), (n, channels // r**2, height * r, width * r))


@from_ir("SpaceToDepth")
def ir_space_to_depth(net: Builder, node: IrOperator, input: Value) -> Value:
    r, (n, channels, height, width) = _block(node), input.shape
    x = reshape_to(net, input, (n, channels, height // r, r, width // r, r), "split")
    return reshape_to(net, permute_to(net, x, (0, 3, 5, 1, 2, 4)), (n, channels * r**2, height // r, width // r))
