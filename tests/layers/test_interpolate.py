import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import types_of

SCALES = [2, 3, 4, (2, 3), (1, 2)]
CASES = {f"{mode} x{scale}": nn.Upsample(scale_factor=scale, mode=mode) for mode in ("nearest", "bilinear") for scale in SCALES}
CASES |= {
    "nearest to a size": lambda x: F.interpolate(x, size=(8, 15)),
    "bilinear to a size": lambda x: F.interpolate(x, size=(8, 15), mode="bilinear"),
    "bilinear to a size of one number": lambda x: F.interpolate(x[:, :, :, :4], 12, mode="bilinear", align_corners=False),
    "to the size of another": lambda x: F.interpolate(F.max_pool2d(x[..., :4], 2), size=x.shape[2:3] * 2) + x[..., :4],
    "by one": lambda x: F.interpolate(x, scale_factor=1, mode="bilinear") * 2,
    "nearest by a whole float": lambda x: F.interpolate(x, scale_factor=2.0),
    "one pixel": lambda x: F.interpolate(x[:, :, :1, :1], scale_factor=4, mode="bilinear", align_corners=False),
}
REFUSED = {
    "not a whole factor": lambda x: F.interpolate(x, scale_factor=1.5),
    "smaller": lambda x: F.interpolate(x, scale_factor=0.5),
    "a size that does not divide": lambda x: F.interpolate(x, size=(7, 11), mode="bilinear"),
    "corners aligned": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True),
    "bicubic": lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"),
    "antialias": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", antialias=True),
    "three axes": lambda x: F.interpolate(x[0], scale_factor=2),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5))


@pytest.mark.parametrize("model", REFUSED.values(), ids=REFUSED)
def test_others_are_refused(model):
    with pytest.raises(UnsupportedError, match="interpolate"):
        trace(model, torch.zeros(1, 3, 4, 5))


def test_nearest_is_one_layer():
    assert types_of(nn.Upsample(scale_factor=2), torch.zeros(1, 3, 4, 5)) == ["Deconvolution"]


def test_bilinear_is_two_layers():
    model = nn.Upsample(scale_factor=2, mode="bilinear")
    assert types_of(model, torch.zeros(1, 3, 4, 5)) == ["Deconvolution", "Scale"]
