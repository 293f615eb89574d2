"""The runner: passes in order, and a pass that breaks the graph is named."""

from __future__ import annotations

from functools import partial

import pytest

from pytorch2caffe.errors import ConversionError, InvalidGraphError
from pytorch2caffe.graph.graph import Graph, Value
from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.elementwise.absval import AbsVal
from pytorch2caffe.passes.drop_unused import drop_unused
from pytorch2caffe.passes.runner import name_of, run_passes, transformed
from tests.passes.graphs import Net, types


def graph() -> Graph:
    net = Net(1, 4)
    return net.done(net.add(ReLU(), net.add(AbsVal(), net.x, name="abs"), name="relu"))


def swaps_the_nodes(graph: Graph) -> None:
    graph.nodes.reverse()


def drops_a_producer(graph: Graph) -> None:
    del graph.nodes[0]


def drops_the_output(graph: Graph) -> None:
    del graph.nodes[-1]


def writes_a_value_twice(graph: Graph) -> None:
    graph.nodes[1].outputs = graph.nodes[0].outputs


def writes_an_input(graph: Graph) -> None:
    graph.nodes[0].outputs = graph.inputs


def names_two_layers_alike(graph: Graph) -> None:
    graph.nodes[1].name = "abs"


def names_two_values_alike(graph: Graph) -> None:
    graph.nodes[1].outputs[0].name = "abs"


def names_a_value_like_an_input(graph: Graph) -> None:
    graph.nodes[1].outputs[0].name = "x"


def gives_a_list_as_shape(graph: Graph) -> None:
    graph.nodes[0].outputs[0].shape = [1, 4]  # type: ignore[assignment]


def gives_a_shape_of_floats(graph: Graph) -> None:
    graph.nodes[0].outputs[0].shape = (1, 4.0)  # type: ignore[assignment]


def gives_a_negative_size(graph: Graph) -> None:
    graph.inputs[0].shape = (-1, 4)


def adds_an_unwritten_output(graph: Graph) -> None:
    graph.outputs["z"] = Value("z", (1, 4))


BROKEN = {
    swaps_the_nodes: r"node 'relu' reads abs\[1, 4\], which node 'abs' writes only after it",
    drops_a_producer: r"node 'relu' reads abs\[1, 4\], which no node writes",
    drops_the_output: r"the output 'y' is relu\[1, 4\], which no node writes",
    writes_a_value_twice: r"abs\[1, 4\] is written twice",
    writes_an_input: r"x\[1, 4\] is written twice",
    names_two_layers_alike: "two nodes are named 'abs'",
    names_two_values_alike: "two values are named 'abs'",
    names_a_value_like_an_input: "two values are named 'x'",
    gives_a_list_as_shape: r"value 'abs' has the shape \[1, 4\], which is not a tuple of ints",
    gives_a_shape_of_floats: r"value 'abs' has the shape \(1, 4.0\)",
    gives_a_negative_size: r"value 'x' has the shape \(-1, 4\)",
    adds_an_unwritten_output: r"the output 'z' is z\[1, 4\], which no node writes",
}


@pytest.mark.parametrize(("broken", "fault"), BROKEN.items(), ids=lambda item: getattr(item, "__name__", ""))
def test_a_pass_that_breaks_the_graph_is_named(broken, fault) -> None:
    with pytest.raises(InvalidGraphError, match=f"not valid after the pass {broken.__name__}: {fault}"):
        run_passes(graph(), [drop_unused, broken, drop_unused])


def test_a_graph_that_was_broken_before_is_no_fault_of_a_pass() -> None:
    broken = graph()
    drops_a_producer(broken)
    with pytest.raises(InvalidGraphError, match="the graph 'net' is not valid before the first pass"):
        run_passes(broken, [drop_unused])


def test_an_invalid_graph_is_a_mistake_of_this_package() -> None:
    assert not issubclass(InvalidGraphError, (ConversionError, ValueError, RuntimeError))


def test_in_order_and_in_place() -> None:
    seen: list[str] = []
    given = graph()

    def record(graph: Graph, *, label: str) -> None:
        assert graph is given
        seen.append(label)

    run_passes(given, [partial(record, label="first"), drop_unused, partial(record, label="second")])
    assert seen == ["first", "second"]


def test_transformed_leaves_the_graph_as_it_is() -> None:
    given = graph()

    def rename(graph: Graph) -> None:
        graph.nodes.pop()
        graph.outputs = {"y": graph.nodes[0].outputs[0]}
        for value in graph.values():
            value.name += "!"

    after = transformed(given, [rename])
    assert (types(after), [value.name for value in after.values()]) == (["AbsVal"], ["x!", "abs!"])
    assert (types(given), [value.name for value in given.values()]) == (["AbsVal", "ReLU"], ["x", "abs", "relu"])


def test_a_pass_with_options_has_the_name_of_its_function() -> None:
    assert name_of(partial(partial(drop_unused))) == "drop_unused"
