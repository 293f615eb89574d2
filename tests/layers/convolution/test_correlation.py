import numpy as np
import pytest

from tests.layers.forks import means  # noqa: F401 - a fixture

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.standard_normal((2, 2, 3, 7, 8))


def layer(settings):
    return (
        f'layer {{ name: "c" type: "Correlation" bottom: "x" bottom: "y" top: "c" correlation_param {{ {settings} }} }}'
    )


def correlated(x, y, kernel_size, max_displacement, pad=0, stride_1=1, stride_2=1, subtract=False):
    """The loops of FlowNet's correlation_layer.cu."""
    x, y = (np.pad(maps, ((0, 0), (0, 0), (pad, pad), (pad, pad))) for maps in (x, y))
    radius, border = max_displacement // stride_2, max_displacement + (kernel_size - 1) // 2
    height, width = (int(np.ceil((size - 2 * border) / stride_1)) for size in x.shape[2:])
    grid = 2 * radius + 1
    result = np.zeros((x.shape[0], grid * grid, height, width))
    for n, channel, row, column in np.ndindex(*result.shape):
        right, down = (channel % grid - radius) * stride_2, (channel // grid - radius) * stride_2
        x1, y1 = column * stride_1 + max_displacement, row * stride_1 + max_displacement
        total = 0.0
        for j, i in np.ndindex(kernel_size, kernel_size):
            first, second = x[n, :, y1 + j, x1 + i], y[n, :, y1 + down + j, x1 + right + i]
            total += abs(first - second).sum() if subtract else (first * second).sum()
        result[n, channel, row, column] = total / (kernel_size**2 * x.shape[1])
    return result


@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": 1, "max_displacement": 2, "pad": 2},  # FlowNetC's form
        {"kernel_size": 1, "max_displacement": 4, "pad": 4, "stride_2": 2},
        {"kernel_size": 3, "max_displacement": 3, "pad": 3, "stride_1": 2, "stride_2": 2},
        {"kernel_size": 3, "max_displacement": 1, "subtract": True},
    ],
)
def test_gives_what_the_forks_source_gives(settings, means):  # noqa: F811
    names = {"subtract": "correlation_type: SUBTRACT"}
    text = " ".join(names.get(name, f"{name}: {value}") for name, value in settings.items())
    means(layer(text), correlated(X, Y, **settings), x=X, y=Y, runtimes=[])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("kernel_size: 2 max_displacement: 1", "a kernel of 2"),
        ("kernel_size: 1 max_displacement: 4", "displacements up to 4 of maps"),
        ("max_displacement: 1", "kernel_size"),
        ("kernel_size: 1 max_displacement: 1 single_direction: 1", "single_direction"),
    ],
)
def test_what_is_refused(settings, message, refused):
    refused(layer(settings), message, x=X.shape, y=Y.shape)
