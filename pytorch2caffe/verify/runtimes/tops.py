"""The names of a network's blobs, from the text of its prototxt."""

from __future__ import annotations

from typing import Any

from caffe_proto.parse import parse_text


def tops_of(prototxt: str) -> dict[str, list[str]]:
    """The names of each layer's outputs, in the order of the file, because OpenCV does not keep them.

    >>> tops_of('layer { name: "cut" type: "Slice" bottom: "x" top: "left" top: "right" }')
    {'cut': ['left', 'right']}
    """
    return {layer.name: list(layer.top) for layer in layers_of(prototxt)}


def unread_tops(prototxt: str) -> set[tuple[str, str]]:
    """(layer, top) of each output of a network: no later layer reads the top, in place or otherwise.

    >>> unread_tops('layer { name: "a" top: "x" } layer { name: "b" bottom: "x" top: "x" }')
    {('b', 'x')}
    """
    unread: dict[str, str] = {}
    for layer in layers_of(prototxt):
        for bottom in layer.bottom:
            unread.pop(bottom, None)
        unread.update(dict.fromkeys(layer.top, layer.name))
    return {(layer, top) for top, layer in unread.items()}


def layers_of(prototxt: str) -> list[Any]:
    """The messages of the layers, as in the file: LayerParameter or V1LayerParameter."""
    net, _ = parse_text(prototxt, "NetParameter", "prototxt")
    return [*net.layer, *net.layers]
