"""Graphs that take pixels: the preprocessing of images put into them.

Without the comparison it needs no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DifferentError
from ..graph.graph import Graph
from ..passes.fold_preprocessing import PixelInput, fold_preprocessing
from ..quantize.pixels import Pixels, preprocess_of
from ..quantize.preprocess import Preprocess
from .network import Network

if TYPE_CHECKING:
    from ..verify.verify import Reference

Arrays = Mapping[str, np.ndarray]


def pixel_inputs(preprocess: Mapping[str, Preprocess]) -> dict[str, PixelInput]:
    """How pixels become each input: in BGR if they have three channels, else in the network's order."""
    return {
        name: PixelInput(tuple(one.channel_means), tuple(one.channel_norms), one.order == "RGB")
        for name, one in preprocess.items()
    }


def for_pixels(preprocess: Mapping[str, Preprocess]) -> dict[str, Preprocess]:
    """The preprocessing that remains when the network takes pixels: only resizing and cropping."""
    return {
        name: replace(one, mean=(0.0,), norm=(1.0,), order="BGR" if one.channels == 3 else one.order)
        for name, one in preprocess.items()
    }


def preprocessed(arrays: Arrays, pixels: Mapping[str, PixelInput]) -> dict[str, np.ndarray]:
    """The inputs [N, C, H, W] of a network for pixels in BGR; those that are no images stay."""
    return {name: _inputs(x, pixels[name]) if name in pixels else x for name, x in arrays.items()}


def _inputs(x: np.ndarray, one: PixelInput) -> np.ndarray:
    ordered = x[:, ::-1] if one.reverse else x
    means, norms = (np.array(values, x.dtype)[:, None, None] for values in (one.means, one.norms))
    return np.ascontiguousarray((ordered - means) * norms)


def folded(graph: Graph, how: Pixels, *, check: bool = True, tolerance: float = 1e-4) -> Graph:
    """A network that takes pixels, 0 to 255 in BGR, and gives what `graph` gives for the preprocessed images.

    check: compare the two on random pixels; the relative L2 difference of an output is at most `tolerance`.

    The graph itself stays as it is. `notes` of the result say what was done to each input. Raises DifferentError.
    """
    pixels, new = pixel_inputs(preprocess_of(how, graph)), graph.copy()
    new.notes = fold_preprocessing(new, pixels)
    if check:
        _compare(graph, new, pixels, tolerance)
    return new


def _compare(graph: Graph, new: Graph, pixels: Mapping[str, PixelInput], tolerance: float) -> None:
    from ..runtime.random_inputs import random_inputs
    from ..runtime.run import relative_l2, run

    draw = np.random.default_rng(0)
    given = random_inputs(graph)
    given |= {name: draw.integers(0, 256, given[name].shape).astype(np.float32) for name in pixels}
    expected, actual = run(graph, preprocessed(given, pixels)), run(new, given)
    pairs = zip(graph.outputs.values(), new.outputs.values(), strict=True)
    by_top = [{top: array for (_, top), array in results.items()} for results in (expected, actual)]
    for a, b in pairs:
        difference = relative_l2(by_top[1][b.top or b.name], by_top[0][a.top or a.name])
        if not difference <= tolerance:
            raise DifferentError(f"with the preprocessing folded in, {a} differs by {difference:.1e}", None)


def network_of_pixels(network: Network, how: Pixels) -> Network:
    """The network with its preprocessing folded in; its reference is that of the preprocessed images."""
    pixels = pixel_inputs(preprocess_of(how, network.graph))

    def reference(arrays: Arrays) -> Reference:
        found = network.reference(preprocessed(arrays, pixels))
        return replace(found, values={**found.values, **arrays})

    return replace(network, graph=folded(network.graph, how, check=False), reference=reference)
