"""The layers that ncnn runs in int8, and how many weight scales each of them has in a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import caffe_proto

from ....graph.graph import Graph, Node
from ....layers.convolution.convolution import Convolution
from ....layers.indexing.crop import Crop
from ....layers.linear.inner_product import InnerProduct
from .weights import absmax_per_scale, scale_count

DEPTHWISE_TYPES = ("ConvolutionDepthwise", "DepthwiseConvolution")  # not in BVLC Caffe; group = num_output


@dataclass(frozen=True)
class Target:
    """A layer that a table can quantize.

    scales: number of weight scales that ncnn reads for it: num_output, or `group` of a grouped convolution.
    absmax: the largest |weight| for each scale, or None if the weights are not known.
    """

    name: str
    type: str
    scales: int
    absmax: tuple[float, ...] | None = None


def quantizable(graph: Graph) -> list[Node]:
    """The nodes of a graph that ncnn can run in int8: 2-d Convolution, grouped or not, and InnerProduct.

    Without those that compute only the size of a Crop: ncnn pools without them.
    """
    unused = only_sizes(graph)
    return [node for node in graph.nodes if _is_quantizable(node) and node.name not in unused]


def only_sizes(graph: Graph) -> set[str]:
    """The names of the layers of whose result only the size is read, by a Crop: ncnn pools without them."""
    consumers = graph.consumers()
    read = {
        node.name: [(reader, value) for value in node.outputs for reader in consumers.get(value, [])]
        for node in graph.nodes
    }
    return {
        name
        for name, readers in read.items()
        if readers
        and all(isinstance(reader.layer, Crop) and reader.inputs[0] is not value for reader, value in readers)
    }


def _is_quantizable(node: Node) -> bool:
    layer = node.layer
    return isinstance(layer, InnerProduct) or isinstance(layer, Convolution) and len(layer.kernel_size) == 2


def targets_of_graph(graph: Graph) -> list[Target]:
    """The targets of a graph, with `absmax` where the graph has weights."""
    targets = []
    for node in filter(_is_quantizable, graph.nodes):
        has_weights = node.blobs[0].strides[0] != 0  # weights that were not loaded are one number, broadcast
        absmax = tuple(map(float, absmax_per_scale(node))) if has_weights else None
        targets.append(Target(node.name, node.layer.type, scale_count(node), absmax))
    return targets


def targets_of_prototxt(path: str | Path) -> list[Target]:
    """The targets of a prototxt in the TEST phase, without `absmax`. Other layers may be unknown to this package."""
    net = caffe_proto.to_dict(caffe_proto.read_prototxt(path).net)
    return list(_targets_of_layers(entry for entry in net.get("layer", []) if caffe_proto.included(entry)))


def _targets_of_layers(layers: Iterator[dict[str, Any]]) -> Iterator[Target]:
    for entry in layers:
        type, name = entry.get("type", ""), entry.get("name", "")
        if type == "InnerProduct":
            yield Target(name, type, entry.get("inner_product_param", {}).get("num_output", 0))
        elif type == "Convolution" or type in DEPTHWISE_TYPES:
            param = entry.get("convolution_param", {})
            outputs = param.get("num_output", 0)
            group = outputs if type in DEPTHWISE_TYPES else param.get("group", 1)
            if not _is_3d(param):
                yield Target(name, type, group if group > 1 else outputs)


def _is_3d(param: dict[str, Any]) -> bool:
    sizes: list[Sequence[int]] = [param.get(key, ()) for key in ("kernel_size", "stride", "pad", "dilation")]
    return any(len(size) > 2 for size in sizes)
