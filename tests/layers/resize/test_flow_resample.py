import numpy as np
import pytest
from torch import from_numpy
from torch.nn import functional as F

from tests.layers.forks import means  # noqa: F401 - a fixture

X = np.random.default_rng(0).standard_normal((1, 2, 6, 8)).astype(np.float32)


def layer(height, width, settings=""):
    size = f"height: {height} width: {width}"
    return f'layer {{ name: "r" type: "Resample" bottom: "x" top: "r" resample_param {{ {size} {settings} }} }}'


def cubic(x):
    x = abs(x)
    if x <= 1:
        return x * x * (1.5 * x - 2.5) + 1
    return x * (x * (-0.5 * x + 2.5) - 4) + 2 if x < 2 else 0.0


def resampled(x, height, width, mode="LINEAR", antialias=True):
    """The loops of FlowNet 2's resample_layer.cu, pixel by pixel in two dimensions."""
    fy, fx = x.shape[2] / height, x.shape[3] / width
    antialias = antialias and (fx > 1 or fy > 1)
    result = np.zeros((*x.shape[:2], height, width))
    for row, column in np.ndindex(height, width):
        at_x, at_y = column * fx + fy / 2 - 0.5, row * fy + fx / 2 - 0.5
        near_x, near_y = int(np.floor(at_x + 0.5)), int(np.floor(at_y + 0.5))
        if mode == "NEAREST":
            result[:, :, row, column] = x[:, :, near_y, near_x]
            continue
        kernel = cubic if mode == "CUBIC" else lambda d: max(0.0, 1 - abs(d))
        extent = 4 if mode == "CUBIC" else 2
        ax, ay = (1 / fx, 1 / fy) if antialias else (1.0, 1.0)
        rx, ry = (2 if f < 1 else int(np.ceil(extent / a)) for f, a in ((fx, ax), (fy, ay)))
        total = 0.0
        for y in range(max(near_y - ry, 0), min(near_y + ry + 1, x.shape[2])):
            for z in range(max(near_x - rx, 0), min(near_x + rx + 1, x.shape[3])):
                weight = ax * kernel(ax * (at_x - z)) * ay * kernel(ay * (at_y - y))
                result[:, :, row, column] += weight * x[:, :, y, z]
                total += weight
        result[:, :, row, column] /= total or 1
    return result


@pytest.mark.parametrize(
    ("size", "mode", "antialias"),
    [
        ((12, 16), "LINEAR", True),
        ((3, 4), "LINEAR", True),
        ((3, 4), "LINEAR", False),
        ((4, 5), "CUBIC", True),
        ((9, 12), "CUBIC", False),
        ((4, 16), "LINEAR", True),
        ((3, 4), "NEAREST", True),
        ((12, 16), "NEAREST", True),
    ],
)
def test_gives_what_the_forks_source_gives(size, mode, antialias, means):  # noqa: F811
    settings = f"type: {mode} antialias: {str(antialias).lower()}"
    means(layer(*size, settings), resampled(X, *size, mode, antialias), x=X)


def test_twice_the_size_is_torchs_interpolation(means):  # noqa: F811
    expected = F.interpolate(from_numpy(X), scale_factor=2, mode="bilinear").numpy()
    means(layer(12, 16), expected, x=X, runtimes=[])


def test_the_size_of_a_second_bottom(means):  # noqa: F811
    text = 'layer { name: "r" type: "Resample" bottom: "x" bottom: "y" top: "r" }'
    means(text, resampled(X, 9, 12), x=X, y=np.zeros((1, 1, 9, 12)), runtimes=[])


@pytest.mark.parametrize(
    ("size", "settings", "message"),
    [
        ((3, 4), "type: AREA", "by AREA"),
        ((0, 4), "", r"to \[0, 4\]"),
        ((6, 1), "type: NEAREST", "reads beyond the map"),
    ],
)
def test_what_is_refused(size, settings, message, refused):
    refused(layer(*size, settings), message, x=X.shape)
