import numpy as np
import pytest

from tests.layers.forks import means  # noqa: F401 - a fixture

LAYER = 'layer { name: "it" type: "Axpy" bottom: "a" bottom: "x" bottom: "y" top: "it" }'


@pytest.mark.parametrize("shape", [(1, 4), (1, 4, 1, 1)])
def test_scales_channels_and_adds(shape, means):  # noqa: F811
    random = np.random.default_rng(0)
    a, x, y = (random.standard_normal(s).astype(np.float32) for s in (shape, (1, 4, 3, 5), (1, 4, 3, 5)))
    means(LAYER, a.reshape(1, 4, 1, 1) * x + y, a=a, x=x, y=y)


def test_other_shapes_are_refused(refused):
    refused(LAYER, "give it a factor per channel", a=(1, 3), x=(1, 4, 2, 2), y=(1, 4, 2, 2))
    refused(LAYER.replace('bottom: "y"', ""), "Axpy of 2 bottoms", a=(1, 4), x=(1, 4, 2, 2))
