"""Keeps the nodes that the outputs need, joins biases and padding to their layers, and names the outputs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...errors import ConversionError
from ...formats.mmdnn.node import IrNode
from .convert import Net
from .node import Tensor, ir_dims

TAKE_BIAS = ("Conv", "DepthwiseConv", "ConvTranspose", "FullyConnected")


def tidy(net: Net, outputs: Mapping[str, Tensor]) -> tuple[list[IrNode], dict[str, str]]:
    """The nodes that `outputs` need, in order, and the edge of each output, which no node reads."""
    edges = {name: item.edge for name, item in outputs.items()}
    nodes = _in_order(net, _needed(net.nodes, edges.values()))
    output_edges = set(edges.values())
    renamed = _join_biases(nodes, output_edges)
    _join_pads(nodes, {renamed.get(edge, edge) for edge in output_edges})
    edges = {name: renamed.get(edge, edge) for name, edge in edges.items()}
    read = {edge for node in nodes.values() for edge in node.inputs}
    for name, edge in edges.items():
        if edge in read or nodes[_name(edge, nodes)].op in ("DataInput", "Constant"):
            full = name if name not in nodes else net.names.unique(f"{name}/output")
            attrs = {"_output_shapes": [ir_dims(outputs[name].shape)], "data_format": "NHWC"}
            nodes[full] = IrNode(full, "Identity", [edge], attrs)
            edges[name] = full
    if not any(node.op == "DataInput" for node in nodes.values()):
        raise ConversionError(f"{', '.join(outputs)}: no output depends on an input")
    return list(nodes.values()), edges


def _name(edge: str, nodes: Mapping[str, IrNode]) -> str:
    """The node that an edge names."""
    return edge if edge in nodes else edge.rpartition(":")[0]


def _needed(nodes: Mapping[str, IrNode], edges: object) -> dict[str, IrNode]:
    stack = [_name(edge, nodes) for edge in edges]  # type: ignore[attr-defined]
    seen: set[str] = set()
    while stack:
        name = stack.pop()
        if name not in seen:
            seen.add(name)
            stack += [_name(edge, nodes) for edge in nodes[name].inputs]
    return {name: node for name, node in nodes.items() if name in seen}


def _in_order(net: Net, nodes: dict[str, IrNode]) -> dict[str, IrNode]:
    """The nodes with the inputs first, in the order of the file."""
    position = {node.name: index for index, node in enumerate(net.model.nodes)}
    inputs = [name for name, node in nodes.items() if node.op == "DataInput"]
    inputs.sort(key=lambda name: position.get(name, len(position)))
    return {name: nodes[name] for name in dict.fromkeys([*inputs, *nodes])}


def _join_biases(nodes: dict[str, IrNode], outputs: set[str]) -> dict[str, str]:
    """Makes `layer, Add of a vector` one layer, where nothing else reads the layer. Returns the new names of edges."""
    uses: dict[str, int] = {}
    for node in nodes.values():
        for edge in node.inputs:
            uses[edge] = uses.get(edge, 0) + 1
    renamed: dict[str, str] = {}
    for name, node in list(nodes.items()):
        node.inputs[:] = [renamed.get(edge, edge) for edge in node.inputs]
        if node.op != "Add" or len(node.inputs) != 2:
            continue
        for data, vector in (node.inputs, node.inputs[::-1]):
            maker, bias = nodes.get(data), nodes.get(vector)
            if maker is None or bias is None or maker.op not in TAKE_BIAS or bias.op != "Constant":
                continue
            array = bias.weights.get("value")
            shape = maker.attrs["_output_shapes"][0]
            if "bias" in maker.weights or uses[data] != 1 or data in outputs or array is None:
                continue
            if array.size != shape[-1] or array.shape[-1] != shape[-1] or array.ndim > len(shape):
                continue
            maker.weights["bias"] = np.ascontiguousarray(array.reshape(-1))
            maker.attrs["use_bias"] = True
            renamed[name] = data
            uses[data] = uses.get(name, 0)
            uses[vector] -= 1
            del nodes[name]
            if not uses[vector]:
                del nodes[vector]
            break
    return renamed


def _join_pads(nodes: dict[str, IrNode], outputs: set[str]) -> None:
    """Makes `Pad with zeros, convolution without padding` one layer, where nothing else reads the padded tensor."""
    uses: dict[str, list[IrNode]] = {}
    for node in nodes.values():
        for edge in node.inputs:
            uses.setdefault(edge, []).append(node)
    for name, node in list(nodes.items()):
        if node.op != "Pad" or node.attrs["mode"] != "constant" or node.attrs["constant_values"] or name in outputs:
            continue
        pads = node.attrs["pads"]
        consumers = uses.get(name, [])
        if len(pads) != 8 or pads[0::4] != [0, 0] or pads[3::4] != [0, 0] or len(consumers) != 1:
            continue
        if consumers[0].op in ("Conv", "DepthwiseConv") and not any(consumers[0].attrs["pads"]):
            consumers[0].attrs.update(pads=pads, auto_pad="NOTSET")
            consumers[0].inputs[:] = node.inputs
            del nodes[name]
