"""Layers per call, and bytes of a caffemodel per byte of weights."""

from __future__ import annotations

import torch
from torch import nn

from pytorch2caffe import export
from tests.sweep.measure import size


def test_a_network_of_three_calls(tmp_path):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Hardtanh(0, 6))
    graph = export(model, torch.randn(1, 3, 8, 8), tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    found = size(graph, model)
    assert found.calls == 3
    assert found.layers == 1 + len(graph.nodes)
    assert found.state_dict == 4 * (4 * 3 * 3 * 3 + 4)
    assert 0 < found.caffemodel - found.state_dict < 500
    assert found.layers_per_call == found.layers / 3
    assert found.bytes_per_byte == found.caffemodel / found.state_dict


def test_a_shared_weight_counts_once(tmp_path):
    conv = nn.Conv2d(3, 3, 1)
    model = nn.Sequential(conv, conv)
    graph = export(model, torch.randn(1, 3, 8, 8), tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    assert size(graph, model).state_dict == 4 * (3 * 3 + 3)
