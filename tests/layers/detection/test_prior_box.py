"""PriorBox: in OpenCV as the layer, elsewhere as constants."""

from __future__ import annotations

import pytest
import torch

from pytorch2caffe import ConversionError
from pytorch2caffe.detection import prior_box
from tests.layers.conftest import types_of

CASES = {
    "one size": {"min_sizes": [16]},
    "two sizes": {"min_sizes": [16, 30], "max_sizes": [30, 45]},
    "ratios": {"min_sizes": [16], "max_sizes": [30], "aspect_ratios": [2, 3]},
    "ratios, not flipped": {"min_sizes": [16], "aspect_ratios": [2, 0.5], "flip": False},
    "clipped": {"min_sizes": [40], "clip": True},
    "one variance": {"min_sizes": [16], "variances": [0.1]},
    "steps": {"min_sizes": [16], "step": 9.0, "offset": 0.25},
}


def boxes(settings):
    """The image takes part in the output too, so that the network has one."""
    return lambda x: prior_box(torch.nn.functional.max_pool2d(x, 8, 8), x, **settings)


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_constants_run_the_same_everywhere(settings, same_everywhere):
    same_everywhere(boxes(settings), torch.randn(1, 2, 32, 48))


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_opencv_has_the_layer(settings, same_everywhere, request):
    if "caffe" not in request.node.name.split("[")[1]:  # BVLC's has no PriorBox
        same_everywhere(boxes(settings), torch.randn(1, 2, 32, 48), dialect="opencv")


def test_it_is_one_layer_where_a_dialect_has_it():
    x = torch.zeros(1, 2, 32, 48)
    assert "PriorBox" in types_of(boxes(CASES["ratios"]), x, dialect="ssd")
    assert "PriorBox" not in types_of(boxes(CASES["ratios"]), x)
    assert "PriorBox" not in types_of(boxes({"min_sizes": [16.5]}), x, dialect="ssd")  # SSD's Caffe makes it 16


def test_a_box_in_figures():
    feature, image = torch.zeros(1, 1, 1, 2), torch.zeros(1, 3, 50, 100)
    found = prior_box(feature, image, min_sizes=[10], aspect_ratios=[4], flip=False)
    assert found.shape == (1, 2, 16)
    expected = [0.20, 0.40, 0.30, 0.60, 0.15, 0.45, 0.35, 0.55]  # about the first centre, 25 of 100 and 25 of 50
    torch.testing.assert_close(found[0, 0, :8], torch.tensor(expected))
    torch.testing.assert_close(found[0, 1, :4], torch.tensor([0.1, 0.1, 0.2, 0.2]))


def test_max_sizes_need_as_many_min_sizes():
    with pytest.raises(ConversionError, match="as many max_sizes"):
        prior_box(torch.zeros(1, 1, 1, 1), torch.zeros(1, 1, 8, 8), min_sizes=[1, 2], max_sizes=[3])
