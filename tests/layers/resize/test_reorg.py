import cv2
import numpy as np
import pytest

from tests.layers.conftest import caffe_text
from tests.layers.forks import means  # noqa: F401 - a fixture

LAYER = 'layer {{ name: "it" type: "Reorg" bottom: "x" top: "it" reorg_param {{ {} }} }}'


def darknet(x, stride, reverse=False):
    """The loop of Darknet's reorg_cpu, number by number."""
    _, c, h, w = x.shape
    flat, out = x.ravel(), np.zeros(x.size, x.dtype)
    for k in range(c):
        for j in range(h):
            for i in range(w):
                part, channel = divmod(k, c // stride**2)
                column, row = i * stride + part % stride, j * stride + part // stride
                here, there = i + w * (j + h * k), column + w * stride * (row + h * stride * channel)
                if reverse:
                    out[there] = flat[here]
                else:
                    out[here] = flat[there]
    scale = 1 / stride if not reverse else stride
    return out.reshape(1, int(c / scale**2), int(h * scale), int(w * scale))


@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("reverse", [False, True])
def test_moves_numbers_as_darknet_does(stride, reverse, means):  # noqa: F811
    x = np.arange(18 * 36 if stride == 3 else 8 * 36, dtype=np.float32).reshape(1, -1, 6, 6)
    settings = f"stride: {stride}" + (" reverse: true" if reverse else "")
    means(LAYER.format(settings), darknet(x, stride, reverse), x=x)


def test_opencv_agrees(tmp_path, means):  # noqa: F811
    x = np.random.default_rng(0).standard_normal((1, 8, 4, 6)).astype(np.float32)
    path = tmp_path / "reorg.prototxt"
    path.write_text(caffe_text(LAYER.format("stride: 2"), x=x.shape))
    net = cv2.dnn.readNetFromCaffe(str(path))
    net.setInput(x)
    means(LAYER.format("stride: 2"), net.forward(), x=x, runtimes=[])


def test_what_the_stride_does_not_divide_is_refused(refused):
    refused(LAYER.format("stride: 2"), "Reorg of .* by 2", x=(1, 4, 5, 6))
    refused(LAYER.format("stride: 2 up_down: UP"), "up_down, which no known caffe.proto has", x=(1, 4, 4, 6))
