"""ONNX's Shrink."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pytorch2caffe import UnsupportedError
from tests.frontends.onnx.nets import array, computed

X = array(2, 9)


def test_soft_and_hard(tmp_path):
    x = torch.from_numpy(X)
    np.testing.assert_allclose(computed(tmp_path, "Shrink", X, bias=0.7, lambd=0.7), F.softshrink(x, 0.7), atol=1e-6)
    np.testing.assert_allclose(computed(tmp_path, "Shrink", X, lambd=0.7), F.hardshrink(x, 0.7), atol=1e-6)
    with pytest.raises(UnsupportedError, match="use a bias of 0 or of lambd"):
        computed(tmp_path, "Shrink", X, bias=0.1, lambd=0.7)
