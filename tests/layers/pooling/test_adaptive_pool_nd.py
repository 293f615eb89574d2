import pytest
import torch
from torch import nn

ROW, VOLUME = (2, 3, 11), (2, 3, 5, 6, 7)
CASES = {
    "adaptive average 1-D": (nn.AdaptiveAvgPool1d(4), ROW),
    "adaptive average 1-D to 1": (nn.AdaptiveAvgPool1d(1), ROW),
    "adaptive maximum 1-D": (nn.AdaptiveMaxPool1d(3), ROW),
    "adaptive average 3-D": (nn.AdaptiveAvgPool3d((2, 3, 4)), VOLUME),
    "adaptive average 3-D to 1": (nn.AdaptiveAvgPool3d(1), VOLUME),
    "adaptive average 3-D, sides kept": (nn.AdaptiveAvgPool3d((None, 1, 1)), VOLUME),
    "adaptive average 1-D to more": (nn.AdaptiveAvgPool1d(22), ROW),
    "adaptive maximum 1-D of one to more": (nn.AdaptiveMaxPool1d(3), (2, 3, 1)),
    "adaptive average 3-D to more": (nn.AdaptiveAvgPool3d((7, 12, 3)), VOLUME),
    "adaptive average 3-D of one to more": (nn.AdaptiveAvgPool3d(2), (2, 3, 1, 1, 1)),
    "adaptive maximum 3-D": (nn.AdaptiveMaxPool3d((2, 3, 4)), VOLUME),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
