import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import lacks

VOLUMES = "deconvolves over two axes only, and reports so"
TRANSPOSED = {
    "2x2 stride 2": nn.ConvTranspose2d(4, 6, 2, 2),
    "3x3": nn.ConvTranspose2d(4, 6, 3),
    "no bias": nn.ConvTranspose2d(4, 6, 3, 2, bias=False),
    "stride and padding": nn.ConvTranspose2d(4, 6, 4, 2, 1),
    "groups": nn.ConvTranspose2d(4, 6, 3, 2, groups=2),
    "depthwise": nn.ConvTranspose2d(4, 4, 3, 2, groups=4, bias=False),
    "dilation": nn.ConvTranspose2d(4, 6, 3, dilation=2),
    "dilation, rectangular": nn.ConvTranspose2d(4, 6, 3, dilation=(1, 3)),
    "output padding": nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1),
    "output padding, no bias": nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1, bias=False),
    "output padding of two": nn.ConvTranspose2d(4, 6, 3, 3, 0, output_padding=2),
    "output padding, one axis": nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=(0, 1)),
    "output padding and dilation": nn.ConvTranspose2d(4, 6, 3, 3, 1, output_padding=1, dilation=2),
    "output padding beyond the dilation": nn.ConvTranspose2d(4, 6, 2, 4, 1, output_padding=3, dilation=2),
    "output padding and groups": nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1, groups=2),
    "rectangular everything": nn.ConvTranspose2d(4, 6, (3, 2), (2, 3), (1, 0), (1, 2), dilation=(1, 2)),
    "without a batch": lambda x: F.conv_transpose2d(x[0], torch.ones(4, 2, 3, 3)),
}


@pytest.mark.parametrize("model", TRANSPOSED.values(), ids=TRANSPOSED)
@pytest.mark.parametrize("shape", [(2, 4, 5, 6), (1, 4, 6, 4)], ids=str)
def test_conv_transpose2d_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


OTHER_RANKS = {
    "1-D": (nn.ConvTranspose1d(4, 6, 3, 2), (2, 4, 7)),
    "1-D, everything": (nn.ConvTranspose1d(4, 6, 3, 3, 1, 2, 2, dilation=2), (2, 4, 7)),
    "1-D, no bias": (nn.ConvTranspose1d(4, 6, 4, 2, 1, bias=False), (2, 4, 7)),
    "1-D without a batch": (nn.ConvTranspose1d(4, 6, 3), (4, 7)),
    "3-D": lacks(nn.ConvTranspose3d(2, 3, 2, 2), (1, 2, 3, 4, 5), opencv=VOLUMES),
    "3-D, everything": lacks(
        nn.ConvTranspose3d(2, 4, 3, 2, 1, 1, 2, dilation=(1, 2, 1)), (1, 2, 3, 4, 5), opencv=VOLUMES
    ),
}


@pytest.mark.parametrize(("model", "shape"), OTHER_RANKS.values(), ids=OTHER_RANKS)
def test_transposed_over_one_and_three_axes(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
