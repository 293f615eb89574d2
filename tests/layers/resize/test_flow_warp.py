import numpy as np
import pytest

from tests.layers.forks import means  # noqa: F401 - a fixture

LAYER = 'layer { name: "w" type: "FlowWarp" bottom: "x" bottom: "flow" top: "w" }'
FILL = LAYER.replace(" }", " flow_warp_param { fill_value: NOT_A_NUMBER } }")


def warped(x, flow, outside):
    """The loops of FlowNet 2's flow_warp_layer.cpp."""
    n, c, height, width = x.shape
    result = np.full_like(x, outside)
    for i, row, column in np.ndindex(n, height, width):
        right, down = column + flow[i, 0, row, column], row + flow[i, 1, row, column]
        if right >= 0 and down >= 0 and right < width and down < height:
            left, top = int(right), int(down)
            next_column, next_row = min(left + 1, width - 1), min(top + 1, height - 1)
            a, b = right - left, down - top
            upper = (1 - a) * x[i, :, top, left] + a * x[i, :, top, next_column]
            lower = (1 - a) * x[i, :, next_row, left] + a * x[i, :, next_row, next_column]
            result[i, :, row, column] = (1 - b) * upper + b * lower
    return result


RANDOM = np.random.default_rng(0)
X, FLOW = RANDOM.standard_normal((2, 3, 5, 7)), RANDOM.uniform(-3, 3, (2, 2, 5, 7))
FLOW[0, :, 0, 0] = 0.5  # between the first four pixels
FLOW[0, :, 4, 6] = 0.75  # beyond the last pixel, by less than a pixel
FLOW[1, :, 0, 0] = -0.25


def test_gives_what_the_forks_source_gives(means):  # noqa: F811
    expected = warped(X.astype(np.float32), FLOW.astype(np.float32), 0)
    assert np.array_equal(expected[0, :, 4, 6], X[0, :, 4, 6].astype(np.float32))
    assert not expected[1, :, 0, 0].any()
    means(LAYER, expected, x=X, flow=FLOW, runtimes=[])


def test_outside_may_be_nan(tmp_path):
    import torch

    from pytorch2caffe import load_caffe, to_torch
    from tests.layers.conftest import caffe_text

    path = tmp_path / "net.prototxt"
    path.write_text(caffe_text(FILL, x=X.shape, flow=FLOW.shape))
    x, flow = (torch.tensor(array, dtype=torch.float32) for array in (X, FLOW))
    expected = torch.from_numpy(warped(x.numpy(), flow.numpy(), np.nan))
    torch.testing.assert_close(to_torch(load_caffe(path))(x, flow), expected, equal_nan=True)


@pytest.mark.parametrize("shape", [(1, 3, 5, 7), (2, 2, 5, 6)])
def test_other_flows_are_refused(shape, refused):
    refused(LAYER, "FlowWarp of shapes", x=X.shape, flow=shape)
