import numpy as np
import pytest

from tests.layers.forks import means  # noqa: F401 - a fixture

LAYER = 'layer {{ name: "it" type: "BN" bottom: "x" top: "x" bn_param {{ {} }} }}'


def arrays(*shapes):
    random = np.random.default_rng(0)
    return [random.uniform(0.5, 2, shape).astype(np.float32) for shape in shapes]


def test_segnet_folds_its_statistics(means):  # noqa: F811
    x, scale, shift = arrays((1, 3, 4, 5), (1, 3, 1, 1), (1, 3, 1, 1))
    settings = 'bn_mode: INFERENCE scale_filler { type: "constant" value: 1 } shift_filler { value: 0.001 }'
    means(LAYER.format(settings), x * scale + shift, x=x, weights={"it": [scale, shift]})


def test_pspnet_has_statistics(means):  # noqa: F811
    x, slope, bias, mean, variance = arrays((1, 3, 4, 5), *[(1, 3)] * 4)
    expected = (x - mean[:, :, None, None]) / np.sqrt(variance[:, :, None, None] + 0.01)
    expected = expected * slope[:, :, None, None] + bias[:, :, None, None]
    settings = "slope_filler { value: 1 } bias_filler { value: 0 } frozen: true momentum: 0.95 eps: 0.01"
    means(LAYER.format(settings), expected, x=x, weights={"it": [slope, bias, mean, variance]})


def test_statistics_of_the_batch_are_refused(means):  # noqa: F811
    with pytest.raises(Exception, match=r"without bn_mode: INFERENCE .*\n.*compute_bn_statistics"):
        means(LAYER.format("bn_mode: LEARN"), x=np.zeros((1, 3, 2, 2)), weights={"it": [np.zeros(3), np.zeros(3)]})
