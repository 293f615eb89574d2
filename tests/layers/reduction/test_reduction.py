"""Reduction as files have it, in real Caffe."""

import numpy as np
import pytest

LAYER = 'layer {{ name: "r" type: "Reduction" bottom: "x" top: "r" reduction_param {{ {} }} }}'
CASES = ["", "axis: 1", "axis: -1", "axis: 2 coeff: 0.25", "coeff: -3"]


@pytest.mark.parametrize("settings", CASES)
@pytest.mark.parametrize("operation", ["SUM", "ASUM", "SUMSQ", "MEAN"])
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (4, 6, 3)], ids=str)
def test_means_what_real_caffe_means(shape, operation, settings, same_as_caffe):
    x = np.random.default_rng(0).standard_normal(shape) + 0.5
    same_as_caffe(LAYER.format(f"operation: {operation} {settings}"), x=x)


@pytest.mark.parametrize("operation", ["SUM", "ASUM", "SUMSQ", "MEAN"])
def test_is_said_in_plain_layers_for_readers_that_lack_it(operation, tmp_path, real_caffe):
    from pytorch2caffe import load_caffe, save_caffe
    from tests.layers.conftest import caffe_text, relative_l2

    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    files[0].write_text(caffe_text(LAYER.format(f"operation: {operation} axis: 1 coeff: 2"), x=(2, 3, 4, 5)))
    files[1].write_bytes(b"")
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32)
    (expected,) = [a for (_, top), a in real_caffe.run(*files, {"x": x}).items() if top == "r"]
    lowered = save_caffe(load_caffe(files[0]), *files)
    assert "Reduction" not in {node.layer.type for node in lowered.nodes}
    (actual,) = [a for (_, top), a in real_caffe.run(*files, {"x": x}).items() if top == "r"]
    assert relative_l2(actual, expected) < 1e-5
