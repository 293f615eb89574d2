"""IsNaN after the Softmax of attention."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pytorch2caffe import UnsupportedError, load_onnx
from tests.frontends.onnx.nets import array, node, outputs, types, write

NODES = [
    node("Add", "x mask", "scores"),
    node("Softmax", "scores", "p"),
    node("IsNaN", "p", "nan"),
    node("Where", "nan zero p", "y"),
]


def constants(mask):
    return {"mask": np.where(mask, 0, -np.inf).astype(np.float32), "zero": np.float32(0)}


def test_a_softmax_without_empty_rows_is_not_nan(tmp_path):
    path = write(tmp_path / "net.onnx", NODES, (1, 2, 4, 4), constants=constants(np.tri(4)))
    graph = load_onnx(path)
    assert types(graph) == ["Bias", "Softmax"]
    x = array(1, 2, 4, 4)
    expected = torch.from_numpy(x).masked_fill(torch.ones(4, 4).triu(1) > 0, -torch.inf).softmax(-1)
    np.testing.assert_allclose(outputs(graph, x)[0], expected, rtol=1e-5)


def test_a_softmax_that_may_be_nan_is_refused(tmp_path):
    path = write(tmp_path / "net.onnx", NODES, (1, 2, 4, 4), constants=constants(np.tri(4, k=-1)))
    with pytest.raises(UnsupportedError, match="IsNaN of numbers that are not known to be finite"):
        load_onnx(path)
