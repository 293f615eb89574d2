"""A graph: copies of it, and its rules (tests/passes/test_runner.py breaks each)."""

from __future__ import annotations

import numpy as np

from pytorch2caffe.graph.graph import Graph, Node, Value, is_shape
from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.elementwise.scale import Scale


def small() -> Graph:
    x, y, z = (Value(name, (1, 4)) for name in "xyz")
    nodes = [Node("scale", Scale(), [x], [y], (np.ones(4, np.float32),)), Node("relu", ReLU(), [y], [z])]
    return Graph("small", [x], {"out": z}, nodes, {"z": "long"})


def test_a_copy_has_nodes_and_values_of_its_own_and_shares_weights() -> None:
    graph = small()
    copy = graph.copy()
    copy.validate()
    assert [value.name for value in copy.values()] == ["x", "y", "z"]
    assert not set(copy.values()) & set(graph.values())
    assert not set(copy.nodes) & set(graph.nodes)
    assert copy.nodes[0].blobs[0] is graph.nodes[0].blobs[0]
    assert (copy.name, list(copy.outputs), copy.renamed) == ("small", ["out"], {"z": "long"})
    assert copy.outputs["out"] is copy.nodes[1].outputs[0]


def test_a_graph_of_inputs_alone_and_one_of_nothing_are_valid() -> None:
    x = Value("x", ())
    Graph("identity", [x], {"x": x}).validate()
    Graph().validate()


def test_shapes_are_tuples_of_ints_of_python() -> None:
    assert is_shape(()) and is_shape((1, 0))
    assert not is_shape((np.int64(1),))
    assert not is_shape((True,))
    assert not is_shape([1])
