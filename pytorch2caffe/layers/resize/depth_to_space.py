"""The IR's DepthToSpace and SpaceToDepth, which are TensorFlow's."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx
from ...graph.registry import from_ir
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .pixel_shuffle import pixel_shuffle
from .pixel_unshuffle import pixel_unshuffle


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


@from_onnx("DepthToSpace")
def onnx_depth_to_space(net: Builder, input: Value, *, blocksize: int, mode: str = "DCR") -> Value:
    """CRD is PyTorch's order of the channels, DCR TensorFlow's."""
    if len(input.shape) != 4 or blocksize < 1 or input.shape[1] % blocksize**2:
        raise Refused(f"DepthToSpace of {list(input.shape)} by blocks of {blocksize}")
    if mode == "CRD":
        return pixel_shuffle(net, input, blocksize)
    r, (n, channels, height, width) = blocksize, input.shape
    x = reshape_to(net, input, (n, r, r, channels // r**2, height, width), "split")
    y: Value = reshape_to(net, permute_to(net, x, (0, 3, 4, 1, 5, 2)), (n, channels // r**2, height * r, width * r))
    return y


@from_onnx("SpaceToDepth")
def onnx_space_to_depth(net: Builder, input: Value, *, blocksize: int, mode: str = "DCR") -> Value:
    """DCR: the channels of a block's position are neighbours, as in TensorFlow; CRD: as in PyTorch."""
    r = blocksize
    if len(input.shape) != 4 or r < 1 or input.shape[2] % r or input.shape[3] % r:
        raise Refused(f"SpaceToDepth of {list(input.shape)} by blocks of {r}")
    if mode == "CRD":
        return pixel_unshuffle(net, input, r)
    n, channels, height, width = input.shape
    x = reshape_to(net, input, (n, channels, height // r, r, width // r, r), "split")
    y: Value = reshape_to(net, permute_to(net, x, (0, 3, 5, 1, 2, 4)), (n, channels * r**2, height // r, width // r))
    return y
