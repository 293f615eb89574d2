"""The windows of an axis, against PyTorch's own pooling."""

from itertools import product

import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe.layers.pooling.windows import torch_window_count, window_sizes

AXES = [axis for axis in product(range(1, 9), (1, 2, 3), (1, 2, 4), (0, 1)) if 2 * axis[3] <= axis[1] <= axis[0]]


@pytest.mark.parametrize("mode", ["FLOOR", "CEIL"])
@pytest.mark.parametrize("padded", [True, False], ids=["padding counted", "padding left out"])
def test_windows_are_as_many_and_as_full_as_pytorch_s(mode, padded):
    for size, kernel, stride, pad in AXES:
        ones = torch.ones(1, 1, size)
        means = F.avg_pool1d(ones, kernel, stride, pad, mode == "CEIL", padded)
        windows = torch_window_count(size, kernel, stride, pad, 1, mode)
        assert means.shape[2] == windows
        sizes = window_sizes(size, windows, kernel, stride, pad, padded)
        inside = window_sizes(size, windows, kernel, stride, pad, False)
        torch.testing.assert_close(means[0, 0], torch.from_numpy(inside / sizes).float())


def test_dilated_windows_are_as_many():
    for size, dilation, mode in product(range(5, 10), (1, 2), ("FLOOR", "CEIL")):
        theirs = F.max_pool1d(torch.zeros(1, 1, size), 3, 2, 1, dilation, mode == "CEIL").shape[2]
        assert torch_window_count(size, 3, 2, 1, dilation, mode) == theirs
