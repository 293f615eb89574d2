"""BatchReindex as files have it, in real Caffe."""

import numpy as np
import pytest

LAYER = 'layer { name: "b" type: "BatchReindex" bottom: "x" bottom: "places" top: "b" }'


@pytest.mark.parametrize("places", [[0, 1, 2], [2, 2, 0, 1, 2], [1]], ids=str)
@pytest.mark.parametrize("shape", [(3, 4), (3, 2, 5, 2)], ids=str)
def test_means_what_real_caffe_means(shape, places, same_as_caffe):
    same_as_caffe(LAYER, x=np.random.default_rng(0).standard_normal(shape), places=places)
