"""The reference of a comparison with an ONNX model."""

from __future__ import annotations

import numpy as np

from pytorch2caffe import load_onnx
from pytorch2caffe.verify.onnx_model import reference_of
from tests.frontends.onnx.nets import array, node, write


def test_the_second_look_has_every_value_in_float64(tmp_path):
    x = array(1, 3, 8, 8)
    nodes = [node("Conv", "x w b", "conv"), node("Relu", "conv", "y")]
    path = write(tmp_path / "net.onnx", nodes, constants={"w": array(4, 3, 3, 3), "b": array(4)})
    reference = reference_of(load_onnx(path), [x], {})
    assert {a.dtype for a in reference.in_float64().values()} == {np.dtype(np.float64)}
    assert {a.dtype for a in reference.values.values()} == {np.dtype(np.float32)}
