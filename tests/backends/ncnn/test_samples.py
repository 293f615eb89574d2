"""Heads, windows and frames: networks of one sample, in which the first axis of a value is longer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytorch2caffe import UnsupportedError, load_caffe, save_caffe, save_ncnn, trace
from pytorch2caffe.verify.runtimes import get

pytestmark = pytest.mark.slow  # in ncnn

pytest.importorskip("ncnn")


class Frames(nn.Module):
    """A layer on three frames of [1, 12, H, W], as [3, 4, H, W]."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x.view(3, 4, *x.shape[2:])).flatten(0, 1)[None]


class Attention(nn.Module):
    """Attention of two heads with a term that is computed from the input: in plain Caffe layers of a batch of two."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.qkv(x).view(1, 5, 3, 2, 4).permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-2, -1) / 2 + x.mean(-1).view(1, 1, 1, 5)
        return self.out((scores.softmax(-1) @ value).transpose(1, 2).reshape(1, 5, 8))


class Resize(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=1.5, mode="bilinear")


LAYERS: dict[str, Callable[[], list[nn.Module]]] = {
    "convolution": lambda: [nn.Conv2d(4, 6, 3, 2, 1)],
    "large weights": lambda: [nn.Conv2d(4, 2000, (7, 9), (2, 1), (3, 1)), nn.Conv2d(2000, 3, 1)],
    "large weights, dilated": lambda: [nn.Conv2d(4, 2000, (7, 7), (3, 2), (6, 6), 2), nn.Conv2d(2000, 3, 1)],
    "transposed convolution in groups": lambda: [nn.ConvTranspose2d(4, 6, 3, 2, 1, groups=2)],
    "convolution of rows": lambda: [nn.Flatten(2), nn.Conv1d(4, 2, 3)],
    "pooling": lambda: [nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2)],
    "normalizations": lambda: [nn.BatchNorm2d(4), nn.GroupNorm(2, 4), nn.InstanceNorm2d(4)],
    "a slope for each channel": lambda: [nn.PReLU(4)],
    "pixel shuffle": lambda: [nn.PixelShuffle(2)],
    "global average": lambda: [nn.AdaptiveAvgPool2d(1)],
    "bilinear": lambda: [Resize()],
}


def difference_in_ncnn(graph, folder, x, expected):
    files = save_ncnn(graph, folder / "net")
    fed = {files.inputs[name]: x.numpy() for name in files.inputs}
    results = get("ncnn").run(folder / "net.param", folder / "net.bin", fed)
    (actual,) = (array for (_, top), array in results.items() if top in files.outputs.values())
    return np.linalg.norm(actual.ravel() - expected.detach().numpy().ravel()) / np.linalg.norm(expected.detach())


@pytest.mark.parametrize("name", LAYERS)
def test_frames_of_one_sample(name, tmp_path):
    torch.manual_seed(0)
    model, x = Frames(*LAYERS[name]()).eval(), torch.randn(1, 12, 11, 13)
    assert difference_in_ncnn(trace(model, x), tmp_path, x, model(x)) < 1e-5


def test_attention_of_default_files(tmp_path):
    torch.manual_seed(0)
    model, x = Attention().eval(), torch.randn(1, 5, 8)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    written = save_caffe(trace(model, x), *files)
    assert any(value.shape[0] == 2 for node in written.nodes for value in node.outputs)
    assert difference_in_ncnn(load_caffe(*files), tmp_path, x, model(x)) < 1e-5


def test_several_samples_of_the_network_are_refused(tmp_path):
    with pytest.raises(UnsupportedError, match="a batch of 2; ncnn accepts one sample"):
        save_ncnn(trace(nn.MaxPool2d(2), torch.randn(2, 3, 8, 8)), tmp_path / "net")
