"""SPP as files have it, in real Caffe."""

import numpy as np
import pytest

LAYER = 'layer {{ name: "s" type: "SPP" bottom: "x" top: "s" spp_param {{ {} }} }}'


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (1, 2, 13, 13), (2, 3, 7, 10), (1, 4, 16, 12), (1, 2, 9, 9)], ids=str)
@pytest.mark.parametrize("pool", ["MAX", "AVE"])
@pytest.mark.parametrize("height", [1, 2, 3])
def test_means_what_real_caffe_means(height, pool, shape, same_as_caffe):
    same_as_caffe(
        LAYER.format(f"pyramid_height: {height} pool: {pool}"), x=np.random.default_rng(0).standard_normal(shape)
    )


REFUSED = {
    "random": ("pyramid_height: 2 pool: STOCHASTIC", "random"),
    "more windows than pixels": ("pyramid_height: 4", "8 windows along 7 pixels"),
    "endless": ("pyramid_height: 4000000000", "choose a smaller pyramid_height"),
    "no height": ("", "pyramid_height"),
}


@pytest.mark.parametrize(("settings", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(settings, message, refused):
    refused(LAYER.format(settings), message, x=(1, 2, 7, 7))
