"""Random numbers: dropout is the identity at inference; anything else computed from them is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import Refused
from .fold import ELEMENTWISE
from .node import Item, Tensor, TfNode

if TYPE_CHECKING:
    from .convert import Net

RANDOM = {
    "RandomUniform",
    "RandomStandardNormal",
    "TruncatedNormal",
    "StatelessRandomUniform",
    "RandomUniformInt",
    "StatelessRandomUniformV2",
    "StatelessRandomNormalV2",
    "StatelessRandomNormal",
}


def of_random(net: Net, node: TfNode, inputs: list[Item]) -> Item:
    """The output of an operator with a random input: x where it is the mask of a dropout of x."""
    others = [(i, x) for i, x in enumerate(inputs) if not (isinstance(x, Tensor) and x.random)]
    if node.op in ("Mul", "Select", "SelectV2") and net.body.masked(node, [index for index, _ in others]):
        for kept in (_scaled(net, node, index) for index, _ in others):
            if kept is not None:
                return kept
    tensors = [x for _, x in others if isinstance(x, Tensor)]
    if all(x.constant or x.shape == () for x in tensors) and (node.op in ELEMENTWISE or node.op == "Cast"):
        return Tensor((), "f", node.name, random=True)
    raise Refused("its result depends on random numbers", "export the network for inference")


def _scaled(net: Net, node: TfNode, index: int) -> Item | None:
    """x, where an input of `node` is x / keep_prob or x * (1 / keep_prob)."""
    maker = net.body.source(node, index)
    if maker is None or maker.op not in ("RealDiv", "Mul", "Div"):
        return None
    items = [net.body.output(*edge) for edge in maker.inputs]
    data = [x for x in items if isinstance(x, Tensor) and not x.constant and not x.random and x.shape != ()]
    return data[0] if len(data) == 1 else None
