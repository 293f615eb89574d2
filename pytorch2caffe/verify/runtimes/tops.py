"""The names of a network's blobs, from the text of its prototxt."""

from __future__ import annotations

import re
from collections.abc import Iterator

TOKEN = re.compile(r"""#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{}:;,]|[^\s{}:;,#"']+""")


def tops_of(prototxt: str) -> dict[str, list[str]]:
    """The names of each layer's outputs, in the order of the file, because OpenCV does not keep them.

    >>> tops_of('layer { name: "cut" type: "Slice" bottom: "x" top: "left" top: "right" }')
    {'cut': ['left', 'right']}
    """
    tops: dict[str, list[str]] = {}
    for layer in layers_of(prototxt):
        tops[layer.get("name", [""])[0]] = layer.get("top", [])
    return tops


def unread_tops(prototxt: str) -> set[tuple[str, str]]:
    """(layer, top) of each output of a network: no later layer reads the top, in place or otherwise.

    >>> unread_tops('layer { name: "a" top: "x" } layer { name: "b" bottom: "x" top: "x" }')
    {('b', 'x')}
    """
    unread: dict[str, str] = {}
    for layer in layers_of(prototxt):
        for bottom in layer.get("bottom", []):
            unread.pop(bottom, None)
        unread.update(dict.fromkeys(layer.get("top", []), layer.get("name", [""])[0]))
    return {(layer, top) for top, layer in unread.items()}


def layers_of(prototxt: str) -> Iterator[dict[str, list[str]]]:
    """The string fields of each layer, unquoted; nested messages are skipped."""
    tokens = [token for token in TOKEN.findall(prototxt) if token[0] not in "#:;,"]
    layer: dict[str, list[str]] = {}
    depth, is_layer = 0, False
    for before, token in zip(["", *tokens], tokens, strict=False):
        if token == "{":
            depth += 1
            if depth == 1:
                layer, is_layer = {}, before in ("layer", "layers")
        elif token == "}":
            depth -= 1
            if depth == 0 and is_layer:
                yield layer
        elif depth == 1 and token[0] in "\"'":
            layer.setdefault(before, []).append(token[1:-1])
