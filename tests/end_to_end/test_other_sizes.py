"""Files that were exported at one size, edited, and run in real Caffe at other sizes and batches."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytorch2caffe import save_caffe, trace
from pytorch2caffe.verify.runtimes import RuntimeFailed

EXPORTED_AT = (1, 3, 16, 16)
OTHERS = ((4, 3, 20, 24), (1, 3, 17, 23))
TOLERANCE = 1e-4


class Block(nn.Module):
    """A convolution, and what a function of its result and of more layers gives."""

    def __init__(self, function: Callable[..., Tensor], *layers: nn.Module) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.layers = nn.ModuleList(layers)
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(self.first(x), *self.layers)


def excite(y: Tensor, layer: nn.Module) -> Tensor:
    weight = F.adaptive_avg_pool2d(y, 1).view(y.size(0), -1)
    return y * torch.sigmoid(layer(weight)).view(y.size(0), -1, 1, 1).expand_as(y)


def efficient_attention(y: Tensor, layer: nn.Module) -> Tensor:
    row = F.adaptive_avg_pool2d(y, 1).squeeze(-1).transpose(-1, -2)
    return y * torch.sigmoid(layer(row).transpose(-1, -2).unsqueeze(-1)).expand_as(y)


def focus(y: Tensor, layer: nn.Module) -> Tensor:
    return layer(torch.cat([y[..., ::2, ::2], y[..., 1::2, ::2], y[..., ::2, 1::2], y[..., 1::2, 1::2]], 1))


FITS_ALL: dict[str, Callable[[], nn.Module]] = {
    "max pooling, 3 by 2, padded": lambda: Block(lambda y, p: p(y), nn.MaxPool2d(3, 2, 1)),
    "max pooling, 3 by 2": lambda: Block(lambda y, p: p(y), nn.MaxPool2d(3, 2)),
    "max pooling, rounding up": lambda: Block(lambda y, p: p(y), nn.MaxPool2d(3, 2, ceil_mode=True)),
    "average pooling, padded": lambda: Block(lambda y, p: p(y), nn.AvgPool2d(3, 2, 1)),
    "every second window": lambda: Block(lambda y, p: p(y), nn.MaxPool2d(1, 2)),
    "global pooling and a linear layer": lambda: Block(lambda y, fc: fc(y.mean((2, 3))), nn.Linear(8, 5)),
    "squeeze and excitation": lambda: Block(lambda y, c: y * c(y.mean((2, 3), True)).sigmoid(), nn.Conv2d(8, 8, 1)),
    "squeeze and excitation, expanded": lambda: Block(excite, nn.Linear(8, 8)),
    "efficient channel attention": lambda: Block(efficient_attention, nn.Conv1d(1, 1, 3, padding=1)),
    "every second row and column": lambda: Block(lambda y: y[:, :, ::2, ::2] + y[:, :, ::2, ::2]),
    "pixel shuffle": lambda: Block(lambda y: F.pixel_shuffle(y, 2)),
    "channel shuffle": lambda: Block(lambda y: F.channel_shuffle(y, 2)),
    "nearest": lambda: Block(lambda y: F.interpolate(y, scale_factor=2)),
    "normalized channels": lambda: Block(lambda y: F.normalize(y, dim=1)),
    "channels without their mean": lambda: Block(lambda y: y - y.mean(1, keepdim=True)),
    "average without the padding": lambda: Block(lambda y, p: p(y), nn.AvgPool2d(3, 2, 1, count_include_pad=False)),
    "max pooling, 2 by 2": lambda: Block(lambda y, p: p(y), nn.MaxPool2d(2)),
    "average pooling, 2 by 2": lambda: Block(lambda y, p: p(y), nn.AvgPool2d(2)),
    "spatial attention": lambda: Block(
        lambda y, c: y * c(torch.cat([y.mean(1, True), y.amax(1, True)], 1)).sigmoid(), nn.Conv2d(2, 1, 3, padding=1)
    ),
    "least of 17 channels": lambda: Block(lambda y: torch.cat([y, y * 2, y[:, :1] - 1], 1).amin(1, True)),
    "bilinear": lambda: Block(lambda y: F.interpolate(y, scale_factor=2, mode="bilinear")),
    "less the mean of each channel": lambda: Block(lambda y: y - y.mean((2, 3), True)),
    "means of rows": lambda: Block(lambda y: y.mean(3) + y.amin(3)),
    "rows by their means": lambda: Block(lambda y: y * y.mean(3, True).sigmoid()),
    "one map without its channel": lambda: Block(lambda y: y.mean(1)),
    "all but the first row": lambda: Block(lambda y: y[:, :, 1:]),
    "rows from the start": lambda: Block(lambda y: y[:, :, 9:13]),
    "rolled towards the start": lambda: Block(lambda y: torch.roll(y, (-1, -2), (2, 3))),
    "padded at the start": lambda: Block(lambda y: F.pad(y, (2, 0, 1, 0), mode="reflect")),
    "padded on one side": lambda: Block(lambda y: F.pad(y, (0, 1, 0, 1))),
    "softmax over channels": lambda: Block(lambda y: y.softmax(1)),
    "instance normalization": lambda: Block(lambda y: F.instance_norm(y)),
    "layer normalization of channels": lambda: Block(
        lambda y, n: n(y.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), nn.LayerNorm(8)
    ),
    "all but the last row": lambda: Block(lambda y: y[:, :, :-1]),
    "reflection padding": lambda: Block(lambda y: F.pad(y, (1, 1, 1, 1), mode="reflect")),
    "replication padding": lambda: Block(lambda y: F.pad(y, (1, 1, 1, 1), mode="replicate")),
    "rolled": lambda: Block(lambda y: torch.roll(y, (1, 1), (2, 3))),
    "group normalization": lambda: Block(lambda y: F.group_norm(y, 2)),
}
EVEN = {  # right at other even sizes; the model itself refuses odd ones, or drops their last row
    "halves": lambda: Block(lambda y: torch.cat(torch.cat(y.chunk(2, 2), 1).chunk(2, 3), 1)),
    "pixel unshuffle": lambda: Block(lambda y: F.pixel_unshuffle(y, 2)),
    "focus": lambda: Block(focus, nn.Conv2d(32, 4, 3)),
}
FAILS = {  # right at another batch; does not load at another size
    "bilinear, aligned corners": lambda: Block(
        lambda y: F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=True)
    ),
    "bilinear, a factor of 1.5": lambda: Block(lambda y: F.interpolate(y, scale_factor=1.5, mode="bilinear")),
    "pooling and a linear layer": lambda: Block(
        lambda y, p, fc: fc(p(y).flatten(1)), nn.MaxPool2d(2), nn.Linear(8 * 8 * 8, 5)
    ),
    "the last row": lambda: Block(lambda y: y[:, :, -1:]),
    "flipped": lambda: Block(lambda y: y.flip((2, 3))),
    "three by three windows": lambda: Block(lambda y: F.adaptive_avg_pool2d(y, 3)),
    "a sum over space": lambda: Block(lambda y: y.sum((2, 3))),
    "a variance over space": lambda: Block(lambda y: y.var((2, 3))),
    "coordinate attention": lambda: Block(lambda y: y * y.mean(2, True).sigmoid() * y.mean(3, True).sigmoid()),
}


def results(real_caffe: Any, model: nn.Module, folder: Path, shapes: Sequence[tuple[int, ...]]) -> list[str]:
    """Exports at one size, edits the size in the prototxt, and says how real Caffe's results at `shapes` compare."""
    torch.manual_seed(0)
    files = folder / "net.prototxt", folder / "net.caffemodel"
    graph = save_caffe(trace(model.eval(), torch.randn(EXPORTED_AT)), *files)
    output = next(iter(graph.outputs.values())).name
    return [result(real_caffe, model, files, output, shape) for shape in shapes]


def result(real_caffe: Any, model: nn.Module, files: tuple[Path, Path], output: str, shape: tuple[int, ...]) -> str:
    edited, dims = files[0].with_name("edited.prototxt"), iter(shape)
    edited.write_text(re.sub(r"(?<=dim: )\d+", lambda _: str(next(dims)), files[0].read_text(), count=4))
    x = torch.randn(shape)
    try:
        blobs = {top: a for (_, top), a in real_caffe.run(edited, files[1], {"data": x.numpy()}).items()}
    except RuntimeFailed:
        return "fails"
    actual, expected = blobs[output], model(x).detach().numpy()
    if actual.shape != expected.shape:
        return f"shape {actual.shape} instead of {expected.shape}"
    error = float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))
    return "right" if error < TOLERANCE else f"wrong by {error:.1e}"


@pytest.mark.parametrize("name", FITS_ALL)
def test_right_at_every_size_and_batch(name, real_caffe, tmp_path):
    assert results(real_caffe, FITS_ALL[name](), tmp_path, OTHERS) == ["right"] * len(OTHERS)


@pytest.mark.parametrize("name", EVEN)
def test_right_at_every_even_size(name, real_caffe, tmp_path):
    assert results(real_caffe, EVEN[name](), tmp_path, [*OTHERS[:1], (1, 3, 32, 32)]) == ["right", "right"]


@pytest.mark.parametrize("name", FAILS)
def test_fails_rather_than_compute_something_else(name, real_caffe, tmp_path):
    shapes = [(4, *EXPORTED_AT[1:]), *OTHERS]
    assert results(real_caffe, FAILS[name](), tmp_path, shapes) == ["right"] + ["fails"] * len(OTHERS)
