"""Each part of a network, run on values that are given."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import trace
from pytorch2caffe.runtime.run import run
from pytorch2caffe.verify.judge import NOTHING, distance
from pytorch2caffe.verify.local import EPSILON, run_parts, run_rounded


@pytest.fixture(params=[np.float32, np.float64])
def network(request):
    """A graph and the array of each of its values, in one type."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 1), nn.AdaptiveAvgPool2d(1))
    graph = trace(model, torch.zeros(1, 3, 6, 6))
    data = np.random.default_rng(0).normal(size=(1, 3, 6, 6)).astype(request.param)
    computed = {top: array for (_, top), array in run(graph, {"data": data}, dtype=request.param).items()}
    return graph, {value: computed.get(value.name, data) for value in graph.values()}


def test_each_part_computes_what_the_network_does(network):
    graph, arrays = network
    parts = dict(run_parts(graph, arrays))
    assert list(parts) == [value for node in graph.nodes for value in node.outputs]
    for value, part in parts.items():
        assert part.computed.dtype == arrays[value].dtype
        assert np.array_equal(part.computed, arrays[value])
        assert part.floor == NOTHING


def test_a_fault_stays_in_its_part(network):
    graph, arrays = network
    node = graph.nodes[0]
    node.blobs = (node.blobs[0] * 2, *node.blobs[1:])
    different = [value for value, part in run_parts(graph, arrays) if not np.allclose(part.computed, arrays[value])]
    assert different == node.outputs


def test_a_part_may_be_several_layers(network):
    graph, arrays = network
    ends = {value: arrays[value] for value in (*graph.inputs, *graph.outputs.values())}
    ((value, part),) = run_parts(graph, ends)
    assert np.allclose(part.computed, arrays[value], rtol=1e-6)


def test_the_floor_is_the_effect_of_a_rounding():
    graph = trace(lambda x: (x - x.mean(1, keepdim=True), x[:, 1:])[0], torch.zeros(1, 4))
    arrays = {graph.inputs[0].name: np.full((1, 4), 1000.5)}
    tops = {top: array for (_, top), array in run(graph, arrays, dtype=np.float64).items()}
    given = {value: tops.get(value.name, arrays.get(value.name)) for value in graph.values()}
    last = graph.outputs[next(iter(graph.outputs))]
    part = dict(run_parts(graph, given, draws=2))[last]
    assert distance(part.computed, np.zeros((1, 4))) == NOTHING  # zero but for rounding
    assert EPSILON * 900 < part.floor.max_abs < EPSILON * 3000


def test_layers_that_move_numbers_do_not_round():
    graph = trace(lambda x: x.transpose(1, 2).flatten(1), torch.zeros(1, 3, 4))
    given = {value: np.random.default_rng(0).normal(size=value.shape) for value in graph.values()}
    assert all(part.floor == NOTHING for _, part in run_parts(graph, given, draws=1))


def test_rounding_grows_through_the_network_from_the_inputs_alone():
    graph = trace(lambda x: ((x + 1e4) * 3 - 3e4) / 7, torch.zeros(1, 8))
    inputs = {graph.inputs[0]: np.random.default_rng(0).normal(size=(1, 8))}
    last = graph.outputs[next(iter(graph.outputs))]
    ((_, part),) = run_rounded(graph, inputs, [last], draws=3)
    assert part.floor.max_abs > 1e4 * EPSILON / 7
