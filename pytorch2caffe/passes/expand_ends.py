"""What counts positions from the end of an axis, in layers that count from its start."""

from __future__ import annotations

from ..errors import Refusal
from ..graph.graph import Graph, Infer, Node
from ..graph.lowering import lower
from ..graph.registry import Layer
from ..layers.indexing.strided_slice import StridedSlice
from ..layers.shape.repeat_pad import RepeatPad
from ..layers.shape.roll import Roll
from ..layers.shape.slice import Slice


def counts_from_end(node: Node) -> bool:
    """Whether a node is right for one height and width only in layers that count from the start."""
    layer = node.layer
    if isinstance(layer, (Slice, StridedSlice)):
        return bool(layer.parts if isinstance(layer, Slice) else layer.from_end)
    return isinstance(layer, (RepeatPad, Roll))


class _Others:
    """A target that has every other layer."""

    name = "PyTorch"
    float32 = True

    def takes(self, layer: Layer, *_: object) -> Refusal | None:
        return Refusal(f"{layer.type} from the end") if counts_from_end(Node("", layer, [], [])) else None

    def own_form(self, *_: object) -> None:
        return None


class _Equal(_Others):
    """A target that also has a Slice into equal parts."""

    def takes(self, layer: Layer, *_: object) -> Refusal | None:
        return None if isinstance(layer, Slice) else super().takes(layer)


def expand_ends(graph: Graph, infer: Infer, *, any_size: bool = False) -> None:
    """Expresses rolls, repeated borders and slices up to the end in simpler layers.

    before: x[1, 8, 16, 16] -> StridedSlice(:, :, :-1) -> y
    after:  x, fixed {2} -> StridedSlice(:, :, 0:15) -> y
    after:  x -> Convolution(1 channel, kernel 2x1) -> size; x, size -> Crop -> y, for any_size

    any_size: by layers that fit every height and width, if these are more.
    """
    if any(counts_from_end(node) for node in graph.nodes):
        lowered = lower(graph, _Equal() if any_size else _Others(), infer, any_size=any_size)
        graph.inputs, graph.nodes, graph.outputs = lowered.graph.inputs, lowered.graph.nodes, lowered.graph.outputs
