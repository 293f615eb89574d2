"""Rolls, borders and slices up to the end: right for this size only, or in layers for every size."""

import pytest
import torch

from pytorch2caffe import save_ncnn, to_torch, trace
from pytorch2caffe.passes.expand_ends import counts_from_end, expand_ends
from pytorch2caffe.runtime.infer import infer

CASES = {
    "a slice": lambda x: x[:, :, 1:-1],
    "a roll": lambda x: x.roll(1, 3),
    "a border": lambda x: torch.nn.functional.pad(x, (1, 1, 0, 0), "reflect"),
    "halves": lambda x: torch.cat(x.chunk(2, 3), 1),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("any_size", [False, True])
def test_expand_ends(name, any_size):
    x = torch.randn(2, 3, 5, 6)
    graph = trace(CASES[name], x)
    assert any(map(counts_from_end, graph.nodes))
    expand_ends(graph, infer, any_size=any_size)
    graph.validate()
    assert any(value.fixed for value in graph.values()) != any_size
    assert any_size or not any(map(counts_from_end, graph.nodes))
    torch.testing.assert_close(to_torch(graph)(x), CASES[name](x), rtol=0, atol=0)


def test_other_graphs_stay():
    graph = trace(torch.relu, torch.randn(1, 3, 5, 6))
    nodes = list(graph.nodes)
    expand_ends(graph, infer, any_size=True)
    assert graph.nodes == nodes


def test_ncnn_gets_the_form_of_one_size(tmp_path):
    files = save_ncnn(trace(CASES["a roll"], torch.randn(1, 3, 5, 6)), tmp_path / "net")
    assert [line.type for line in files.lines] == ["Input", "Slice", "Concat"]
