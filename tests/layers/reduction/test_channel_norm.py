import numpy as np

from tests.layers.forks import means  # noqa: F401 - a fixture


def test_is_the_length_of_the_vector_at_each_position(means):  # noqa: F811
    x = np.random.default_rng(0).standard_normal((1, 2, 4, 5))
    expected = np.array([[[np.linalg.norm(x[0, :, i, j]) for j in range(5)] for i in range(4)]])[None]
    means('layer { name: "n" type: "ChannelNorm" bottom: "x" top: "n" }', expected, x=x)
