"""Padding folded into the convolutions and averages that follow it."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import save_caffe, to_torch, trace
from pytorch2caffe.passes.fold_pads import fold_pads
from tests.layers.conftest import relative_l2, types_of

PADS = {"alike": (1, 1, 1, 1), "behind": (0, 1, 0, 1), "before": (1, 0, 2, 0), "one way each": (0, 2, 3, 1)}
CONVOLUTIONS = {
    "3x3": nn.Conv2d(3, 4, 3),
    "stride 2": nn.Conv2d(3, 4, 3, 2),
    "padded itself": nn.Conv2d(3, 4, 3, padding=1),
    "groups": nn.Conv2d(3, 6, 2, 2, groups=3, bias=False),
}


def model(pads, convolution):
    return lambda x: convolution(F.pad(x, pads))


@pytest.mark.parametrize("pads", PADS.values(), ids=PADS)
@pytest.mark.parametrize("convolution", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_the_convolution_takes_it_over(pads, convolution, tmp_path):
    x = torch.randn(1, 3, 8, 9)
    graph = trace(model(pads, convolution), x)
    lowered = save_caffe(graph, tmp_path / "x.prototxt", tmp_path / "x.caffemodel")
    assert [node.layer.type for node in lowered.nodes] == ["Convolution"]
    with torch.no_grad():
        expected = model(pads, convolution)(x).numpy()
        assert relative_l2(to_torch(lowered)(x).numpy(), expected) < 1e-5
        assert relative_l2(to_torch(graph)(x).numpy(), expected) < 1e-5  # what was traced is as it was


def test_in_real_caffe(real_caffe, tmp_path):
    x, files = torch.randn(1, 3, 8, 9), (tmp_path / "x.prototxt", tmp_path / "x.caffemodel")
    wanted = model((0, 1, 0, 1), CONVOLUTIONS["stride 2"])
    (name,) = save_caffe(trace(wanted, x), *files).outputs
    found = {top: array for (_, top), array in real_caffe.run(*files, {"data": x.numpy()}).items()}
    with torch.no_grad():
        assert relative_l2(found[name], wanted(x).numpy()) < 1e-5


AVERAGES = {
    "3x3": (nn.AvgPool2d(3, 1), nn.AvgPool2d(3, 1, 1)),
    "stride 2": (nn.AvgPool2d(3, 2), nn.AvgPool2d(3, 2, 1)),
    "rounding up": (nn.AvgPool2d(3, 2, ceil_mode=True), nn.AvgPool2d(3, 2, 1, ceil_mode=True)),
}


@pytest.mark.parametrize(("bare", "padded"), AVERAGES.values(), ids=AVERAGES)
@pytest.mark.parametrize("size", [(8, 9), (7, 10)], ids=str)
def test_an_average_that_counts_its_padding_takes_it_over(bare, padded, size):
    x = torch.randn(1, 3, *size)
    graph = trace(model((1, 1, 1, 1), bare), x)
    fold_pads(graph)
    assert [node.layer.type for node in graph.nodes] == ["Pooling"]
    torch.testing.assert_close(to_torch(graph)(x), padded(x))
    torch.testing.assert_close(to_torch(graph)(x), bare(F.pad(x, (1, 1, 1, 1))))


def test_an_average_that_leaves_its_padding_out_and_a_maximum_do_not():
    for pool in nn.AvgPool2d(3, 1, 1, count_include_pad=False), nn.MaxPool2d(3, 1):
        graph = trace(model((1, 1, 1, 1), pool), torch.zeros(1, 3, 9, 9))
        fold_pads(graph)
        assert [node.layer.type for node in graph.nodes] == ["Pad", "Pooling"]


def test_dilated_kernels_take_what_falls_on_their_taps():
    dilated = nn.Conv2d(3, 4, 3, dilation=2)
    assert types_of(model((0, 2, 0, 2), dilated), torch.zeros(1, 3, 9, 9)) == ["Convolution"]
    assert "Concat" in types_of(model((0, 1, 0, 1), dilated), torch.zeros(1, 3, 9, 9))


def test_several_convolutions_take_it_over_and_nothing_else_may_read_it():
    a, b = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3, bias=False)

    def both(x):
        y = F.pad(x, (0, 1, 0, 1))
        return a(y) + b(y)

    def read(x):
        y = F.pad(x, (0, 1, 0, 1))
        return a(y), y.relu()

    assert types_of(both, torch.zeros(1, 3, 9, 9)) == ["Convolution", "Convolution", "Eltwise"]
    assert "Concat" in types_of(read, torch.zeros(1, 3, 9, 9))


def test_other_values_than_zero_stay():
    def ones(x):
        return CONVOLUTIONS["3x3"](F.pad(x, (0, 1, 0, 1), value=1.0))

    assert "Concat" in types_of(ones, torch.zeros(1, 3, 9, 9))


def test_unless_asked_kernels_are_not_extended():
    for pads, count in ((1, 1, 1, 1), 1), ((0, 1, 0, 1), 2):
        graph = trace(model(pads, CONVOLUTIONS["3x3"]), torch.zeros(1, 3, 9, 9))
        fold_pads(graph, extend=False)
        assert len(graph.nodes) == count
        assert graph.nodes[-1].blobs[0].shape == (4, 3, 3, 3)
    assert np.array_equal(graph.nodes[-1].blobs[0], CONVOLUTIONS["3x3"].weight.detach())
