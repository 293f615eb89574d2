import numpy as np
import pytest

from pytorch2caffe.layers.elementwise.scale import Scale
from pytorch2caffe.layers.normalization.affine_norm import AffineNorm, affine
from pytorch2caffe.layers.normalization.group_norm import GroupNorm
from pytorch2caffe.layers.normalization.instance_norm import InstanceNorm
from pytorch2caffe.layers.normalization.layer_norm import LayerNorm
from pytorch2caffe.layers.normalization.mvn import MVN
from pytorch2caffe.layers.normalization.rms_norm import RMSNorm

CASES = {
    "LayerNorm": (LayerNorm(2), Scale(2, 1, True), True),
    "LayerNorm, another axis": (LayerNorm(2), Scale(1, 1, True), False),
    "RMSNorm": (RMSNorm(2), Scale(2, 1, False), True),
    "RMSNorm and a bias": (RMSNorm(2), Scale(2, 1, True), False),
    "GroupNorm": (GroupNorm(2), Scale(1, 1, True), True),
    "GroupNorm, another axis": (GroupNorm(2), Scale(2, 1, True), False),
    "InstanceNorm": (InstanceNorm(), Scale(1, 1, True), True),
    "MVN": (MVN(), Scale(1, 1, True), False),
}


@pytest.mark.parametrize(("norm", "scale", "joined"), CASES.values(), ids=CASES)
def test_joins_a_normalization_and_a_scale_along_the_same_axes(norm, scale, joined):
    assert affine(norm, scale) == (AffineNorm(norm, scale) if joined else None)


def test_ncnn_gets_a_bias_of_zeros_where_the_scale_has_none():
    made = AffineNorm(LayerNorm(2), Scale(2)).to_ncnn([(1, 5, 6)], [np.ones(6, np.float32)])
    assert made.params[2] == 1
    assert [array.tolist() for array in made.weights] == [[1.0] * 6, [0.0] * 6]
