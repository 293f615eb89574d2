import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, save_caffe, to_torch, trace
from tests.layers.conftest import types_of


class SegNet(nn.Module):
    """Two levels: each is unpooled with the positions of its own pooling."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, padding=1)
        self.middle = nn.Conv2d(4, 4, 3, padding=1)
        self.up = nn.Conv2d(4, 3, 3, padding=1)
        self.pool, self.unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)

    def forward(self, x):
        first, second = self.down(x).relu(), None
        y, indices = self.pool(first)
        second = self.middle(y).relu()
        z, inner = self.pool(second)
        z = self.unpool(z * 2 - 1, inner, output_size=second.size())
        return self.up(self.unpool(z, indices, output_size=first.size()))


def unpooled(x, kernel=2, **settings):
    values, indices = F.max_pool2d(x, kernel, return_indices=True, **settings)
    return F.max_unpool2d(values.flip(1) + 1, indices, kernel, output_size=x.shape[2:])


def unpooled_1d(x, kernel=2):
    values, indices = F.max_pool1d(x, kernel, return_indices=True)
    return F.max_unpool1d(values * 2 - 1, indices, kernel, output_size=x.shape[-1:])


def unpooled_3d(x, kernel=2):
    values, indices = F.max_pool3d(x, kernel, return_indices=True)
    return F.max_unpool3d(values * 2 - 1, indices, kernel, output_size=x.shape[-3:])


CASES = {
    "SegNet": (SegNet(), (2, 3, 8, 12)),
    "2x2": (unpooled, (2, 3, 4, 6)),
    "the last row and column are left out": (unpooled, (1, 3, 5, 7)),
    "rectangular": (lambda x: unpooled(x, (3, 2)), (1, 2, 6, 4)),
    "equal numbers: the first is the maximum": (lambda x: unpooled(x.relu()), (1, 4, 8, 8)),
    "all equal": (lambda x: unpooled(x * 0 + 3), (1, 2, 4, 4)),
    "without a batch axis": (lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2), (3, 4, 4)),
    "1d": (unpooled_1d, (1, 3, 9)),
    "1d, all equal, three at a time": (lambda x: unpooled_1d(x * 0 + 1, 3), (2, 2, 6)),
    "1d without a batch axis": (unpooled_1d, (3, 8)),
    "3d": (unpooled_3d, (1, 2, 4, 4, 6)),
    "3d, numbers that are equal": (lambda x: unpooled_3d((x * 2).round().relu()), (1, 2, 6, 4, 4)),
    "3d, the rest is left out": (lambda x: unpooled_3d(x, (2, 1, 3)), (1, 2, 5, 3, 7)),
    "3d of maps": (lambda x: unpooled_3d(x, (1, 2, 2)), (1, 2, 3, 4, 4)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.parametrize("scale", [1e-38, 1.0, 1e37])
def test_is_exact_in_every_range(scale, run_in):
    x = (torch.randn(1, 3, 8, 8) * 2).round() * scale
    model = lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2)  # noqa: E731
    assert torch.equal(run_in("builtin", model, x), model(x))


def test_the_layers_it_becomes():
    types = types_of(unpooled, torch.zeros(1, 1, 4, 4), dialect="caffe-master")
    assert types.count("Convolution") == 4
    assert types.count("Deconvolution") == 1


def test_positions_are_those_of_pytorch():
    x = torch.randn(1, 3, 8, 8)
    model = lambda x: F.max_pool2d(x, 3, 2, 1, return_indices=True)[1] + 1  # noqa: E731
    assert torch.equal(to_torch(trace(model, x))(x).long(), model(x))


def test_positions_are_refused_for_caffe(tmp_path):
    graph = trace(lambda x: F.max_pool2d(x, 2, return_indices=True)[1] * 2, torch.zeros(1, 3, 8, 8))
    with pytest.raises(UnsupportedError, match="no Caffe layer gives the positions of the maxima"):
        save_caffe(graph, tmp_path / "net.prototxt", tmp_path / "net.caffemodel")


def overlapping(x):
    values, indices = F.max_pool2d(x, 3, 2, 1, return_indices=True)
    return F.max_unpool2d(values, indices, 3, 2, 1, output_size=x.shape[2:])


REFUSED = {
    "constant positions": (
        lambda x: F.max_unpool2d(x, torch.arange(64).view(1, 1, 8, 8).expand(1, 3, 8, 8), 2),
        "max_unpool2d with positions that are not the indices of one max_pool2d",
    ),
    "1d, windows that overlap": (
        lambda x: F.max_unpool1d(*F.max_pool1d(x[0], 3, 2, return_indices=True), 3, 2),
        "max_unpool2d after a max_pool2d whose windows overlap",
    ),
    "3d, positions of another pooling": (
        lambda x: F.max_unpool3d(x, F.max_pool3d(x.transpose(1, 2), 1, return_indices=True)[1].transpose(1, 2), 1),
        "max_unpool3d with positions that are not the indices of one max_pool3d",
    ),
    "windows that overlap": (overlapping, "two may have their maximum at one position"),
    "windows that overhang": (lambda x: unpooled(x[..., :7], ceil_mode=True), "or overhang"),
    "another size": (
        lambda x: F.max_unpool2d(*F.max_pool2d(x[..., :7], 2, return_indices=True), 2, output_size=(9, 7)),
        r"to \[9, 7\], but the positions are those of a map of \[8, 7\]",
    ),
    "positions that are computed": (
        lambda x: F.max_unpool2d(x, torch.ones_like(x).long() * x.argmax(1, keepdim=True) * 0, 1),
        "not the indices of one max_pool2d",
    ),
}


@pytest.mark.parametrize(("model", "match"), REFUSED.values(), ids=REFUSED)
def test_is_refused(model, match):
    with pytest.raises(UnsupportedError, match=match):
        trace(model, torch.randn(1, 3, 8, 8))
