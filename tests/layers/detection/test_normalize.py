"""SSD's Normalize: as a layer in OpenCV, in plain layers elsewhere."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pytorch2caffe.detection import ssd_normalize
from tests.layers.conftest import types_of


class Normalized(nn.Module):
    def __init__(self, scales: int, across_spatial: bool = False, eps: float = 1e-10):
        super().__init__()
        self.scale = nn.Parameter(torch.linspace(1, 20, scales))
        self.settings = across_spatial, eps

    def forward(self, x):
        return ssd_normalize(x, self.scale, *self.settings)


CASES = {
    "each place": Normalized(5),
    "one scale": Normalized(1),
    "the whole image": Normalized(5, True),
    "eps under the root": Normalized(5, False, 0.5),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_plain_layers_run_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 5, 4, 6))


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_opencv_has_the_layer(model, same_everywhere, request):
    if "caffe" not in request.node.name.split("[")[1]:  # BVLC's has no Normalize
        same_everywhere(model, torch.randn(1, 5, 4, 6), dialect="opencv")


def test_it_is_one_layer_where_a_dialect_has_it():
    for name in ("ssd", "opencv"):
        assert types_of(Normalized(5), torch.ones(1, 5, 4, 6), dialect=name) == ["Normalize"]


def test_it_computes_what_it_says():
    x, scale = torch.randn(2, 3, 4, 5), torch.tensor([1.0, 2.0, 3.0])
    expected = x / (x.square().sum(1, keepdim=True) + 1e-10).sqrt() * scale[:, None, None]
    torch.testing.assert_close(ssd_normalize(x, scale), expected)
