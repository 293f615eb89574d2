"""ONNX's reductions, over axes that are an attribute or an input."""

from __future__ import annotations

import numpy as np
import pytest

from tests.frontends.onnx.nets import array, computed

X = abs(array(2, 3, 4)) + 0.1
REDUCTIONS = {
    "ReduceMean": np.mean,
    "ReduceSum": np.sum,
    "ReduceMax": np.max,
    "ReduceMin": np.min,
    "ReduceProd": np.prod,
    "ReduceL1": lambda x, *a, **k: np.sum(abs(x), *a, **k),
    "ReduceL2": lambda x, *a, **k: np.sqrt(np.sum(x * x, *a, **k)),
    "ReduceSumSquare": lambda x, *a, **k: np.sum(x * x, *a, **k),
    "ReduceLogSum": lambda x, *a, **k: np.log(np.sum(x, *a, **k)),
    "ReduceLogSumExp": lambda x, *a, **k: np.log(np.sum(np.exp(x), *a, **k)),
}


@pytest.mark.parametrize("op", REDUCTIONS)
def test_over_axes(tmp_path, op):
    function = REDUCTIONS[op]
    actual = computed(tmp_path, op, X, 18, axes=np.array([0, -1]), keepdims=0)
    np.testing.assert_allclose(actual, function(X, (0, 2)), rtol=1e-4)
    old = computed(tmp_path, op, X, 11, **{"axes": [1]})
    np.testing.assert_allclose(old, function(X, 1, keepdims=True), rtol=1e-4)
    none = computed(tmp_path, op, X, 18, noop_with_empty_axes=1)
    np.testing.assert_allclose(none, function(X[None], (0,)), rtol=1e-4)
