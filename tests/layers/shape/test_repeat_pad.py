"""Borders of a map's own numbers, in the layers that fit every size."""

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import load_caffe, save_caffe, to_torch, trace
from pytorch2caffe.graph.other_sizes import fixed_by
from pytorch2caffe.runtime.infer import infer

MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # torch's and numpy's


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pad", [(1, 1, 1, 1), (0, 1, 3, 1), (2, 0, 1, 3)])
def test_fits_every_size(pad, mode, tmp_path):
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    written = save_caffe(trace(lambda x: nn.functional.pad(x, pad, mode), torch.randn(1, 2, 9, 8)), *files)
    assert fixed_by(written, infer) == {}
    graph = load_caffe(*files, input_shape=(2, 2, 11, 13))
    x = torch.randn(2, 2, 11, 13)
    left, right, top, bottom = pad
    expected = np.pad(x.numpy(), ((0, 0), (0, 0), (top, bottom), (left, right)), mode=MODES[mode])
    np.testing.assert_array_equal(to_torch(graph)(x).numpy(), expected)


def test_it_only_moves_numbers(tmp_path):
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(trace(nn.ReflectionPad2d(1), x := torch.randn(1, 2, 9, 8)), *files)
    x[0, 0, 3, 4], x[0, 1, 8, 0], x[0, 1, 0, 0] = float("inf"), float("nan"), 3e38
    actual = to_torch(load_caffe(*files))(x)
    torch.testing.assert_close(actual, nn.ReflectionPad2d(1)(x), rtol=0, atol=0, equal_nan=True)


def test_a_fixed_size_gets_fewer_layers(tmp_path):
    class Fixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.pad, self.fc = nn.ReflectionPad2d(1), nn.Linear(2 * 11 * 10, 3)

        def forward(self, x):
            return self.fc(self.pad(x).flatten(1))

    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    written = save_caffe(trace(Fixed(), torch.randn(1, 2, 9, 8)), *files)
    assert [node.layer.type for node in written.nodes] == ["Slice", "Concat"] * 2 + ["Flatten", "InnerProduct"]
