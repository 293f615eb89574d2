import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe.errors import Refused
from pytorch2caffe.graph.builder import Builder
from pytorch2caffe.graph.graph import Graph, Value
from pytorch2caffe.layers.resize.interpolate import interpolate
from pytorch2caffe.runtime.infer import infer
from tests.layers.conftest import types_of

CASES = {
    "nearest by 2": nn.Upsample(scale_factor=2),
    "nearest by hardly more than 2": nn.Upsample(scale_factor=(2.0000001, 2.09)),
    "nearest by hardly more than 1": nn.Upsample(scale_factor=(1.1, 2)),
    "nearest by hardly more than 1, exactly": nn.Upsample(scale_factor=(1.1, 2), mode="nearest-exact"),
    "nearest by 3": nn.Upsample(scale_factor=3),
    "nearest by 4 and 2": nn.Upsample(scale_factor=(4, 2)),
    "nearest to a size, integer factors": nn.Upsample(size=(10, 21)),
    "nearest to a size, odd ratio": nn.Upsample(size=(8, 9)),
    "nearest down": nn.Upsample(size=(2, 3)),
    "nearest by 1.7": nn.Upsample(scale_factor=1.7),
    "nearest-exact by 2": nn.Upsample(scale_factor=2, mode="nearest-exact"),
    "nearest-exact odd": nn.Upsample(size=(8, 4), mode="nearest-exact"),
    "bilinear by 2": nn.Upsample(scale_factor=2, mode="bilinear"),
    "bilinear by 3": nn.Upsample(scale_factor=3, mode="bilinear"),
    "bilinear by 8": nn.Upsample(scale_factor=8, mode="bilinear"),
    "bilinear by 4 and 3": nn.Upsample(scale_factor=(4, 3), mode="bilinear"),
    "bilinear to integer factors": nn.Upsample(size=(15, 14), mode="bilinear"),
    "bilinear, corners aligned": nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
    "bilinear odd ratio": nn.Upsample(size=(7, 13), mode="bilinear"),
    "bilinear odd ratio, corners aligned": nn.Upsample(size=(7, 13), mode="bilinear", align_corners=True),
    "bilinear down": nn.Upsample(size=(3, 2), mode="bilinear"),
    "bilinear by 1.5": nn.Upsample(scale_factor=1.5, mode="bilinear"),
    "bilinear by 1.5, recomputed": nn.Upsample(scale_factor=1.5, mode="bilinear", recompute_scale_factor=True),
    "bilinear by 1.1, which leaves the size": nn.Upsample(scale_factor=1.1, mode="bilinear"),
    "bicubic by 2": nn.Upsample(scale_factor=2, mode="bicubic"),
    "bicubic odd, corners aligned": nn.Upsample(size=(9, 4), mode="bicubic", align_corners=True),
    "bilinear, antialiased": lambda x: F.interpolate(x, size=(2, 5), mode="bilinear", antialias=True),
    "bilinear by 0.6, antialiased": lambda x: F.interpolate(x, scale_factor=0.6, mode="bilinear", antialias=True),
    "bicubic, antialiased": lambda x: F.interpolate(x, size=(3, 9), mode="bicubic", antialias=True),
    "area": lambda x: F.interpolate(x, size=(3, 4), mode="area"),
    "one axis only": nn.Upsample(size=(5, 14), mode="bilinear"),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 5, 7), (2, 2, 5, 7)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.parametrize("mode", ["nearest", "linear", "area"])
def test_one_axis_of_space(mode, same_everywhere):
    same_everywhere(lambda x: F.interpolate(x, size=11, mode=mode), torch.randn(2, 3, 7))


def test_an_integer_factor_is_one_deconvolution():
    assert types_of(nn.Upsample(scale_factor=2), torch.randn(1, 3, 4, 4)) == ["Deconvolution"]
    bilinear = nn.Upsample(scale_factor=2, mode="bilinear")
    edges = ["Power", "Deconvolution", "Power", "Convolution"]
    assert types_of(bilinear, torch.randn(1, 3, 4, 4)) == ["Deconvolution", *edges, "Eltwise"]


def test_the_same_size_is_no_layer():
    assert types_of(lambda x: F.interpolate(torch.relu(x), size=(4, 4)), torch.randn(1, 3, 4, 4)) == ["ReLU"]


def test_a_size_or_a_factor_is_required():
    with pytest.raises(Refused, match="interpolate without size and scale_factor"):
        interpolate(Builder(Graph(), infer), Value("x", (1, 3, 4, 4)))
