import numpy as np
import pytest

from tests.layers.forks import means  # noqa: F401 - a fixture

POOL = """layer { name: "pool" type: "Pooling" bottom: "x" top: "pool" top: "mask"
    pooling_param { kernel_size: 2 stride: 2 } }"""
UP = 'layer {{ name: "up" type: "Upsample" bottom: "y" bottom: "mask" top: "up" upsample_param {{ {} }} }}'


def pooled(x):
    """The maxima of windows of 2 x 2, and their positions, as BVLC Caffe's pooling_layer.cpp finds them."""
    n, c, h, w = x.shape
    maxima, positions = np.zeros((2, n, c, -(-h // 2), -(-w // 2)), np.float32)
    for index in np.ndindex(maxima.shape):
        rows, columns = (range(2 * k, min(2 * k + 2, size)) for k, size in zip(index[2:], (h, w), strict=True))
        best = max((x[index[:2]][r, c], -(r * w + c)) for r in rows for c in columns)
        maxima[index], positions[index] = best[0], -best[1]
    return maxima, positions


def unpooled(y, positions, height, width):
    """As upsample_layer.cpp of caffe-segnet: each number at its position, 0 elsewhere."""
    out = np.zeros((*y.shape[:2], height * width), np.float32)
    for n, c in np.ndindex(y.shape[:2]):
        out[n, c, positions[n, c].ravel().astype(int)] = y[n, c].ravel()
    return out.reshape(*y.shape[:2], height, width)


@pytest.mark.parametrize(
    ("size", "settings"),
    [
        ((4, 6), "scale: 2"),
        ((4, 6), "scale_h: 2 scale_w: 2"),
        ((5, 6), "scale: 2 pad_out_h: true"),
        ((5, 7), "scale: 2 upsample_h: 5 upsample_w: 7"),
    ],
)
def test_segnets_pair(size, settings, means):  # noqa: F811
    random = np.random.default_rng(0)
    x = random.standard_normal((1, 3, *size)).astype(np.float32)
    maxima, positions = pooled(x)
    y = random.standard_normal(maxima.shape).astype(np.float32)
    silence = 'layer { name: "s" type: "Silence" bottom: "pool" }'
    runtimes = ("caffe", "opencv", "ncnn") if size == (4, 6) else ()
    means(POOL + UP.format(settings) + silence, unpooled(y, positions, *size), x=x, y=y, runtimes=runtimes)


def test_positions_are_those_of_real_caffe(real_caffe, means):  # noqa: F811
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 7)).astype(np.float32)
    text = 'input: "x" input_shape { dim: 2 dim: 3 dim: 5 dim: 7 } ' + POOL
    tops = real_caffe.worker.run(text, real_caffe.worker.weights(text), {"x": x})
    means(POOL, tops["pool", "pool"], tops["pool", "mask"], x=x, runtimes=[])
    np.testing.assert_array_equal(tops["pool", "mask"], pooled(x)[1])


def test_what_is_refused(refused):
    refused(POOL.replace("pooling_param {", "pooling_param { pool: AVE"), "average or global", x=(1, 3, 4, 6))
    refused(UP.format("scale: 2"), "by positions of", y=(1, 3, 2, 2), mask=(1, 3, 2, 3))
