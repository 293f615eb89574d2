"""The layers that ncnn runs in int8, and how many weight scales each takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import caffe_proto

from ....graph.graph import Graph, Node
from ....layers.convolution.convolution import Convolution
from ....layers.linear.inner_product import InnerProduct
from .weights import absmax_per_scale, scale_count

DEPTHWISE = ("ConvolutionDepthwise", "DepthwiseConvolution")  # not in BVLC Caffe; group = num_output


@dataclass(frozen=True)
class Target:
    """A layer that a table can quantise.

    scales: how many weight scales ncnn reads for it: num_output, or `group` if the convolution is grouped.
    absmax: the largest |weight| of each of these, or None if the weights are not known.
    """

    name: str
    type: str
    scales: int
    absmax: tuple[float, ...] | None = None


def quantisable(graph: Graph) -> list[Node]:
    """The nodes of a graph that ncnn can run in int8: 2-d Convolution, grouped or not, and InnerProduct."""
    return [node for node in graph.nodes if _can(node)]


def _can(node: Node) -> bool:
    layer = node.layer
    return isinstance(layer, InnerProduct) or isinstance(layer, Convolution) and len(layer.kernel_size) == 2


def targets_of_graph(graph: Graph) -> list[Target]:
    """The targets of a graph, with the largest weights of each scale where the graph has weights."""
    found = []
    for node in quantisable(graph):
        largest = tuple(map(float, absmax_per_scale(node))) if node.blobs[0].strides[0] else None  # 0: no weights given
        found.append(Target(node.name, node.layer.type, scale_count(node), largest))
    return found


def targets_of_prototxt(path: str | Path) -> list[Target]:
    """The targets of a prototxt, whatever other layers it has, in the TEST phase. Weights are not known."""
    net = caffe_proto.to_dict(caffe_proto.read_prototxt(path).net)
    return list(_entries(entry for entry in net.get("layer", []) if caffe_proto.included(entry)))


def _entries(layers: Iterator[dict[str, Any]]) -> Iterator[Target]:
    for entry in layers:
        kind, name = entry.get("type", ""), entry.get("name", "")
        if kind == "InnerProduct":
            yield Target(name, kind, entry.get("inner_product_param", {}).get("num_output", 0))
        elif kind == "Convolution" or kind in DEPTHWISE:
            param = entry.get("convolution_param", {})
            outputs = param.get("num_output", 0)
            group = outputs if kind in DEPTHWISE else param.get("group", 1)
            if not _three_axes(param):
                yield Target(name, kind, group if group > 1 else outputs)


def _three_axes(param: dict[str, Any]) -> bool:
    sizes: list[Sequence[int]] = [param.get(key, ()) for key in ("kernel_size", "stride", "pad", "dilation")]
    return any(len(size) > 2 for size in sizes)
