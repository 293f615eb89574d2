import numpy as np

from tests.layers.forks import means  # noqa: F401 - a fixture


def test_gives_both_parts_along_the_channels(means):  # noqa: F811
    x = np.random.default_rng(0).standard_normal((1, 3, 4, 5)).astype(np.float32)
    expected = np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], 1)
    means('layer { name: "it" type: "CReLU" bottom: "x" top: "it" }', expected, x=x)
