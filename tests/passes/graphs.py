"""Small graphs for tests of passes, and what a pass must keep."""

from __future__ import annotations

import numpy as np

from pytorch2caffe.graph.builder import Builder
from pytorch2caffe.graph.graph import Graph, Value
from pytorch2caffe.passes.runner import Pass, transformed
from pytorch2caffe.runtime.infer import infer
from pytorch2caffe.runtime.run import relative_l2, run


class Net(Builder):
    """A builder with one input `x`: `net.add(ReLU(), net.x, name="relu")`, then `net.done(value)`."""

    def __init__(self, *shape: int) -> None:
        super().__init__(Graph(), infer)
        self.x = self.input("x", shape)
        self._generator = np.random.default_rng(0)

    def random(self, *shape: int) -> np.ndarray:
        """Weights: random numbers from 0.5 to 1.5."""
        return self._generator.uniform(0.5, 1.5, shape).astype(np.float32)

    def done(self, *outputs: Value) -> Graph:
        """The graph, with outputs `y`, `y1`, `y2` ..."""
        self.graph.outputs = {f"y{number or ''}": value for number, value in enumerate(outputs)}
        return self.graph


def types(graph: Graph) -> list[str]:
    """The layers by the names of their classes, in order."""
    return [type(node.layer).__name__ for node in graph.nodes]


def results(graph: Graph, inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
    """What a graph gives in the built-in runtime, by the names of its outputs."""
    fed = {value.name: array for value, array in zip(graph.inputs, inputs, strict=True)}
    values = fed | {name: array for (_, name), array in run(graph, fed).items()}
    return {name: values[value.name] for name, value in graph.outputs.items()}


def applied(run: Pass, graph: Graph, tolerance: float = 0.0) -> Graph:
    """A copy of the graph after a pass: valid, with the same inputs, outputs and results; the graph is as it was."""
    generator = np.random.default_rng(1)
    inputs = [generator.standard_normal(value.shape).astype(np.float32) * 3 for value in graph.inputs]
    expected = results(graph, inputs)
    after = transformed(graph, [run])
    assert [value.shape for value in after.inputs] == [value.shape for value in graph.inputs]
    for again in (after, graph):  # weights are shared: a pass that wrote into one changed the graph too
        found = results(again, inputs)
        assert [array.shape for array in found.values()] == [array.shape for array in expected.values()]
        for one, other in zip(found.values(), expected.values(), strict=True):
            assert np.array_equal(one, other) or relative_l2(one, other) <= tolerance
    return after
