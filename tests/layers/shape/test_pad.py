import pytest
import torch
import torch.nn.functional as F
from torch import nn

INF = float("inf")
CASES = {
    "last axis": (lambda x: F.pad(x, (1, 2)), (2, 3, 4, 5)),
    "two axes": (lambda x: F.pad(x, (1, 2, 3, 0)), (2, 3, 4, 5)),
    "every axis": (lambda x: F.pad(x, (1, 1, 0, 2, 2, 1, 1, 0)), (2, 3, 4, 5)),
    "channels only": (lambda x: F.pad(x, (0, 0, 0, 0, 0, 3)), (2, 3, 4, 5)),
    "with a constant": (lambda x: F.pad(x, (1, 2, 3, 0), value=-1.5), (2, 3, 4, 5)),
    "more than the size": (lambda x: F.pad(x, (0, 7, 9, 0), value=0.5), (2, 3, 4, 5)),
    "negative": (lambda x: F.pad(x, (-1, -2)), (2, 3, 4, 5)),
    "negative and positive": (lambda x: F.pad(x, (-1, 2, 1, -2), value=2.0), (2, 3, 4, 5)),
    "-inf, then maximum": (lambda x: F.max_pool2d(F.pad(x, (1, 1, 1, 1), value=-INF), 3, 2), (2, 3, 5, 7)),
    "inf, then minimum": (lambda x: -F.max_pool2d(-F.pad(x, (0, 1, 0, 1), value=INF), 2, 1), (2, 3, 5, 7)),
    "ZeroPad2d": (nn.ZeroPad2d((1, 0, 2, 1)), (2, 3, 4, 5)),
    "ConstantPad1d": (nn.ConstantPad1d(2, 3.5), (2, 3, 4)),
    "ConstantPad3d": (nn.ConstantPad3d(1, 0.1), (1, 2, 2, 3, 4)),
    "2-D": (lambda x: F.pad(x, (2, 1)), (2, 6)),
    "nothing": (lambda x: F.pad(x, (0, 0)) * 2, (2, 6)),
    "ReflectionPad2d": (nn.ReflectionPad2d((1, 2, 0, 3)), (2, 3, 4, 5)),
    "ReplicationPad3d": (nn.ReplicationPad3d(1), (1, 2, 2, 3, 4)),
    "CircularPad1d": (nn.CircularPad1d((2, 1)), (2, 3, 6)),
    "replicate more than the size": (nn.ReplicationPad2d((9, 0, 0, 0)), (1, 2, 3, 4)),
    "replicate, negative": (lambda x: F.pad(x, (-1, 2), mode="replicate"), (2, 3, 6)),
    "reflect in a convolution": (nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), (2, 3, 6, 8)),
    "circular in a convolution": (nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"), (2, 3, 6, 8)),
    "before a convolution": (nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, 4, 3, 2)), (2, 3, 6, 8)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize(("shape", "pads"), [((2, 3, 6), (2, 1)), ((2, 3, 4, 5), (1, 2, 0, 3))], ids=["3-D", "4-D"])
def test_other_modes_run_the_same_everywhere(mode, shape, pads, same_everywhere):
    same_everywhere(lambda x: F.pad(x, pads, mode=mode), torch.randn(shape))
