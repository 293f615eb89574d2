"""Deconvolutions that only copy numbers."""

from __future__ import annotations

import numpy as np
import pytest

from pytorch2caffe.layers.convolution.deconvolution import Deconvolution
from pytorch2caffe.passes.join_upsamplings import join_upsamplings
from tests.passes.graphs import Net, applied, types

ONES = np.ones((4, 1, 2, 3), np.float32)
SHUFFLE = np.eye(4, dtype=np.float32).reshape(4, 1, 2, 2)
COPY = Deconvolution(4, (2, 3), (2, 3), group=4, bias_term=False)


@pytest.mark.parametrize(
    ("layer", "weight", "expected"),
    [
        (COPY, ONES, "Interpolate"),
        (Deconvolution(1, (2, 2), (2, 2), bias_term=False), SHUFFLE, "PixelShuffle"),
        (COPY, 2 * ONES, "Deconvolution"),
        (Deconvolution(1, (2, 2), (2, 2), bias_term=False), SHUFFLE[::-1], "Deconvolution"),
        (Deconvolution(4, (2, 3), (1, 3), group=4, bias_term=False), ONES, "Deconvolution"),
        (Deconvolution(1, (2, 2), (2, 2), bias_term=False), np.ones((4, 1, 2, 2), np.float32), "Deconvolution"),
    ],
)
def test_joined(layer: Deconvolution, weight: np.ndarray, expected: str) -> None:
    net = Net(2, 4, 3, 3)
    graph = net.done(net.add(layer, net.x, blobs=[np.ascontiguousarray(weight)]))
    assert types(applied(join_upsamplings, graph)) == [expected]
