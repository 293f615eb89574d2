"""How the images of a network become its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import ConversionError
from ..graph.graph import Graph
from .image_options import ImageOptions
from .preprocess import ORDERS, Preprocess
from .preprocess_file import load_preprocess

Pixels = ImageOptions | str | Path | Mapping[str, Preprocess] | None
"""How images become inputs: the same way for all, a preprocessing file, by the input's name, or None is an image."""


def preprocess_of(pixels: Pixels, graph: Graph) -> dict[str, Preprocess]:
    """The preprocessing of each input of a network that is an image, by the name of the input.

    Raises ConversionError if it does not fit the network.
    """
    if pixels is None:
        return {}
    if isinstance(pixels, ImageOptions):
        images = [value for value in graph.inputs if len(value.shape) == 4 and value.shape[1] in ORDERS.values()]
        colours = [value for value in images if value.shape[1] != 4] or images
        fit = [
            value for value in images if value in colours or len(pixels.mean) in (1, 4) and len(pixels.norm) in (1, 4)
        ]
        return {value.name: pixels.for_input(value) for value in fit}  # other inputs need tensors
    preprocess = dict(pixels) if isinstance(pixels, Mapping) else load_preprocess(pixels)
    where = f"{pixels}: " if isinstance(pixels, (str, Path)) else ""
    shapes = {value.name: value.shape for value in graph.inputs}
    for name, one in preprocess.items():
        if shapes.get(name, ())[1:] != (one.channels, one.height, one.width):
            known = ", ".join(f"{value.name} {list(value.shape)}" for value in graph.inputs)
            raise ConversionError(
                f"{where}the size of input {name!r} is not that of the network; its inputs are {known}"
            )
    return preprocess
