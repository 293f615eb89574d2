"""Mean, factor and channel order of images, put into a network that then takes pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..graph.graph import Graph, Node, Value
from ..graph.registry import Layer
from ..layers.convolution.convolution import Convolution
from ..layers.elementwise.scale import Scale


@dataclass(frozen=True)
class PixelInput:
    """How pixels become an input: x = (pixel - means) * norms, one of each per channel, in the network's order.

    reverse: whether the pixels' channels come in the opposite order, BGR for a network of RGB.
    """

    means: tuple[float, ...]
    norms: tuple[float, ...]
    reverse: bool

    @property
    def factors(self) -> np.ndarray:
        """The factor of each channel of the pixels."""
        return self.of_pixels(np.array(self.norms))

    @property
    def shifts(self) -> np.ndarray:
        """What is added to each channel of the pixels after its factor."""
        return self.of_pixels(-np.array(self.means) * self.norms)

    def of_pixels(self, channels: np.ndarray) -> np.ndarray:
        """An array whose last axis is the network's channels, for the pixels' channels."""
        return channels[..., ::-1] if self.reverse else channels


def fold_preprocessing(graph: Graph, inputs: Mapping[str, PixelInput]) -> dict[str, str]:
    """Makes inputs of a network take pixels, with exactly the outputs that it has for the preprocessed image.

    before: x -> Convolution(pad 0) -> y
    after:  pixels -> Convolution(pad 0, weights and bias changed) -> y

    A padded convolution pads with 0 after the mean is subtracted, which no weights can do for another number than 0:
    before: x -> Convolution(pad 1) -> y
    after:  pixels -> Scale(factors and means) -> Convolution(pad 1, channels reversed) -> y

    before: x -> any other layer -> y
    after:  pixels -> Convolution(kernel 1) -> any other layer -> y

    Returns {input: what was done}.
    """
    done = {}
    for value in graph.inputs:
        if value.name in inputs:
            done[value.name] = _fold(graph, value, inputs[value.name])
            kind = {1: "grey", 3: "BGR"}.get(len(inputs[value.name].means), "the network's order of channels")
            value.about = f"{kind}, 0 to 255"
    return done


def _fold(graph: Graph, value: Value, pixels: PixelInput) -> str:
    readers = list(dict.fromkeys(graph.consumers().get(value, [])))
    if value in graph.outputs.values() or not all(_is_plain(graph, node) for node in readers):
        _insert(graph, value, Convolution(len(pixels.means), (1, 1)), _one_by_one(pixels))
        return "mean, factor and channel order are a Convolution of kernel 1 before it"
    padded = any(any(node.layer.pad) for node in readers if isinstance(node.layer, Convolution))
    if padded and any(pixels.shifts):
        for node in readers:
            _absorb(node, PixelInput((0,) * len(pixels.means), (1,) * len(pixels.means), pixels.reverse))
        _insert(graph, value, Scale(bias_term=True), (pixels.factors, pixels.shifts))
        return "mean and factor are a Scale before it, because its convolution is padded"
    for node in readers:
        _absorb(node, pixels)
    return f"folded into {', '.join(node.name for node in readers)}"


def _is_plain(graph: Graph, node: Node) -> bool:
    """Whether a node is a convolution of all channels with weights of its own."""
    weights = node.blobs[:1]
    shared = any(other is not node and any(blob is w for w in weights for blob in other.blobs) for other in graph.nodes)
    return isinstance(node.layer, Convolution) and node.layer.group == 1 and not shared


def _absorb(node: Node, pixels: PixelInput) -> None:
    """Puts the preprocessing into a convolution's weights and bias, computed in float64."""
    layer = node.layer
    assert isinstance(layer, Convolution)
    weight, *rest = (blob.astype(np.float64) for blob in node.blobs)
    last = np.moveaxis(weight, 1, -1)
    shift = (last * (-np.array(pixels.means) * pixels.norms)).reshape(len(weight), -1).sum(1)
    changed = np.moveaxis(pixels.of_pixels(last * pixels.norms), -1, 1)
    bias = [rest[0] + shift] if rest else [shift] if shift.any() else []
    node.layer = replace(layer, bias_term=bool(bias))
    node.blobs = tuple(np.ascontiguousarray(blob, np.float32) for blob in (changed, *bias))


def _insert(graph: Graph, value: Value, layer: Layer, blobs: Sequence[np.ndarray]) -> None:
    """Puts a layer between an input and its readers."""
    names = graph.names()
    new = Value(names.unique(f"{value.name}.preprocessed"), value.shape)
    weights = tuple(np.ascontiguousarray(blob, np.float32) for blob in blobs)
    node = Node(new.name, layer, [value], [new], weights)
    for reader in graph.nodes:
        reader.inputs = [new if each is value else each for each in reader.inputs]
    graph.outputs.update({name: new for name, each in graph.outputs.items() if each is value})
    graph.nodes.insert(0, node)


def _one_by_one(pixels: PixelInput) -> tuple[np.ndarray, ...]:
    """The weights of a convolution of kernel 1 that reorders the channels too."""
    return pixels.of_pixels(np.diag(pixels.norms))[:, :, None, None], -np.array(pixels.means) * pixels.norms
