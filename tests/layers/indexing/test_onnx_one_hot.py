"""ONNX's OneHot."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto

from pytorch2caffe import UnsupportedError, load_onnx
from tests.frontends.onnx.nets import node, outputs, write


def test_a_row_for_each_index(tmp_path):
    constants = {"depth": np.array(4), "values": np.array([-1, 5], np.float32)}
    each = node("OneHot", "x depth values", "y", axis=1)
    x = np.array([[0, 3, 2]], np.float32)
    path = write(tmp_path / "net.onnx", [each], (1, 3), constants=constants, kind=TensorProto.UINT8)
    expected = np.where(np.eye(4)[[0, 3, 2]] > 0, 5, -1)[None].transpose(0, 2, 1)
    np.testing.assert_array_equal(outputs(load_onnx(path), x)[0], expected)


def test_indices_that_may_be_negative(tmp_path):
    constants = {"depth": np.array(4), "values": np.array([0, 1], np.float32)}
    path = write(
        tmp_path / "net.onnx",
        [node("OneHot", "x depth values", "y")],
        (1, 3),
        constants=constants,
        kind=TensorProto.INT64,
    )
    with pytest.raises(UnsupportedError, match="may be negative"):
        load_onnx(path)
