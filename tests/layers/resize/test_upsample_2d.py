"""aten.upsample_* as exported programs call them, and the IR's UpSampling2D."""

import pytest
import torch

from tests.frontends.mmdnn.test_operators import array, check

ATEN = torch.ops.aten
CASES = {
    "nearest to a size": lambda x: ATEN.upsample_nearest2d(x, [6, 9], None),
    "nearest by factors": lambda x: ATEN.upsample_nearest2d(x, None, [2.0, 3.0]),
    "bilinear to a size": lambda x: ATEN.upsample_bilinear2d(x, [5, 6], False, None),
    "bilinear, corners aligned": lambda x: ATEN.upsample_bilinear2d(x, [5, 6], True, None),
    "bicubic by factors": lambda x: ATEN.upsample_bicubic2d(x, None, False, [2.0, 2.0]),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(1, 2, 3, 3))


@pytest.mark.parametrize("scales", [[2, 3], [1, 2, 3, 1]], ids=str)
def test_up_sampling_of_the_ir(scales):
    x = array(2, 3, 4, 5)
    check("UpSampling2D", [x], {"scales": scales}, x.repeat(2, 1).repeat(3, 2))
