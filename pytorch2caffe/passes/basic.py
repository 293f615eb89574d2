"""Graph to Graph, in place: each says what it changes."""

from __future__ import annotations

from ..graph.graph import Graph, Names, Node, Shape, Value
from ..graph.registry import Layer
from ..layers.basic.silence import Silence, Split
from ..layers.shape.flatten import Flatten
from ..layers.shape.reshape import Reshape


def drop_unused(graph: Graph) -> None:
    """Removes every node none of whose values reaches an output.

    before: data -> conv -> relu -> (output), conv -> aux
    after:  data -> conv -> relu -> (output)
    """
    wanted = set(graph.outputs.values())
    kept = []
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            kept.append(node)
    graph.nodes[:] = reversed(kept)


def merge_reshapes(graph: Graph) -> None:
    """Makes one Reshape of a chain of shape changes, and none of one that changes nothing.

    before: x[2, 16] -> Reshape[2, 16, 1, 1] -> Reshape[2, 16] -> y
    after:  x -> y
    """
    outputs = set(graph.outputs.values())
    producers = graph.producers()
    replaced: dict[Value, Value] = {}
    kept = []
    for node in graph.nodes:
        node.inputs = [replaced.get(value, value) for value in node.inputs]
        if isinstance(node.layer, (Reshape, Flatten)):
            before = producers.get(node.inputs[0])
            if _moves_batch(node.layer) or before is not None and _moves_batch(before.layer):
                kept.append(node)
                continue
            if before is not None and isinstance(before.layer, (Reshape, Flatten)):
                node.inputs = list(before.inputs)
                node.layer = _reshape(node.inputs[0].shape, node.outputs[0].shape)
            if node.inputs[0].shape == node.outputs[0].shape and node.outputs[0] not in outputs:
                replaced[node.outputs[0]] = node.inputs[0]
                continue
        kept.append(node)
    graph.nodes[:] = kept
    drop_unused(graph)


def _moves_batch(layer: Layer) -> bool:
    """Whether a Reshape puts a batch of any size into another axis than the first, as [1, -1] does."""
    return isinstance(layer, Reshape) and layer.axis == 0 and -1 in layer.shape[1:] and layer.shape[0] > 0


def _reshape(before: Shape, after: Shape) -> Layer:
    if len(after) == 2 and len(before) > 2 and before[0] == after[0]:
        return Flatten()
    keep = bool(before and after and before[0] == after[0])
    return Reshape((0, *after[1:]) if keep else tuple(after))


def separate_outputs(graph: Graph) -> None:
    """Gives an output that is read inside the network, or is an input, or is named twice, a top of its own.

    before: data -> conv -> relu, with conv and relu both returned
    after:  data -> conv -> relu, conv -> Split -> conv.output
    """
    consumed = {value for node in graph.nodes for value in node.inputs}
    taken: set[Value] = set(graph.inputs)
    names = Names([n.name for n in graph.nodes] + [v.name for n in graph.nodes for v in n.outputs])
    for key, value in graph.outputs.items():
        if value in consumed or value in taken:
            name = names.unique(f"{key}.output")
            copy = Value(name, value.shape)
            graph.nodes.append(Node(name, Split(), [value], [copy]))
            graph.outputs[key] = value = copy
        taken.add(value)


def silence_unused(graph: Graph) -> None:
    """Gives every value, inputs too, that nobody reads and that is no output to a Silence: Caffe would call it one.

    before: x -> Slice -> a, b, with only a read
    after:  x -> Slice -> a, b, b -> Silence
    """
    used = {value for node in graph.nodes for value in node.inputs} | set(graph.outputs.values())
    names = Names([node.name for node in graph.nodes])
    unread = [value for value in graph.inputs if value not in used]
    nodes = [Node(names.unique("inputs.unused"), Silence(), unread, [])] if unread else []
    for node in graph.nodes:
        nodes.append(node)
        unused = [value for value in node.outputs if value not in used]
        if unused:
            name = names.unique(f"{node.name}.unused")
            nodes.append(Node(name, Silence(), unused, [], (), node.module, node.line))
    graph.nodes[:] = nodes


def legacy_names(graph: Graph) -> None:
    """Renames layers conv1, conv2 ... and their blobs conv_blob1 ..., as older converters do.

    before: data -> features.0 -> features.1
    after:  data -> conv1 (conv_blob1) -> relu1 (relu_blob1)
    """
    counts: dict[str, int] = {}
    old = {value.name for node in graph.nodes for value in node.outputs}
    for node in graph.nodes:
        kind = node.layer.name_in_legacy()
        counts[kind] = counts.get(kind, 0) + 1
        node.name = f"{kind}{counts[kind]}"
        for index, value in enumerate(node.outputs):
            new = f"{kind}_blob{counts[kind]}" + (f"_{index}" if len(node.outputs) > 1 else "")
            value.name = new
    graph.outputs = {(value.name if key in old else key): value for key, value in graph.outputs.items()}
