import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

IMAGE = (2, 3, 4, 5)
CASES = {
    "no running statistics": (nn.BatchNorm2d(3, track_running_stats=False), IMAGE),
    "no running statistics, no affine": (nn.BatchNorm2d(3, track_running_stats=False, affine=False), IMAGE),
    "no running statistics, batch of one": (nn.BatchNorm2d(3, track_running_stats=False), (1, 3, 4, 5)),
    "no running statistics, 3-D": (nn.BatchNorm1d(3, track_running_stats=False), (2, 3, 5)),
    "no running statistics, 2-D": (nn.BatchNorm1d(6, track_running_stats=False), (3, 6)),
    "no running statistics, 5-D": (nn.BatchNorm3d(3, track_running_stats=False), (2, 3, 2, 3, 4)),
    "no running statistics, large eps": (nn.BatchNorm2d(3, track_running_stats=False, eps=0.3), IMAGE),
    "of the batch itself": (lambda x: F.batch_norm(x, None, None, training=True), IMAGE),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_no_statistics_of_the_batch_are_left_to_the_reader():
    """OpenCV reads a BatchNorm with use_global_stats: false as per sample, others take its zeros for the mean."""
    assert "BatchNorm" not in types_of(nn.BatchNorm2d(3, track_running_stats=False), torch.zeros(IMAGE))
